"""What anybody can read of a deployment: the primary's history, the queues of all chains, what each chain still owes,
and the words of groups that stand in calldata.

Takes a bridge of each chain and whoever can be asked for the groups' words. Never sends anything.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final, Protocol

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import BlocksImported, BridgeEvent, RequestEvent
from zklink.l1.contracts.bridge_structs import EndState
from zklink.l1.deployment.records import Deployment
from zklink.l1.published.import_calldata import decode_import_evidence
from zklink.l1.tallies import HistoryTally, QueueTally, lane_of
from zklink.l1.transport.meters import NodeMeter
from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import Request
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, compute_owed_hash, genesis_tip
from zklink.protocol.errors import CallRefused, HistoryIncomplete, LogsIncomplete, RpcUnavailable
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import SILENCE_SECONDS, BlockNumber, ChainId, Lane, TokenId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.event_reader import EventReader
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.history_reader import HistoryReader
from zklink.recovery.judge import Groups, Judge
from zklink.recovery.member_reading import MemberReading


class MemberView(Protocol):
    """Port: a member whose bridge is a program, as far as other chains' fate depends on it. Raises RpcUnavailable."""

    @property
    def name(self) -> str: ...

    @property
    def groups(self) -> Groups: ...

    def check(self) -> None:
        """Raise WrongChain or HistoryDisagrees unless it is the deployment's."""
        ...

    def check_nodes(self) -> None:
        """The cluster of every single node, each of which must answer."""
        ...

    def meters(self) -> Sequence[NodeMeter]:
        """What is counted of its nodes."""
        ...

    def head(self) -> BlockInfo: ...

    def is_frozen(self) -> bool: ...

    def tip(self) -> Tip: ...

    def look(self, tokens: list[TokenId], *, is_final: bool = False) -> MemberReading:
        """How it stands now, or at its last final slot, with these tokens."""
        ...

    def waiting(self, lane: Lane) -> Sequence[Request]:
        """The requests of a lane that no block consumes, in order."""
        ...

    def end_state(self) -> EndState: ...

    def find_end(self) -> Accepted | None:
        """The block at which it ends; None while that is not known."""
        ...

    def exit_root(self) -> tuple[int, BlockNumber]:
        """The root against which its exits are open, 0 before, and the block that it has."""
        ...


NO_PROGRAMS: Final[Mapping[ChainId, MemberView]] = MappingProxyType({})


