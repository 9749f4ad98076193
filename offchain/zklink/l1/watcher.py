"""Reads a chain's confirmed requests.

Takes a bridge; gives the requests of both lanes in order, each exactly once. Never gives a request from a block without
the chain's confirmations, so a reorganisation before that changes nothing. Every request is checked against the
bridge's own rolling queue hash and count (`QueueTally`), so the watcher notices a node that omits, repeats or alters an
event, and a reorganisation deeper than the confirmations. A node that only lags behind another one is not taken for a
reorganisation: it is asked again later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import RequestEvent
from zklink.l1.log_cursor import LogCursor
from zklink.l1.tallies import QueueTally, lane_of
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import RequestRewritten
from zklink.protocol.ids import Lane, RequestId

LANES: Final = tuple(Lane)

REREAD_BLOCKS: Final = 100
"""L1 blocks below its last kept request from which a rewound watcher begins again."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A place in a bridge's logs: all requests in blocks below `next_block` are among the first `counts` of their
    lane, whose rolling hash `hashes` has.
    """

    next_block: int
    counts: Mapping[Lane, int]
    hashes: Mapping[Lane, bytes]


class L1Watcher:
    """The confirmed requests of one bridge, without gaps in the ids of a lane. With a place it begins there, and gives
    no earlier request.
    """

    def __init__(
        self, bridge: BridgeClient, from_block: int, deployment_hash: bytes, place: QueuePlace | None = None
    ) -> None:
        self._bridge = bridge
        self._name = bridge.client.profile.name
        start = place or QueuePlace(from_block, dict.fromkeys(LANES, 0), dict.fromkeys(LANES, deployment_hash))
        self._before = start.counts
        tally = QueueTally(bridge, start.counts, start.hashes)
        self._cursor = LogCursor(self._name, bridge.requests, start.next_block, tally)
        # Queue hash and block of request i at index i, less those before the place; first those of the place itself.
        self._trails: dict[Lane, list[tuple[bytes, int]]] = {
            lane: [(start.hashes[lane], start.next_block)] for lane in LANES
        }

    def last_request_id(self, lane: Lane) -> RequestId:
        """The last request of a lane that was given out, or that the place had; 0 before the first."""
        return RequestId(self._before[lane] + len(self._trails[lane]) - 1)

    def find_place(self, counts: Mapping[Lane, int]) -> QueuePlace:
        """Where one can begin to read who has the first `counts` requests of each lane, which this watcher has given
        out and which no reorganisation takes any more. Safe while another thread polls.
        """
        lowest = self.next_block
        for lane, count in counts.items():
            trail, index = self._trails[lane], count - self._before[lane] + 1
            if index < len(trail):
                lowest = min(lowest, trail[index][1])
        return QueuePlace(lowest, counts, {lane: self._hash(lane, count) for lane, count in counts.items()})

    @property
    def next_block(self) -> int:
        """Everything below this block has been read."""
        return self._cursor.next_block

    def poll(self) -> list[RequestEvent]:
        """The requests that were confirmed since the last call, in order.

        Raises RequestGap if the node's events and its contract's books disagree (ask again later); RequestRewritten if
        a request already given out has changed (see `rewind`); RpcUnavailable also if the node is behind the blocks
        already read. After an error nothing has been given out.
        """
        height = self._read_height()
        for lane in LANES:
            last = self.last_request_id(lane)
            if last and not self._is_unchanged(lane, last, height):
                raise RequestRewritten(self._name, last)
        return [event for event in self._cursor.advance(height) if self._is_new(event)]

    def rewind(self) -> dict[Lane, RequestId]:
        """After RequestRewritten: go back to the last requests that the chain still has unchanged; gives their ids. If
        it has not even those of the place, the ids are below it, and the watcher is of no more use.

        Raises RpcUnavailable; then the watcher has not moved.
        """
        height, kept = self._read_height(), {}
        for lane in LANES:
            last = int(self.last_request_id(lane))
            while last > self._before[lane] and not self._is_unchanged(lane, last, height):
                last -= 1
            if last and not self._is_unchanged(lane, last, height):
                return {lane: RequestId(last - 1) for lane in LANES}  # what the place had: nothing here can mend that
            kept[lane] = RequestId(last)
        for lane, last in kept.items():
            del self._trails[lane][last - self._before[lane] + 1 :]
        # What is kept may have moved to another block too: it is read once more and not given out again.
        lowest = min(trail[-1][1] for trail in self._trails.values())
        hashes = {lane: trail[-1][0] for lane, trail in self._trails.items()}
        self._cursor.go_back(lowest - REREAD_BLOCKS, QueueTally(self._bridge, kept, hashes))
        return kept

    def _read_height(self) -> int:
        """The confirmed height, never below what was already read.

        Every further question names this block: a node that does not have it fails, instead of answering from an older
        state.
        """
        height = self._bridge.client.confirmed_height()
        self._cursor.check_height(height)
        return height

    def _is_unchanged(self, lane: Lane, request_id: int, height: int) -> bool:
        return self._bridge.queue_hash(lane, request_id, block=height) == self._hash(lane, request_id)

    def _hash(self, lane: Lane, request_id: int) -> bytes:
        return self._trails[lane][request_id - self._before[lane]][0]

    def _is_new(self, event: RequestEvent) -> bool:
        """Enter a request that has not been given out yet; a cursor that reads again shows others too."""
        trail, request = self._trails[lane_of(event)], event.request
        if request.request_id <= self.last_request_id(lane_of(event)):
            return False
        trail.append((next_queue_hash(trail[-1][0], request.words()), event.log.block_number))
        return True
