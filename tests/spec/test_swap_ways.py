"""The best way of a swap: what it brings is what the rule pays, and no other way brings more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import NOW, TOKENS, Rows, row_sets
from tests.support.refute import check_refuted
from tests.support.swaps import request
from tests.support.tries import tries
from zklink.operations.swap import Way
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import AMOUNT_LIMIT, MAX_CHAINS, NO_TOKEN, Amount, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import EMPTY_POOL, Pool, TokenRow
from zklink.transition import swap_ways
from zklink.transition.swap import Registers, apply_swap, check_request
from zklink.transition.swap_ways import find_best_way, quote_way

A, B, C, D = TOKENS
ASK = (row_sets(), st.sampled_from(TOKENS), st.sampled_from(TOKENS), st.integers(1, AMOUNT_LIMIT - 1))


def pay(rows: Rows, token_in: TokenId, via: TokenId, token_out: TokenId, dx: int) -> Amount:
    """What the rule pays for a request without conditions, where the reserve is no obstacle; 0 for a refund."""
    swap = request(token_in=token_in, token_out=token_out, via=via, amount=Amount(dx), operator_fee=Amount(0))
    swap = replace(swap, min_out=Amount(0), fill_fee=Amount(0), deadline=NOW)
    try:
        check_request(swap, MINIMAL)
    except InadmissibleRequest:
        return Amount(0)
    pools = {(a, b): rows.pools.get((a, b), EMPTY_POOL) for a in TOKENS for b in TOKENS if a < b}
    tokens = dict.fromkeys(TOKENS, TokenRow((AMOUNT_LIMIT,) * MAX_CHAINS, 0))
    outcome, payout = apply_swap(Registers(tokens, pools), swap, NOW)
    return payout.amount if outcome.is_paid else Amount(0)


def check_best(case: tuple[Rows, TokenId, TokenId, int]) -> None:
    """The way found is paid what was said, and every other way no more, the straight one less if it was left."""
    rows, token_in, token_out, dx = case
    paid = {via: pay(rows, token_in, via, token_out, dx) for via in (NO_TOKEN, *TOKENS)}
    best = find_best_way(rows.pools, token_in, token_out, dx)
    if best is None:
        assert not any(paid.values())
        return
    assert best.out == paid[best.via] == max(paid.values())
    assert best.via == NO_TOKEN or paid[NO_TOKEN] < best.out


@given(st.tuples(*ASK))
@tries(300)
def test_find_best_way__any_pools__is_paid_so_and_nothing_is_better(case: tuple[Rows, TokenId, TokenId, int]) -> None:
    check_best(case)


POOLS = {
    (A, B): Pool(10**6, 10**6, 10**6, 100, MINIMAL.lp_base),
    (A, C): Pool(10**9, 10**9, 10**9, 1, TokenId(MINIMAL.lp_base + 1)),
    (B, C): Pool(10**9, 10**9, 10**9, 1, TokenId(MINIMAL.lp_base + 2)),
}


def test_find_best_way__small_and_large__the_shallow_pool_loses_both_to_cheap_deep_ones() -> None:
    assert quote_way(POOLS, A, NO_TOKEN, B, 1_000) == 989
    assert find_best_way(POOLS, A, B, 1_000) == Way(C, Amount(998))
    large = find_best_way(POOLS, A, B, 500_000)
    assert large is not None and large.via == C and large.out > 499_000


def test_find_best_way__equal_results__goes_straight() -> None:
    huge = 10**30
    pools = {
        (A, B): Pool(huge, 2 * huge, 1, 0, MINIMAL.lp_base),
        (A, C): Pool(huge, 4 * huge, 1, 0, TokenId(MINIMAL.lp_base + 1)),
        (B, C): Pool(huge, 2 * huge, 1, 0, TokenId(MINIMAL.lp_base + 2)),
    }
    assert quote_way(pools, A, NO_TOKEN, B, 10) == quote_way(pools, A, C, B, 10) == 19
    assert find_best_way(pools, A, B, 10) == Way(NO_TOKEN, Amount(19))


def test_find_best_way__one_token__is_the_amount_itself() -> None:
    assert find_best_way(POOLS, A, A, 7) == Way(NO_TOKEN, Amount(7))
    assert quote_way(POOLS, A, B, A, 7) is None


def test_find_best_way__no_pool_or_nothing_out__there_is_none() -> None:
    assert find_best_way(POOLS, A, D, 10**6) is None
    assert find_best_way({(A, B): EMPTY_POOL}, A, B, 10**6) is None
    assert find_best_way(POOLS, A, B, 1) is None


@pytest.mark.parametrize("route", [(A, A, B), (A, B, B), (A, D, B)])
def test_quote_way__no_route__is_none(route: tuple[TokenId, TokenId, TokenId]) -> None:
    assert quote_way(POOLS, *route, 1_000) is None


def test_check_best__routes_left_out__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = quote_way
    monkeypatch.setattr(
        swap_ways, "quote_way", lambda pools, a, via, b, dx: None if via else original(pools, a, via, b, dx)
    )
    check_refuted(check_best, st.tuples(*ASK), examples=300)


def test_check_best__straight_way_left_out__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = quote_way
    monkeypatch.setattr(
        swap_ways, "quote_way", lambda pools, a, via, b, dx: original(pools, a, via, b, dx) if via else None
    )
    check_refuted(check_best, st.tuples(*ASK), examples=300)
