"""The requests that are confirmed on their chain, per lane and chain in the order of its queue.

Takes confirmed requests, without gaps in a queue; gives the requests behind a cursor. Never orders requests across
queues, and never forgets a request that a block not yet final everywhere has consumed: to roll a block back, the caller
only moves the cursor.
"""

from collections.abc import Iterable, Mapping

from zklink.operations.requests import AccountRequest, Request, lane_of
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import RequestOutOfOrder
from zklink.protocol.ids import ChainId, Lane, RequestId

FIRST_REQUEST_ID = RequestId(1)


class RequestQueue:
    """The queues per lane and chain, without gaps: request i is taken only when i - 1 is there (QUE-1)."""

    def __init__(self, chains: Iterable[ChainId], deployment_hash: bytes) -> None:
        self.chains = tuple(chains)
        self._before = dict.fromkeys(((lane, chain) for lane in Lane for chain in self.chains), 0)
        """How many requests came before the first one that is here."""
        self._hashes: dict[tuple[Lane, ChainId], list[bytes]] = {
            (lane, chain): [deployment_hash] for lane in Lane for chain in self.chains
        }
        self._queues: dict[tuple[Lane, ChainId], list[Request]] = {
            (lane, chain): [] for lane in Lane for chain in self.chains
        }

    def start_after(self, lane: Lane, chain: ChainId, count: int, queue_hash: bytes) -> None:
        """Begin a queue that has no request yet after its first `count` ones, whose rolling hash this is."""
        self._before[lane, chain], self._hashes[lane, chain] = count, [queue_hash]

    def last_request_id(self, lane: Lane, chain: ChainId) -> RequestId:
        """The last confirmed request of a queue; 0 if there is none."""
        return RequestId(self._before[lane, chain] + len(self._queues[lane, chain]))

    def queue_hash(self, lane: Lane, chain: ChainId, count: int) -> bytes:
        """The rolling hash of a queue's first `count` requests, which are all confirmed."""
        return self._hashes[lane, chain][count - self._before[lane, chain]]

    def add(self, request: Request) -> bool:
        """Append a confirmed request; False if it is already there. Raises RequestOutOfOrder if an earlier one is
        missing.
        """
        key = lane_of(request), request.source
        queue, before = self._queues[key], self._before[key]
        expected = RequestId(before + len(queue) + FIRST_REQUEST_ID)
        if request.request_id > expected:
            raise RequestOutOfOrder(request.source, expected, request.request_id)
        if request.request_id < expected:
            place = request.request_id - before - FIRST_REQUEST_ID
            if place >= 0 and queue[place] != request:
                raise RequestOutOfOrder(request.source, expected, request.request_id)
            return False
        queue.append(request)
        self._hashes[key].append(next_queue_hash(self._hashes[key][-1], request.words()))
        return True

    def drop_from(self, lane: Lane, chain: ChainId, request_id: RequestId) -> tuple[Request, ...]:
        """Forget `request_id` and all later requests of a queue: a reorganisation of its chain removed them."""
        queue = self._queues[lane, chain]
        index = max(request_id - self._before[lane, chain] - FIRST_REQUEST_ID, 0)
        dropped = tuple(queue[index:])
        del queue[index:], self._hashes[lane, chain][index + 1 :]
        return dropped

    def get(self, lane: Lane, chain: ChainId, request_id: RequestId) -> Request:
        """The confirmed request `request_id` of a queue. Raises RequestOutOfOrder if it is not there."""
        last, before = self.last_request_id(lane, chain), self._before[lane, chain]
        if not before < request_id <= last:
            raise RequestOutOfOrder(chain, RequestId(last + FIRST_REQUEST_ID), request_id)
        return self._queues[lane, chain][request_id - before - FIRST_REQUEST_ID]

    def waiting_swaps(self, consumed: Mapping[ChainId, int]) -> dict[ChainId, tuple[SwapRequest, ...]]:
        """Per chain the confirmed swaps behind the first `consumed[chain]` ones."""
        waiting = self._waiting(Lane.SWAP, consumed)
        return {k: tuple(r for r in queue if isinstance(r, SwapRequest)) for k, queue in waiting.items()}

    def waiting_requests(self, consumed: Mapping[ChainId, int]) -> dict[ChainId, tuple[AccountRequest, ...]]:
        """Per chain the confirmed requests of the account lane behind the first `consumed[chain]` ones."""
        waiting = self._waiting(Lane.ACCOUNT, consumed)
        return {k: tuple(r for r in queue if isinstance(r, AccountRequest)) for k, queue in waiting.items()}

    def has_waiting(self, lane: Lane, consumed: Mapping[ChainId, int]) -> bool:
        """Whether any queue of a lane has requests that are not consumed."""
        return any(self.last_request_id(lane, chain) > consumed.get(chain, 0) for chain in self.chains)

    def _waiting(self, lane: Lane, consumed: Mapping[ChainId, int]) -> dict[ChainId, list[Request]]:
        return {
            chain: self._queues[lane, chain][max(consumed.get(chain, 0) - self._before[lane, chain], 0) :]
            for chain in self.chains
        }
