"""Reads a chain's confirmed events and requests.

Takes a bridge; gives the requests of both lanes in order, each exactly once. Never gives a request from a block without
the chain's confirmations, so a reorganisation before that changes nothing. Every request is checked against the
bridge's own rolling queue hash, so the watcher notices a node that omits, repeats or alters an event, and a
reorganisation deeper than the confirmations. A node that only lags behind another one is not taken for a
reorganisation: it is asked again later.
"""

from collections.abc import Sequence
from typing import Final

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import BridgeEvent, RequestEvent, SwapRequested
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import RequestGap, RequestRewritten, RpcUnavailable
from zklink.protocol.ids import Lane, RequestId

LANES: Final = tuple(Lane)

REREAD_BLOCKS: Final = 100
"""L1 blocks below its last kept request from which a rewound watcher begins again."""


def lane_of(event: RequestEvent) -> Lane:
    """The lane whose queue a request is in."""
    return Lane.SWAP if isinstance(event, SwapRequested) else Lane.ACCOUNT


class ConfirmedEvents:
    """All events of a bridge in confirmed blocks, each once."""

    def __init__(self, bridge: BridgeClient, from_block: int) -> None:
        self._bridge, self._next_block = bridge, from_block

    def poll(self) -> list[BridgeEvent]:
        """The events of the blocks that were confirmed since the last call. Raises RpcUnavailable; then the watcher has
        not moved.
        """
        height = self._bridge.client.confirmed_height()
        if height < self._next_block:
            return []
        events = self._bridge.events(self._next_block, height)
        self._next_block = height + 1
        return events


class L1Watcher:
    """The confirmed requests of one bridge, without gaps in the ids of a lane."""

    def __init__(self, bridge: BridgeClient, from_block: int, deployment_hash: bytes) -> None:
        self._bridge = bridge
        self._name = bridge.client.profile.name
        self._start = from_block
        self._next_block = from_block
        self._known_until = from_block - 1
        # Queue hash and block of request i at index i; before the first request there is the deployment's hash.
        self._trails: dict[Lane, list[tuple[bytes, int]]] = {lane: [(deployment_hash, from_block)] for lane in LANES}

    def last_request_id(self, lane: Lane) -> RequestId:
        """The last request of a lane that was given out; 0 before the first."""
        return RequestId(len(self._trails[lane]) - 1)

    @property
    def next_block(self) -> int:
        """Everything below this block has been read."""
        return self._next_block

    def poll(self) -> list[RequestEvent]:
        """The requests that were confirmed since the last call, in order.

        Raises RequestGap if the node's events and its contract's books disagree (ask again later); RequestRewritten if
        a request already given out has changed (see `rewind`); RpcUnavailable also if the node is behind the blocks
        already read. After an error the watcher has not moved.
        """
        height = self._read_height()
        for lane in LANES:
            last = self.last_request_id(lane)
            if last and not self._is_unchanged(lane, last, height):
                raise RequestRewritten(self._name, last)
        if height < self._next_block:
            return []
        events = [event for event in self._bridge.requests(self._next_block, height) if not self._is_known(event)]
        trails = {lane: self._follow(lane, [e for e in events if lane_of(e) is lane], height) for lane in LANES}
        for lane, trail in trails.items():
            self._trails[lane] += trail
        self._next_block = height + 1
        return events

    def rewind(self) -> dict[Lane, RequestId]:
        """After RequestRewritten: go back to the last requests that the chain still has unchanged; gives their ids.

        Raises RpcUnavailable; then the watcher has not moved.
        """
        height, kept = self._read_height(), {}
        for lane in LANES:
            last = int(self.last_request_id(lane))
            while last and not self._is_unchanged(lane, last, height):
                last -= 1
            kept[lane] = RequestId(last)
        for lane, last in kept.items():
            del self._trails[lane][last + 1 :]
        # A kept request may have moved to another block, too: it is read once more and not given out again.
        lowest = min(trail[-1][1] for trail in self._trails.values())
        self._next_block, self._known_until = max(self._start, lowest - REREAD_BLOCKS), height
        return kept

    def _read_height(self) -> int:
        """The confirmed height, never below a height already read.

        Every further question names this block: a node that does not have it fails, instead of answering from an older
        state.
        """
        height = self._bridge.client.confirmed_height()
        if self._start < self._next_block and height < self._next_block - 1:
            detail = f"the node confirms block {height}, behind block {self._next_block - 1} that was read before"
            raise RpcUnavailable(self._name, "eth_getBlockByNumber", 1, detail)
        return height

    def _is_known(self, event: RequestEvent) -> bool:
        """Whether a rewound watcher reads a request that it has kept."""
        last = self.last_request_id(lane_of(event))
        return event.log.block_number <= self._known_until and event.request.request_id <= last

    def _is_unchanged(self, lane: Lane, request_id: int, height: int) -> bool:
        return self._bridge.queue_hash(lane, request_id, block=height) == self._trails[lane][request_id][0]

    def _follow(self, lane: Lane, events: Sequence[RequestEvent], height: int) -> list[tuple[bytes, int]]:
        """The queue hashes after each event; RequestGap unless the ids follow and count and hash are the chain's."""
        trail: list[tuple[bytes, int]] = []
        queue_hash, expected = self._trails[lane][-1][0], self.last_request_id(lane) + 1
        for event in events:
            if event.request.request_id != expected:
                raise RequestGap(self._name, expected, event.request.request_id)
            queue_hash, expected = next_queue_hash(queue_hash, event.request.words()), expected + 1
            trail.append((queue_hash, event.log.block_number))
        if trail and self._bridge.queue_hash(lane, expected - 1, block=height) != queue_hash:
            raise RequestGap(self._name, expected - len(trail), expected - 1)
        total = self._bridge.request_counts(lane, block=height).total
        if total != expected - 1:
            raise RequestGap(self._name, expected, total)
        return trail
