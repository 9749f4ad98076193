"""Which way a swap should go: straight, or through one token between.

Takes pools as some block left them; gives what each way would bring, and the best. Never promises it: other swaps may
come first, and the destination's reserve is not looked at. `min_out` of the order is what protects its sender.
"""

from collections.abc import Iterator, Mapping

from zklink.operations.swap import Way, split_route
from zklink.protocol.ids import NO_TOKEN, Amount, TokenId
from zklink.state.rows import Pool
from zklink.state.state import PoolId, order_pair
from zklink.transition.swap import compute_amounts


def quote_way(
    pools: Mapping[PoolId, Pool], token_in: TokenId, via: TokenId, token_out: TokenId, dx: int
) -> Amount | None:
    """What dx (0 < dx < 2^112, the amount less the operator's fee) brings this way, by the rule; None if a pool is
    missing or empty, or if a route does not have three different tokens.
    """
    if via != NO_TOKEN and len({token_in, via, token_out}) < 3:
        return None
    legs = split_route(token_in, via, token_out)
    found = [pools.get(order_pair(*leg)) for leg in legs]
    filled = [pool for pool in found if pool is not None and not pool.is_empty]
    return compute_amounts(legs, dx, filled)[-1] if len(filled) == len(legs) else None


def find_best_way(pools: Mapping[PoolId, Pool], token_in: TokenId, token_out: TokenId, dx: int) -> Way | None:
    """The way that brings most: straight where no route brings more, else the route with the lowest token id of those
    that bring most. None if nothing comes out any way. Two pools' fees are in the result.
    """
    ways = sorted(_list_ways(pools, token_in, token_out, dx), key=lambda way: (-way.out, way.via))
    return next((way for way in ways if way.out > 0), None)


def _list_ways(pools: Mapping[PoolId, Pool], token_in: TokenId, token_out: TokenId, dx: int) -> Iterator[Way]:
    neighbours = {token for pair in pools for token in pair if token_in in pair}
    for via in (NO_TOKEN, *neighbours - {NO_TOKEN}):
        out = quote_way(pools, token_in, via, token_out, dx)
        if out is not None:
            yield Way(via, out)
