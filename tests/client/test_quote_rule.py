"""The client's own computation of a swap is the rule of the state, for any pools and amounts."""

from hypothesis import given
from hypothesis import strategies as st

from zklink.client import quote_rule
from zklink.client.quote_rule import Depth, Route, find_routes
from zklink.protocol.ids import FEE_DENOMINATOR, TokenId
from zklink.schema.api.chains import PoolInfo
from zklink.schema.api.trading import QuoteRequest
from zklink.state.rows import Pool
from zklink.transition.swap import compute_out
from zklink.transition.swap_ways import find_best_way

RESERVES = st.integers(1, 2**100)
FEES = st.integers(0, FEE_DENOMINATOR - 1)
AMOUNTS = st.integers(1, 2**100)
PAIRS = [(1, 2), (1, 3), (2, 3), (2, 4), (1, 4)]


@given(amount=AMOUNTS, reserve_in=RESERVES, reserve_out=RESERVES, fee=FEES)
def test_compute_out__any_pool__is_the_states(amount: int, reserve_in: int, reserve_out: int, fee: int) -> None:
    assert quote_rule.compute_out(amount, Depth(reserve_in, reserve_out, fee)) == compute_out(
        amount, reserve_in, reserve_out, fee
    )


@given(amount=AMOUNTS, rows=st.dictionaries(st.sampled_from(PAIRS), st.tuples(RESERVES, RESERVES, FEES)))
def test_find_routes__any_pools__the_best_is_the_states(
    amount: int, rows: dict[tuple[int, int], tuple[int, int, int]]
) -> None:
    pools = {(TokenId(a), TokenId(b)): Pool(x, y, 1, fee, 100 + 10 * a + b) for (a, b), (x, y, fee) in rows.items()}
    published = [
        PoolInfo(token_a=a, token_b=b, reserve_a=str(x), reserve_b=str(y), fee_bps=fee, share_token=9, shares="1")
        for (a, b), (x, y, fee) in rows.items()
    ]
    request = QuoteRequest(source=1, token_in=1, amount=str(amount), destination=2, token_out=2)
    best = max(find_routes(published, request), key=lambda route: route.out, default=Route((), 0))
    way = find_best_way(pools, TokenId(1), TokenId(2), amount)
    assert best.out == (0 if way is None else way.out)
