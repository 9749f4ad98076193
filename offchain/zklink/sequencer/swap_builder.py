"""Chooses the waiting swaps that go into the next block of the swap lane, their order, and a block's timestamp.

Takes every chain's waiting requests; gives one list that fits the preset. Never lets a request overtake an earlier one
of the same chain (QUE-1). Chains take turns, and in each block another chain goes first. Slots, token rows and pools
are scarce and refunds are free, so the queue of one chain, however long and however odd its pairs, must not hold up
another chain's. Pure.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.state.state import PoolId
from zklink.transition.swap import compute_pool_ids


def select_requests(
    waiting: Mapping[ChainId, Sequence[SwapRequest]], preset: Preset, turn: int
) -> tuple[SwapRequest, ...]:
    """The requests of the next block: a prefix of each chain's queue, one request of each chain after the other.

    `turn`, any number that grows by one with each block, says which of the waiting chains goes first: its first request
    always fits. A chain whose next request needs a token row or a pool that no longer fits waits for the next block.
    """
    chains = sorted(chain for chain, queue in waiting.items() if queue)
    first = turn % len(chains) if chains else 0
    queues = deque(iter(waiting[chain]) for chain in chains[first:] + chains[:first])
    tokens: set[TokenId] = set()
    pools: set[PoolId] = set()
    selected: list[SwapRequest] = []
    while queues and len(selected) < preset.slots:
        queue = queues.popleft()
        request = next(queue, None)
        if request is None:
            continue
        new_tokens = tokens | {request.token_in, request.token_out}
        new_pools = pools | set(compute_pool_ids(request))
        if len(new_tokens) > preset.token_rows or len(new_pools) > preset.pool_rows:
            continue
        tokens, pools = new_tokens, new_pools
        selected.append(request)
        queues.append(queue)
    return tuple(selected)


def choose_timestamp(requests: Iterable[Request], previous: int, now: int, primary: ChainId) -> int:
    """The block's timestamp: the primary's time `now`, but not before the previous block nor the `queued_at` of the
    primary's own requests in it. The clocks of members count for nothing.
    """
    return max(previous, now, *(request.queued_at for request in requests if request.source == primary))