class ChainsRead:
    """All chains of a deployment, read any number of times; each reading asks only for new data. `bridges` are the
    contracts, `programs` the members whose bridge is a program.
    """

    def __init__(
        self,
        deployment: Deployment,
        bridges: Mapping[ChainId, BridgeClient],
        groups: GroupsAsked | None = None,
        programs: Mapping[ChainId, MemberView] = NO_PROGRAMS,
    ) -> None:
        self.deployment, self.bridges, self.programs = deployment, bridges, programs
        self.groups = groups or GroupsAsked()
        self._reader: HistoryReader | None = None
        self._requests: dict[ChainId, EventReader[RequestEvent, QueueTally]] = {}
        self._events: dict[ChainId, EventReader[BridgeEvent, HistoryTally]] = {}
        self._learned: set[bytes] = set()
        self._judges: dict[ChainId, Judge] = {}

    def name(self, chain: ChainId) -> str:
        """A chain's name in the deployment."""
        return self.deployment.places[chain].name

    @property
    def members(self) -> list[ChainId]:
        """The members with contracts."""
        return [chain for chain in self.bridges if chain != self.deployment.primary]

    # -- the history ---------------------------------------------------------------------------------------------

    def history(self) -> AcceptedHistory:
        """The primary's history up to now; if its node is away, up to the last reading. Raises HistoryDisagrees,
        HistoryIncomplete, LogsIncomplete, RpcUnavailable.
        """
        if self._reader is None:
            primary = self.deployment.primary
            events = self._events_of(primary)
            reader = HistoryReader(self.deployment, self.bridges[primary].primary_history, events, self.groups.kept)
            reader.read()
            self._reader = reader
        else:
            with suppress(RpcUnavailable):
                self._reader.read()
        return self._reader.history

    def lead(self, chain: ChainId, tip: Tip, top: Accepted) -> list[AcceptedBlock]:
        """The blocks that lead from a chain's tip to a place. Raises HistoryIncomplete."""
        blocks = self.history().lead(tip.number, tip.sync_hash, top.sync_hash)
        if blocks is None:
            what = f"no calldata of the primary leads from block {tip.number}, where {self.name(chain)} stands, to it"
            raise HistoryIncomplete(self.name(self.deployment.primary), top.number, what)
        return blocks

    def has_ended(self, member: ChainId) -> bool:
        """Whether the primary accepts nothing new: frozen, silent, or halted by a member's clock."""
        try:
            if self.bridges[self.deployment.primary].end.is_frozen():
                return True
            last = self.bridges[self.deployment.primary].history.tip().timestamp
        except RpcUnavailable:
            return True
        program = self.programs.get(member)
        head = self.bridges[member].client.head() if program is None else program.head()
        return last > 0 and head.timestamp > last + SILENCE_SECONDS

    def is_frozen(self, member: ChainId) -> bool:
        """Whether a member is frozen; one whose node is away, or not given, is not known to be."""
        known = self.bridges.get(member) or self.programs.get(member)
        try:
            return known is not None and known.is_frozen()
        except RpcUnavailable:
            return False

    def ends(self) -> list[Accepted]:
        """The blocks at which the history can end, the highest first: the primary's last one, those that it has lost,
        and the last one for which the groups have signed ACC.
        """
        history = self.history()
        found = {Accepted(history.height, history.sync_hash(history.height)), *self.groups.all_covered()}
        found |= {Accepted(block.number, block.sync_hash) for block in history.list_lost()}
        return sorted(found, key=lambda place: (-place.number, place.sync_hash))

    # -- debts ---------------------------------------------------------------------------------------------------

    def owed(self, chain: ChainId, height: int | None = None) -> list[tuple[BlockNumber, tuple[int, ...]]]:
        """The blocks that still owe payouts on a chain, now or at L1 block `height`, each with the words of those that
        are left. Raises HistoryIncomplete, LogsIncomplete, RpcUnavailable.
        """
        contract = self.bridges[chain].history
        tip = contract.tip(block=height)
        if not tip.unpaid:
            return []
        blocks = self.lead(chain, self.genesis, Accepted(tip.number, tip.sync_hash))
        found = []
        for number in self._list_owed(chain, height):
            left, owed = blocks[number - 1].payouts(chain), contract.owed(number, block=height)
            while left and compute_owed_hash(left) != owed:
                left = left[PAYOUT_WORDS:]
            if owed != ZERO_HASH:
                found.append((number, left))
        return found

    def find_oldest_owed(self, chain: ChainId) -> BlockNumber:
        """The first block that still owes payouts on a chain, 0 for none. Raises LogsIncomplete, RpcUnavailable."""
        return min(self._list_owed(chain), default=BlockNumber(0))

    def _list_owed(self, chain: ChainId, height: int | None = None) -> list[BlockNumber]:
        events = self._events_of(chain).read()
        if height is None:
            return sorted(self._events_of(chain).tally.owed)
        empty = HistoryTally.empty(self.bridges[chain].history, self.deployment.deployment_hash)
        return sorted(empty.after([event for event in events if event.log.block_number <= height]).owed)

    # -- queues --------------------------------------------------------------------------------------------------

    def waiting(self, chain: ChainId, lane: Lane, settled: int | None = None) -> Sequence[Request]:
        """The requests of a lane that no block consumes, or those after the first `settled`, in order. Raises
        LogsIncomplete, RequestGap, RpcUnavailable.
        """
        bridge = self.bridges[chain]
        requests = [event.request for event in self._requests_of(chain).read() if lane_of(event) is lane]
        counts = bridge.request_counts(lane)
        if len(requests) < counts.total:
            detail = (
                f"they give {len(requests)} requests of the {lane.name.lower()} lane, the bridge has {counts.total}"
            )
            raise LogsIncomplete(self.name(chain), detail)
        return requests[counts.consumed if settled is None else settled :]

    def open_requests(self, chain: ChainId, height: int) -> list[Request]:
        """The requests of both lanes that had come by L1 block `height`, and that no block had consumed there. Raises
        LogsIncomplete, RequestGap, RpcUnavailable.
        """
        consumed = {lane: self.bridges[chain].request_counts(lane, block=height).consumed for lane in Lane}
        come = [event for event in self._requests_of(chain).read() if event.log.block_number <= height]
        return [event.request for event in come if event.request.request_id > consumed[lane_of(event)]]

    def _requests_of(self, chain: ChainId) -> EventReader[RequestEvent, QueueTally]:
        """The requests of a chain."""
        if chain not in self._requests:
            bridge = self.bridges[chain]
            from_block, deployment_hash = self.deployment.chains[chain].from_block, self.deployment.deployment_hash
            empty = QueueTally.empty(bridge, deployment_hash)
            self._requests[chain] = EventReader(bridge.client, bridge.requests, from_block, empty)
        return self._requests[chain]

    # -- words ---------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """Look for ACCs in the calldata of all members' imports; keep those that a chain's groups still call good. A
        member whose node is away is left out.
        """
        for chain in self.members:
            with suppress(RpcUnavailable, LogsIncomplete):
                for event in self._events_of(chain).read():
                    if isinstance(event, BlocksImported) and event.log.tx_hash not in self._learned:
                        self._learn_from(chain, event)
                        self._learned.add(event.log.tx_hash)

    def _learn_from(self, chain: ChainId, event: BlocksImported) -> None:
        data = self.bridges[chain].client.find_input(event.log.tx_hash)
        with suppress(CallRefused):
            place, *both = decode_import_evidence(data or b"", event)
            if any(self._does_take(asked, place, *both) for asked in self.bridges):
                self.groups.kept.keep_both(place, *both)

    def _does_take(self, chain: ChainId, place: Accepted, validators: bytes, watchers: bytes) -> bool:
        with suppress(RpcUnavailable):
            return self.judge(chain).takes(place, Group.VALIDATORS, validators, watchers)
        return False

    def judge(self, chain: ChainId) -> Judge:
        """The groups of a chain as they are now."""
        if chain not in self._judges:
            known = self.programs.get(chain) or self.bridges[chain]
            self._judges[chain] = Judge(known.groups, self.deployment.deployment_hash)
        return self._judges[chain].look()

    def _events_of(self, chain: ChainId) -> EventReader[BridgeEvent, HistoryTally]:
        """The events of a chain's history."""
        if chain not in self._events:
            contract = self.bridges[chain].history
            empty = HistoryTally.empty(contract, self.deployment.deployment_hash)
            from_block = self.deployment.chains[chain].from_block
            self._events[chain] = EventReader(contract.client, contract.events, from_block, empty)
        return self._events[chain]

    @property
    def genesis(self) -> Tip:
        """The history before block 1."""
        return genesis_tip(self.deployment.genesis.root, self.deployment.deployment_hash)
