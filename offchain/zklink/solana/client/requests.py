"""The finalized requests of a Solana chain, in order, each exactly once.

Takes the bridge; gives requests, decoded from the rings and hashed anew: a node that omits, repeats or alters one is
noticed, and so is a chain that has forgotten what was finalized. A queue that nobody has used since costs one account.
"""

from collections.abc import Mapping, Sequence

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import RequestGap, RequestRewritten
from zklink.protocol.ids import Kind, Lane, RequestId
from zklink.solana.client.acts import Act, read_acts
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.node import FINALIZED
from zklink.solana.client.program import Program

FORMS = {
    Kind.SWAP_REQUEST: SwapRequest,
    Kind.DEPOSIT: DepositRequest,
    Kind.FULL_EXIT: FullExitRequest,
    Kind.KEY_REQUEST: KeyRequest,
}


class SolanaRequests:
    """The requests of one bridge after the first `counts` of each lane, whose rolling hashes are `hashes`."""

    def __init__(self, bridge: SolanaBridge, counts: Mapping[Lane, int], hashes: Mapping[Lane, bytes]) -> None:
        self._bridge = bridge
        self.slot = 0
        """The slot of the last reading."""
        self._before = dict(counts)
        # Queue hash after request i at index i - before.
        self._trails = {lane: [hashes[lane]] for lane in Lane}

    def last_request_id(self, lane: Lane) -> RequestId:
        """The last request of a lane that was given out; 0 before the first."""
        return RequestId(self._before[lane] + len(self._trails[lane]) - 1)

    def read_acts(self, program: Program, lane: Lane, most: int) -> list[Act]:
        """What was done to a lane's queue, the newest first. Raises RpcUnavailable, RpcRefused."""
        return read_acts(self._bridge.node, program, self._bridge.queue(lane), FINALIZED, most=most)

    def hash_after(self, lane: Lane, count: int) -> bytes:
        """The queue's hash after its first `count` requests, which were given out or were there before."""
        return self._trails[lane][count - self._before[lane]]

    def poll(self) -> list[Request]:
        """The requests that were finalized since the last call, the swap lane's first.

        Raises RequestRewritten if one that was given out has changed (see `rewind`), RequestGap if the ring and the
        bridge's books disagree or the ring has forgotten what comes next, RpcUnavailable. After an error nothing has
        been given out.
        """
        seen = self._bridge.read()
        self.slot = seen.slot
        if all(seen.total(lane) == self.last_request_id(lane) and self._is_unchanged(seen, lane) for lane in Lane):
            return []
        reading = self._bridge.read_queues()
        for lane in Lane:
            if not self._is_unchanged(reading, lane):
                raise RequestRewritten(self._bridge.node.name, self.last_request_id(lane))
        found = {lane: self._read_lane(reading, lane) for lane in Lane}
        for lane, (_, trail) in found.items():
            self._trails[lane] += trail
        return [request for requests, _ in found.values() for request in requests]

    def rewind(self) -> dict[Lane, RequestId]:
        """After RequestRewritten: go back to the last requests that the chain still has unchanged; gives their ids.
        Raises RpcUnavailable; then nothing has moved.
        """
        reading = self._bridge.read_queues()
        for lane in Lane:
            trail = self._trails[lane]
            while len(trail) > 1 and not self._is_unchanged(reading, lane):
                trail.pop()
        return {lane: self.last_request_id(lane) for lane in Lane}

    def _is_unchanged(self, reading: BridgeReading, lane: Lane) -> bool:
        return reading.queue_hash(lane, self.last_request_id(lane)) == self._trails[lane][-1]

    def _read_lane(self, reading: BridgeReading, lane: Lane) -> tuple[list[Request], list[bytes]]:
        name, last = self._bridge.node.name, int(self.last_request_id(lane))
        requests, trail = list[Request](), list[bytes]()
        queue_hash = self._trails[lane][-1]
        for request_id in range(last + 1, reading.total(lane) + 1):
            entry = reading.entry(lane, request_id)
            words = tuple(entry["words"])
            queue_hash = next_queue_hash(queue_hash, words)
            if queue_hash != entry["hash"]:
                raise RequestGap(name, request_id, 0)
            request = decode_request(words)
            if request.request_id != request_id:
                raise RequestGap(name, request_id, request.request_id)
            requests.append(request)
            trail.append(queue_hash)
        if queue_hash != reading.queue_hash(lane, reading.total(lane)):
            raise RequestGap(name, reading.total(lane), 0)
        return requests, trail


def decode_request(words: Sequence[int]) -> Request:
    """A request from its words in a ring. Raises ValueError or KeyError for words of none."""
    found: Request = FORMS[Kind(words[0] >> 240)].from_words(words)  # type: ignore[attr-defined]
    return found
