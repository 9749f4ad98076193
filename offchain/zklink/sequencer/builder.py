"""Which waiting requests go into the next block, in which order, and the block's timestamp.

Takes every chain's waiting requests; gives one list that fits the preset. Never lets a request overtake an earlier
one of the same chain (QUE-1), and never leaves the request that was confirmed first waiting: it alone always fits,
so nothing starves.
"""

from collections.abc import Iterable, Mapping, Sequence

from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.sequencer.mempool import Confirmed

PoolId = tuple[TokenId, TokenId]


def compute_pool_id(request: SwapRequest) -> PoolId | None:
    """The pool a request needs loaded, lower token first; None for the same token on another chain."""
    if request.token_in == request.token_out:
        return None
    return min(request.token_in, request.token_out), max(request.token_in, request.token_out)


def select_requests(waiting: Mapping[ChainId, Sequence[Confirmed]], preset: Preset) -> tuple[SwapRequest, ...]:
    """The requests of the next block: a prefix of each chain's queue, in order of confirmation.

    A chain whose next request needs a token row or a pool that no longer fits waits for the next block; the others
    go on.
    """
    cursors = {chain: 0 for chain, queue in waiting.items() if queue}
    tokens: set[TokenId] = set()
    pools: set[PoolId] = set()
    selected: list[SwapRequest] = []
    while cursors and len(selected) < preset.slots:
        chain = min(cursors, key=lambda c: waiting[c][cursors[c]].position)
        request = waiting[chain][cursors[chain]].request
        pool = compute_pool_id(request)
        new_tokens = tokens | {request.token_in, request.token_out}
        new_pools = pools if pool is None else pools | {pool}
        if len(new_tokens) > preset.token_rows or len(new_pools) > preset.pool_rows:
            del cursors[chain]
            continue
        tokens, pools = new_tokens, new_pools
        selected.append(request)
        cursors[chain] += 1
        if cursors[chain] == len(waiting[chain]):
            del cursors[chain]
    return tuple(selected)


def choose_timestamp(requests: Iterable[SwapRequest], previous: int, now: int) -> int:
    """The block's timestamp: the primary chain's time `now`, but not before the previous block nor any `queued_at` in
    it.
    """
    return max(previous, now, *(request.queued_at for request in requests))
