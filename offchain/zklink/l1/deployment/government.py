"""Government of a deployment: one act is proposed, executed, taken back or done at once on all of its chains.

Takes a deployment, a client per chain and acts (`acts.py`); sends as whoever is given. Never sends an act whose chains
would not agree.
"""

from collections.abc import Mapping, Sequence

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.governance_events import Proposed
from zklink.l1.contracts.timelock import Proposal, TimelockClient, Waiting
from zklink.l1.deployment.acts import Act, Acts
from zklink.l1.deployment.agreement import check_alike, check_apart, read_statements
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId

NO_SALT = bytes(32)


class Government:
    """The timelocks of all chains. Reads raise CallReverted and RpcUnavailable, acts ActsDisagree before anything is
    sent, and the errors of `ChainClient.send`: after one of those an act is done on some chains only, and the same call
    with `chains` goes on with the others.
    """

    def __init__(self, deployment: Deployment, clients: Mapping[ChainId, ChainClient]) -> None:
        self.clients = {k: clients[k] for k in sorted(deployment.chains)}
        self.timelocks = {
            k: TimelockClient(client, deployment.chains[k].timelock) for k, client in self.clients.items()
        }
        self.bridges = deployment.bridges(self.clients)
        self.acts = Acts(self.bridges, self.timelocks, deployment.places)

    def check(self, act: Act) -> None:
        """Raise ActsDisagree for an act that would leave the chains with different meanings, members or owners,
        OwnerInGroup for one after which an owner is in a group.
        """
        calls = {k: [call.data for call in each] for k, each in act.calls.items()}
        check_alike(calls, tuple(self.timelocks))
        for k in (k for k in calls if read_statements(calls[k])):
            lock = self.timelocks[k]
            check_apart(calls[k], (lock.owner(), lock.coming_owner()), self._list_members(k))

    def check_heir(self, chain: ChainId, heir: str) -> None:
        """Raise OwnerInGroup if whoever is to own a chain's timelock is in a group there, now or soon."""
        check_apart([self.timelocks[chain].encode("set_owner", heir).data], (), self._list_members(chain))

    def try_act(self, act: Act) -> dict[ChainId, str]:
        """The reasons for which calls of an act would be refused now, by chain; a wait of 55 days is not worth an act
        that cannot work.
        """
        refusals = {}
        for k, calls in act.calls.items():
            for call in calls:
                try:
                    self.clients[k].call(str(call.to), call.data, call.label, self.timelocks[k].address)
                except CallReverted as error:
                    refusals[k] = error.reason or call.label
        return refusals

    def propose(
        self, owner: LocalAccount, act: Act, salt: bytes = NO_SALT, chains: Sequence[ChainId] | None = None
    ) -> None:
        """Propose an act: anybody can execute it GROUP_DELAY_SECONDS later."""
        self.check(act)
        for k in self._chains(act, chains):
            self.timelocks[k].propose(owner, Proposal(act.calls[k], salt))

    def execute(
        self, account: LocalAccount, act: Act, salt: bytes = NO_SALT, chains: Sequence[ChainId] | None = None
    ) -> None:
        """Carry out an act that has waited."""
        self.check(act)
        for k in self._chains(act, chains):
            self.timelocks[k].execute(account, Proposal(act.calls[k], salt))

    def cancel(
        self, owner: LocalAccount, act: Act, salt: bytes = NO_SALT, chains: Sequence[ChainId] | None = None
    ) -> None:
        """Take an act back."""
        for k in self._chains(act, chains):
            timelock = self.timelocks[k]
            timelock.cancel(owner, timelock.compute_id(Proposal(act.calls[k], salt)))

    def act_at_once(self, owner: LocalAccount, act: Act, chains: Sequence[ChainId] | None = None) -> None:
        """Do what is swift."""
        self.check(act)
        for k in self._chains(act, chains):
            for call in act.calls[k]:
                self.timelocks[k].act(owner, call)

    def waiting(self, act: Act, salt: bytes = NO_SALT) -> dict[ChainId, Waiting | None]:
        """Since when an act waits, by chain."""
        return {
            k: self.timelocks[k].waiting(self.timelocks[k].compute_id(Proposal(calls, salt)))
            for k, calls in act.calls.items()
        }

    def check_proposals(self, proposals: Mapping[ChainId, Proposed]) -> None:
        """Raise ActsDisagree unless the proposals of all chains, as their logs have them, say the same."""
        check_alike({k: [call.data for call in said.calls] for k, said in proposals.items()}, tuple(self.timelocks))

    def _list_members(self, chain: ChainId) -> list[tuple[Group, Sequence[str]]]:
        """Who is in the groups of a chain, and who is announced."""
        groups = self.bridges[chain].groups
        known: list[tuple[Group, Sequence[str]]] = [(group, groups.members(group).members) for group in Group]
        coming = groups.coming()
        return known if coming is None else [*known, (coming.group, coming.signers.members)]

    def _chains(self, act: Act, chains: Sequence[ChainId] | None) -> list[ChainId]:
        return [k for k in act.calls if chains is None or k in chains]
