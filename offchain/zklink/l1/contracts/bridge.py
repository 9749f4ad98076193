"""One bridge, typed: the way to a chain's other contracts, and the requests that its doors have taken.

Takes a chain's client and the bridge's address. Never decides what to send and when: sequencer, broker and their like
do.
"""

from functools import cached_property

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge_events import RequestEvent
from zklink.l1.contracts.doors import DoorsClient
from zklink.l1.contracts.ends import EndClient, MemberEndClient, PrimaryEndClient
from zklink.l1.contracts.event_codec import REQUEST_EVENTS
from zklink.l1.contracts.exodus import ExodusClient
from zklink.l1.contracts.groups import GroupsClient
from zklink.l1.contracts.histories import HistoryClient, MemberHistoryClient, PrimaryHistoryClient


class BridgeClient(DoorsClient):
    """A bridge on one chain, with the clients of the chain's other contracts, which it asks for their addresses once.

    A role's own calls need a client of that role: `primary_history` on the primary, `member_history` on a member.
    """

    @cached_property
    def history(self) -> HistoryClient:
        """The chain's history, with what both roles have."""
        return self.primary_history if self.is_primary() else self.member_history

    @cached_property
    def primary_history(self) -> PrimaryHistoryClient:
        """The history of a primary."""
        return PrimaryHistoryClient(self.client, self._parts.history)

    @cached_property
    def member_history(self) -> MemberHistoryClient:
        """The history of a member."""
        return MemberHistoryClient(self.client, self._parts.history)

    @cached_property
    def end(self) -> EndClient:
        """The chain's end, with what both roles have."""
        return self.primary_end if self.is_primary() else self.member_end

    @cached_property
    def primary_end(self) -> PrimaryEndClient:
        """The end of a primary."""
        return PrimaryEndClient(self.client, self._parts.end)

    @cached_property
    def member_end(self) -> MemberEndClient:
        """The end of a member."""
        return MemberEndClient(self.client, self._parts.end)

    @cached_property
    def groups(self) -> GroupsClient:
        """The groups as this chain knows them."""
        return GroupsClient(self.client, self.end.groups())

    @cached_property
    def exodus(self) -> ExodusClient:
        """The contract that anyone may use once the chain has ended."""
        return ExodusClient(self.client, self._parts.exodus)

    def requests(self, from_block: int, to_block: int) -> list[RequestEvent]:
        """The requests of both lanes queued in a range of blocks, in order, as the node shows them."""
        found = self.events_named(REQUEST_EVENTS, from_block, to_block)
        return [event for event in found if isinstance(event, REQUEST_EVENTS)]


def bridge_artifact() -> ContractArtifact:
    """The compiled bridge."""
    return load_contract("Bridge")
