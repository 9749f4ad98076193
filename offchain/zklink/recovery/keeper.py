"""A keeper does what anybody may, so that nothing that is due waits for somebody: it pays what blocks still owe, brings
members what they lack, calls and confirms freezes, and brings chains to their end when they have ended. It pushes what
bridges owe to single owners, and sends earned fees to their recipient, when nothing else is due. And it watches
for false ENDs: it asks the group that can object to look, and shows an ACC that contradicts one.

Takes what is read of all chains and an account that pays gas; each round sends one transaction per chain at most, and
says what it did. Never signs for a group, and never decides whether an END is true: signers do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import EndWord
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import CallReverted, ZkLinkError
from zklink.protocol.facts import EndDenial, Group
from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.debts import Debts
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.outcome import Done, Outcome, Waiting

Say = Callable[[str], None]


@dataclass
class Keeper:
    """Keeps the chains of a deployment; freezes what is due only if it `may_freeze`, and brings single owners what they
    could take themselves only while it `may_push` on that chain. `left` is why it sent nothing to a chain in the last
    round.
    """

    read: ChainsRead
    account: LocalAccount
    may_freeze: bool = True
    may_push: Callable[[ChainId], bool] = lambda chain: True
    left: dict[ChainId, str] = field(default_factory=dict)
    said: dict[ChainId, str] = field(default_factory=dict)
    debts: dict[ChainId, Debts] = field(default_factory=dict)

    def round(self, say: Say) -> bool:
        """Look at every chain once; whether anything was sent. What goes wrong on one chain is said, once, and does not
        hold up the others.
        """
        is_busy = False
        for chain, bridge in self.read.bridges.items():
            try:
                outcome = self.look(chain)
            except ZkLinkError as error:
                text = self.left[chain] = redact(str(error))
                if self.said.get(chain) != text:
                    say(f"{bridge.client.profile.name}: {text}")
                self.said[chain] = text
                continue
            self.left[chain] = outcome.why if isinstance(outcome, Waiting) else ""
            if isinstance(outcome, Done):
                say(f"{bridge.client.profile.name}: {outcome.what}")
                is_busy = True
        return is_busy

    def look(self, chain: ChainId) -> Outcome:
        """Send the next transaction that is due on a chain. Raises what `ExodusDriver.advance` does."""
        denied = None if chain == self.read.deployment.primary else deny_end(self.read, chain, self.account)
        outcome = denied or ExodusDriver(self.read, self.account, self.may_freeze).advance(chain)
        return outcome if isinstance(outcome, Done) else self._pay(chain) or outcome

    def _pay(self, chain: ChainId) -> Done | None:
        if not self.may_push(chain):
            return None
        if chain not in self.debts:
            self.debts[chain] = Debts(self.read.bridges[chain], self.read.deployment.chains[chain].from_block)
        debts = self.debts[chain]
        return debts.push_next(self.account) or debts.collect(self.account)


def deny_end(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Done | None:
    """Bring the denial of an END that waits on a member, if the group that can object calls it false. None if none
    waits, if it is denied already, or if that group does not object.
    """
    end = read.bridges[chain].member_end
    state = end.end_state()
    group = {
        EndWord.WATCHERS: Group.VALIDATORS,
        EndWord.VALIDATORS_AND_GOVERNOR: Group.WATCHERS,
    }.get(state.word)
    if group is None or state.stands or state.denied_by_validators:
        return None
    fact = EndDenial(chain, state.number, state.sync_hash, state.round)
    evidence = read.groups.find_denial(read.history(), fact, group, read.judge(chain))
    if evidence is None:
        return None
    try:
        end.deny_end(account, evidence)
    except CallReverted:
        if end.end_state() == state:
            raise
        return None  # somebody else was faster
    return Done(f"END at block {state.number} denied by the {group.name.lower()}: {_consequence(group)}")


def _consequence(group: Group) -> str:
    if group is Group.WATCHERS:
        return "it fell"
    return "14 days more, in which the governor may void it"
