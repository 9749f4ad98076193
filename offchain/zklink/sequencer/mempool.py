"""The requests that are confirmed on their chain, per chain in the order of its queue.

Takes confirmed requests, one chain's queue without gaps; gives what is waiting behind a cursor. Never orders
across chains, and never forgets a request that a block not yet final
everywhere has consumed: rolling a block back is only a matter of moving the cursor.
"""

from collections.abc import Iterable, Mapping

from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import RequestOutOfOrder
from zklink.protocol.ids import ChainId, RequestId

FIRST_REQUEST_ID = RequestId(1)


class Mempool:
    """Gapless per chain: request i is only taken when i - 1 is there (QUE-1)."""

    def __init__(self, chains: Iterable[ChainId]) -> None:
        self._queues: dict[ChainId, list[SwapRequest]] = {chain: [] for chain in chains}

    @property
    def chains(self) -> tuple[ChainId, ...]:
        return tuple(self._queues)

    def last_request_id(self, chain: ChainId) -> RequestId:
        """The last confirmed request of `chain`; 0 if there is none."""
        return RequestId(len(self._queues[chain]))

    def add(self, request: SwapRequest) -> bool:
        """Append a confirmed request; False if it is already there. Raises RequestOutOfOrder if an earlier one is
        missing.
        """
        queue = self._queues[request.source]
        expected = RequestId(len(queue) + FIRST_REQUEST_ID)
        if request.request_id > expected:
            raise RequestOutOfOrder(request.source, expected, request.request_id)
        if request.request_id < expected:
            known = queue[request.request_id - FIRST_REQUEST_ID]
            if known != request:
                raise RequestOutOfOrder(request.source, expected, request.request_id)
            return False
        queue.append(request)
        return True

    def drop_from(self, chain: ChainId, request_id: RequestId) -> tuple[SwapRequest, ...]:
        """Forget `request_id` and all later requests of `chain`: a reorganisation of that chain removed them."""
        queue = self._queues[chain]
        index = max(request_id - FIRST_REQUEST_ID, 0)
        dropped = tuple(queue[index:])
        del queue[index:]
        return dropped

    def get(self, chain: ChainId, request_id: RequestId) -> SwapRequest:
        """The confirmed request `request_id` of `chain`. Raises RequestOutOfOrder if it is not there."""
        if not FIRST_REQUEST_ID <= request_id <= self.last_request_id(chain):
            raise RequestOutOfOrder(chain, RequestId(self.last_request_id(chain) + FIRST_REQUEST_ID), request_id)
        return self._queues[chain][request_id - FIRST_REQUEST_ID]

    def waiting(self, consumed: Mapping[ChainId, int]) -> dict[ChainId, tuple[SwapRequest, ...]]:
        """Per chain the confirmed requests behind the first `consumed[chain]` ones."""
        return {chain: tuple(queue[consumed.get(chain, 0) :]) for chain, queue in self._queues.items()}
