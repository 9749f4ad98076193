"""The arithmetic of pools, orders and exits: floors and ceilings, the largest match, and nothing made of rounding."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Dice, rolled
from tests.support.refute import check_refuted
from tests.support.tries import tries
from zklink.operations.order import Order
from zklink.protocol.ids import MAX_CHAINS, AccountId, Amount, ChainId, Nonce, OrderSlot, TokenId
from zklink.state.rows import Pool, TokenRow
from zklink.transition import order_price
from zklink.transition.add_liquidity import compute_add_liquidity
from zklink.transition.exit import compute_parts, compute_share
from zklink.transition.order_price import compute_largest, compute_match, is_crossing
from zklink.transition.remove_liquidity import compute_remove_liquidity

thousands = tries(600)
A, B = TokenId(1), TokenId(2)


def _order(sell: int, buy: int, *, is_maker: bool) -> Order:
    tokens = (A, B) if is_maker else (B, A)
    return Order(AccountId(1), OrderSlot(0), Nonce(0), 0, *tokens, Amount(sell), Amount(buy), 0)


def _roll_pool(dice: Dice) -> Pool:
    reserves = dice.amount(1 << 108, least=1), dice.amount(1 << 108, least=1)
    return Pool(*reserves, dice.amount(1 << 108, least=1), 30, 9)


pools = rolled(_roll_pool)
amounts = rolled(lambda dice: dice.amount(1 << 108))


def check_largest(maker: tuple[int, int], taker: tuple[int, int], cap: int) -> None:
    """The largest amount up to the cap at which the prices cross, found by trying them all."""
    orders = _order(*maker, is_maker=True), _order(*taker, is_maker=False)
    crossing = (a for a in range(cap, 0, -1) if is_crossing(orders[1], compute_match(*orders, a)))
    assert compute_largest(*orders, cap) == next(crossing, 0)


small = st.integers(0, 60)
near = st.tuples(st.integers(1, 400), small), st.tuples(small, small), st.integers(0, 300)


class TestLargest:
    """The matcher's default amount is the largest that both orders allow."""

    @given(*near)
    @thousands
    def test_compute_largest__any_orders__is_what_trying_all_finds(
        self, maker: tuple[int, int], taker: tuple[int, int], cap: int
    ) -> None:
        check_largest(maker, taker, cap)

    @given(rolled(lambda dice: [dice.amount(least=1) for _ in range(5)]))
    @thousands
    def test_compute_largest__any_size__crosses(self, numbers: list[Amount]) -> None:
        sell, buy, taker_sell, taker_buy, cap = numbers
        orders = _order(sell, buy, is_maker=True), _order(taker_sell, taker_buy, is_maker=False)
        amount = compute_largest(*orders, cap)
        assert 0 <= amount <= cap
        assert not amount or is_crossing(orders[1], compute_match(*orders, amount))


def test_check_largest__cap_or_nothing__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = order_price._largest
    monkeypatch.setattr(order_price, "_largest", lambda cap, *prices: original(cap, *prices) // cap * cap)
    check_refuted(check_largest, *near)


@given(pools, amounts, amounts)
@thousands
def test_compute_add_liquidity__any_pool__is_the_most_for_the_least(pool: Pool, limit_a: int, limit_b: int) -> None:
    a, b, shares = compute_add_liquidity(pool, limit_a, limit_b)
    x, y, supply = pool.reserve_lower, pool.reserve_higher, pool.lp_supply
    assert (a, b) == (ceil(Fraction(shares * x, supply)), ceil(Fraction(shares * y, supply)))
    assert a <= limit_a and b <= limit_b
    more = shares + 1
    assert more * x > limit_a * supply or more * y > limit_b * supply


@given(amounts, amounts)
@thousands
def test_compute_add_liquidity__empty_pool__is_the_square_root(limit_a: int, limit_b: int) -> None:
    a, b, shares = compute_add_liquidity(Pool(0, 0, 0, 30, 9), limit_a, limit_b)
    assert (a, b) == (limit_a, limit_b)
    assert shares**2 <= a * b < (shares + 1) ** 2


@given(pools, amounts)
@thousands
def test_compute_remove_liquidity__any_pool__is_the_floor(pool: Pool, wanted: int) -> None:
    shares = 1 + wanted % pool.lp_supply
    expected = [floor(Fraction(shares * r, pool.lp_supply)) for r in (pool.reserve_lower, pool.reserve_higher)]
    assert [*compute_remove_liquidity(pool, shares)] == expected == [*compute_parts(pool, shares)]
    everything = compute_remove_liquidity(pool, pool.lp_supply)
    assert everything == (pool.reserve_lower, pool.reserve_higher)


@given(pools, amounts, amounts)
@thousands
def test_add_and_remove_liquidity__at_once__never_gains(pool: Pool, limit_a: int, limit_b: int) -> None:
    a, b, shares = compute_add_liquidity(pool, limit_a, limit_b)
    if shares:
        grown = Pool(pool.reserve_lower + a, pool.reserve_higher + b, pool.lp_supply + shares, 30, 9)
        back = compute_remove_liquidity(grown, shares)
        assert back.amount_a <= a and back.amount_b <= b


def check_shares(amount: int, row: TokenRow) -> None:
    """All chains together pay at most the amount, each at most what it holds; less than one unit per chain stays."""
    chains = [ChainId(k) for k in range(1, MAX_CHAINS + 1)]
    parts = [compute_share(amount, row, chain) for chain in chains]
    assert all(part <= row.reserve(chain) for part, chain in zip(parts, chains, strict=True))
    assert amount - MAX_CHAINS < sum(parts) <= amount or not any(row.reserves)


def _roll_share(dice: Dice) -> tuple[int, TokenRow]:
    reserves = tuple(dice.amount(1 << 108) for _ in range(MAX_CHAINS))
    return dice.below(sum(reserves) + 1), TokenRow(reserves, 0)


@given(rolled(_roll_share))
@thousands
def test_compute_share__any_reserves__adds_up(case: tuple[int, TokenRow]) -> None:
    check_shares(*case)


def _rounded_up(amount: int, row: TokenRow, chain: ChainId) -> int:
    return -(-amount * row.reserve(chain) // max(sum(row.reserves), 1))


def _equal_parts(amount: int, row: TokenRow, chain: ChainId) -> int:
    return amount // MAX_CHAINS


@pytest.mark.parametrize("mutant", [_rounded_up, _equal_parts])
def test_check_shares__other_parts__refutes(
    monkeypatch: pytest.MonkeyPatch, mutant: Callable[[int, TokenRow, ChainId], int]
) -> None:
    monkeypatch.setattr(f"{__name__}.compute_share", mutant)
    check_refuted(lambda case: check_shares(*case), rolled(_roll_share))
