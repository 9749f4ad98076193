"""The arithmetic of the account lane, one rule at a time: each accepts what the package computes, and nothing else."""

from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.circuits.account_mutants import NO_POOL_OPERATION, RESULTS, RULES, Result, Rule
from tests.support.circuits import Circuit, open_gadget
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.order import Order
from zklink.primitives.field import R
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, Nonce, OrderSlot, TokenId
from zklink.state.rows import Pool
from zklink.transition.add_liquidity import compute_add_liquidity
from zklink.transition.order_price import compute_match, is_crossing
from zklink.transition.remove_liquidity import compute_remove_liquidity
from zklink.transition.swap import compute_out
from zklink.witness.signals import Signal

AMOUNT, REGISTER = 2**112 - 1, 2**119 - 1
ADD, REMOVE, SWAP, LEAVE = "is_add", "is_remove", "is_swap", "is_exit"
RATIO, POOL, ORDER, EXIT = "lib/ratio.circom", "pool_slot.circom", "order_slot.circom", "exit.circom"

amounts = st.sampled_from([0, 1, AMOUNT]) | st.integers(0, 10**6) | st.integers(0, AMOUNT)
positive = amounts.map(lambda amount: max(amount, 1))
slips = st.sampled_from([1, -1, 2**111, -(2**111)])
wild = slips | st.sampled_from([2**112, R // 3, R // 2])
"""Changes of what the template itself bounds; `slips` stay within what its caller bounds."""
few = tries(30)


def accepts(circuit: Circuit, **inputs: Signal) -> bool:
    """Whether there is a witness; where there is one, each row is checked."""
    try:
        values = circuit.compute(inputs)
    except WitnessUnsatisfied:
        return False
    assert circuit.checker.find_violations(values) == []
    return True


def check_pins(circuit: Circuit, pinned: str, slip: int, **inputs: int) -> None:
    """The inputs as they are have a witness; with the one input changed they have none."""
    assert accepts(circuit, **inputs)
    assert not accepts(circuit, **inputs | {pinned: (inputs[pinned] + slip) % R})


@upholds("CIR-4")
@few
@given(st.booleans(), amounts, st.integers(0, REGISTER), st.integers(1, REGISTER), slips)
def test_is_quotient__rounded_as_asked__has_one_solution(
    is_up: bool, shares: int, reserve: int, supply: int, slip: int
) -> None:
    dividend = shares * reserve
    quotient = -(-dividend // supply) if is_up else dividend // supply
    inputs = {"up": int(is_up), "dividend": dividend, "divisor": supply, "quotient": quotient}
    check_pins(open_gadget(RATIO, "IsQuotient", 119), "quotient", slip, **inputs)


@upholds("CIR-4")
def test_is_quotient__by_nothing__has_no_solution() -> None:
    circuit = open_gadget(RATIO, "IsQuotient", 119)
    assert not any(accepts(circuit, up=up, dividend=0, divisor=0, quotient=0) for up in (0, 1))


@upholds("CIR-4")
@few
@given(amounts, amounts, slips)
def test_is_square_root__of_a_product__has_one_solution(a: int, b: int, slip: int) -> None:
    circuit = open_gadget(RATIO, "IsSquareRoot")
    for square in (a * b, a * a, max(a * a - 1, 0)):
        check_pins(circuit, "root", slip, square=square, root=isqrt(square))


@upholds("CIR-4")
@few
@given(amounts, st.sampled_from([0, 1, 30, 9_999]))
def test_rate_fee__of_any_amount__is_the_floor(amount: int, rate: int) -> None:
    circuit = open_gadget(RATIO, "RateFee")
    values = circuit.compute({"amount": amount, "rate": rate})
    assert circuit.checker.find_violations(values) == []
    assert circuit.name(values)["main.fee"] == amount * rate // 10_000


@upholds("EXI-1", "CIR-4")
@few
@given(st.lists(amounts, min_size=8, max_size=8), st.integers(0, 7), st.integers(0, 2**64), st.integers(1, 2**64))
def test_chain_share__of_any_reserves__is_the_floor(reserves: list[int], k: int, n: int, d: int) -> None:
    circuit = open_gadget(EXIT, "ChainShare")
    total = sum(reserves)
    side = min(total * min(n, d) // d, 2**113 - 1)
    chain: list[Signal] = [int(i == k) for i in range(8)]
    values = circuit.compute({"side": side, "reserve": [*reserves], "is_chain": chain})
    assert circuit.checker.find_violations(values) == []
    assert circuit.name(values)["main.out"] == (side * reserves[k] // total if total else 0)


def pool_inputs(kind: str, pool: Pool, amounts: tuple[int, int, int], limits: tuple[int, int, int]) -> dict[str, int]:
    """PoolAmounts with token_a on the pool's lower side. `amounts` and `limits` are of a, b and shares."""
    names = ("op.amount_a", "op.amount_b", "op.shares", "op.limit_a", "op.limit_b", "op.limit_shares")
    return {
        **NO_POOL_OPERATION,
        **{name: int(name == kind) for name in (ADD, REMOVE, SWAP, LEAVE)},
        "x": pool.reserve_lower,
        "y": pool.reserve_higher,
        "supply": pool.lp_supply,
        "fee": pool.fee,
        **dict(zip(names, (*amounts, *limits), strict=True)),
    }


NO_POOL = Pool(0, 0, 0, 0, 0)
pools = st.builds(Pool, positive, positive, positive, st.sampled_from([0, 30, 9_999]), st.just(2))


@upholds("CIR-8")
@few
@given(pools | st.just(Pool(0, 0, 0, 30, 2)), amounts, amounts, wild)
def test_add__within_the_limits__takes_what_the_package_takes(
    pool: Pool, limit_a: int, limit_b: int, slip: int
) -> None:
    circuit = open_gadget(POOL, "PoolAmounts")
    added = compute_add_liquidity(pool, limit_a, limit_b)
    least = added.shares
    is_sane = 0 < added.shares <= AMOUNT and added.amount_a <= AMOUNT and added.amount_b <= AMOUNT
    inputs = pool_inputs(ADD, pool, added, (limit_a, limit_b, min(least, AMOUNT)))
    assert accepts(circuit, **inputs) == is_sane
    for name in ("op.amount_a", "op.amount_b", "op.shares"):
        changed = inputs | {name: (inputs[name] + slip) % R}
        assert not accepts(circuit, **changed), name


@upholds("CIR-3")
def test_add__with_fewer_shares_than_the_limits_buy__must_be_fair_and_within_the_limit() -> None:
    circuit, pool = open_gadget(POOL, "PoolAmounts"), Pool(1_000, 3_000, 500, 30, 2)
    assert accepts(circuit, **pool_inputs(ADD, pool, (20, 60, 10), (100, 300, 10)))
    assert not accepts(circuit, **pool_inputs(ADD, pool, (20, 60, 10), (100, 300, 11)))
    assert not accepts(circuit, **pool_inputs(ADD, pool, (22, 66, 10), (100, 300, 10)))
    assert not accepts(circuit, **pool_inputs(ADD, pool, (20, 60, 10), (19, 300, 10)))
    assert not accepts(circuit, **pool_inputs(ADD, pool, (20, 60, 10), (100, 59, 10)))
    assert not accepts(circuit, **pool_inputs(ADD, pool, (0, 0, 0), (100, 300, 0)))


@upholds("CIR-8")
@few
@given(pools, positive, amounts, wild)
def test_remove__of_shares__gives_what_the_package_gives(pool: Pool, shares: int, other: int, slip: int) -> None:
    circuit = open_gadget(POOL, "PoolAmounts")
    shares = min(shares, pool.lp_supply)
    removed = compute_remove_liquidity(pool, shares)
    inputs = pool_inputs(REMOVE, pool, (*removed, shares), (*removed, shares))
    assert accepts(circuit, **inputs)
    for name in ("op.amount_a", "op.amount_b", "op.shares", "op.limit_shares"):
        assert not accepts(circuit, **inputs | {name: (inputs[name] + slip) % R}), name
    for name in ("op.limit_a", "op.limit_b"):
        lower, higher = min(other, inputs[name]), inputs[name] + 1
        assert accepts(circuit, **inputs | {name: lower})
        assert not accepts(circuit, **inputs | {name: higher}), name


@upholds("CIR-8", "EXI-1")
@few
@given(pools, amounts, wild)
def test_exit__of_shares__gives_what_their_removal_gives(pool: Pool, shares: int, slip: int) -> None:
    """Without limits, and nothing for nothing."""
    circuit = open_gadget(POOL, "PoolAmounts")
    shares = min(shares, pool.lp_supply)
    worth = compute_remove_liquidity(pool, shares) if shares else (0, 0)
    inputs = pool_inputs(LEAVE, pool, (*worth, shares), (0, 0, 0))
    assert accepts(circuit, **inputs)
    for name in ("amount_a", "amount_b", "limit_a", "limit_b", "limit_shares"):
        assert not accepts(circuit, **inputs | {f"op.{name}": (inputs[f"op.{name}"] + slip) % R}), name


@upholds("CIR-4", "EXI-1")
def test_exit__of_a_pool_without_supply__is_worth_nothing() -> None:
    circuit = open_gadget(POOL, "PoolAmounts")
    assert accepts(circuit, **pool_inputs(LEAVE, NO_POOL, (0, 0, 0), (0, 0, 0)))
    for amounts_ in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        assert not accepts(circuit, **pool_inputs(LEAVE, NO_POOL, amounts_, (0, 0, 0)))
    assert not accepts(circuit, **pool_inputs(LEAVE, Pool(100, 70, 10, 0, 2), (110, 77, 11), (0, 0, 0)))


@upholds("CIR-4")
def test_remove__of_more_shares_than_there_are__is_refused() -> None:
    circuit = open_gadget(POOL, "PoolAmounts")
    assert accepts(circuit, **pool_inputs(REMOVE, Pool(100, 70, 10, 0, 2), (100, 70, 10), (0, 0, 10)))
    assert not accepts(circuit, **pool_inputs(REMOVE, Pool(100, 70, 10, 0, 2), (110, 77, 11), (0, 0, 11)))
    assert not accepts(circuit, **pool_inputs(REMOVE, Pool(100, 70, 10, 0, 2), (0, 0, 0), (0, 0, 0)))
    assert not accepts(circuit, **pool_inputs(REMOVE, Pool(0, 0, 0, 0, 2), (0, 0, 1), (0, 0, 1)))


@upholds("CIR-8")
@few
@given(pools, positive, wild)
def test_swap__of_an_amount__gives_what_the_package_gives(pool: Pool, dx: int, slip: int) -> None:
    circuit = open_gadget(POOL, "PoolAmounts")
    out = compute_out(dx, pool.reserve_lower, pool.reserve_higher, pool.fee)
    inputs = pool_inputs(SWAP, pool, (dx, out, 0), (dx, out, 0))
    assert accepts(circuit, **inputs) == (out > 0)
    changes = {"amount_a": slip, "amount_b": slip, "limit_b": 1, "shares": 1, "limit_shares": 1}
    for name, change in changes.items():
        assert not accepts(circuit, **inputs | {f"op.{name}": (inputs[f"op.{name}"] + change) % R}), name


@upholds("CIR-2", "CIR-3")
@pytest.mark.parametrize("name", ["amount_a", "amount_b", "shares", "limit_a", "limit_b", "limit_shares"])
def test_amounts__of_no_kind_or_a_creation__are_all_zero(name: str) -> None:
    circuit, inputs = open_gadget(POOL, "PoolAmounts"), pool_inputs("none", NO_POOL, (0, 0, 0), (0, 0, 0))
    assert accepts(circuit, **inputs)
    assert not accepts(circuit, **inputs | {f"op.{name}": 1})


def order(sell: int, buy: int) -> Order:
    """An order of which only the amounts matter."""
    slot, nonce = OrderSlot(0), Nonce(0)
    return Order(AccountId(0), slot, nonce, 0, TokenId(1), TokenId(2), Amount(sell), Amount(buy), 0)


@upholds("CIR-8")
@few
@given(positive, amounts, amounts, amounts, positive, slips)
def test_match_price__of_two_orders__is_that_of_the_package(
    sell: int, buy: int, taker_sell: int, taker_buy: int, amount_a: int, slip: int
) -> None:
    circuit = open_gadget(ORDER, "MatchPrice")
    maker, taker = order(sell, buy), order(taker_sell, taker_buy)
    fill = compute_match(maker, taker, min(amount_a, sell))
    inputs: dict[str, Signal] = {"used": 1, "amount_a": fill.amount_a, "amount_b": fill.amount_b}
    inputs |= {"sell": [sell, taker_sell], "buy": [buy, taker_buy]}
    is_bounded = fill.amount_b <= AMOUNT  # what is left of the taker's order sees to it
    if is_bounded:
        assert accepts(circuit, **inputs) == is_crossing(taker, fill)
    assert not accepts(circuit, **inputs | {"amount_b": (fill.amount_b + slip) % R})


@upholds("CIR-3")
@pytest.mark.parametrize(
    ("order_nonce", "leaf", "amount", "expected"),
    [
        (0, (0, 0), 100, (0, 100)),
        (0, (0, 40), 60, (0, 100)),
        (0, (0, 41), 60, None),
        (7, (7, 100), 0, (7, 100)),
        (7, (6, 100), 100, (7, 100)),
        (7, (8, 0), 1, None),
        (7, (0, 2**112 - 1), 100, (7, 100)),
        (2**32 - 1, (0, 0), 1, (2**32 - 1, 1)),
        (5, (5 - 1, 40 + 2**112), 60, None),
        (6, (7 - 2, 2**113), 60, None),
        (5, (R - 2**32, 0), 1, None),
    ],
)
def test_order_fill__of_a_leaf__continues_or_replaces_it(
    order_nonce: int, leaf: tuple[int, int], amount: int, expected: tuple[int, int] | None
) -> None:
    circuit = open_gadget(ORDER, "OrderFill")
    inputs: dict[str, Signal] = {"used": 1, "order_nonce": order_nonce, "sell": 100, "amount": amount}
    inputs |= {"leaf_nonce": leaf[0], "leaf_filled": leaf[1]}
    assert accepts(circuit, **inputs) == (expected is not None)
    if expected is not None:
        after = circuit.name(circuit.compute(inputs))["main.leaf_after"]
        assert after == expected[0] * 2**112 + expected[1]


@upholds("CIR-2")
def test_order_fill__of_an_empty_slot__keeps_any_leaf() -> None:
    circuit = open_gadget(ORDER, "OrderFill")
    empty = dict.fromkeys(("used", "order_nonce", "sell", "amount"), 0)
    named = circuit.name(circuit.compute(empty | {"leaf_nonce": 9, "leaf_filled": 77}))
    assert named["main.leaf_after"] == named["main.leaf_before"] == 9 * 2**112 + 77


@upholds("CIR-4")
@pytest.mark.parametrize(
    ("before", "change", "is_possible"),
    [(5, -5, True), (5, -6, False), (0, -1, False), (AMOUNT, 0, True), (AMOUNT, 1, False), (1, AMOUNT - 1, True)],
)
def test_balance_step__below_zero_or_above_an_amount__is_refused(before: int, change: int, is_possible: bool) -> None:
    inputs: dict[str, Signal] = {"index_bits": [0, 1], "before.amount": before, "before.path": [[7, 8, 9]]}
    inputs["change"] = change % R
    circuit = open_gadget("lib/balance.circom", "BalanceStep", 1)
    assert accepts(circuit, **inputs) == is_possible


@upholds("CIR-3")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.mutation.name)
def test_rule__with_a_seeded_bug__accepts_what_the_real_one_refuses(rule: Rule) -> None:
    inputs: dict[str, Signal] = {
        name: [*value] if isinstance(value, list) else value for name, value in rule.inputs.items()
    }
    assert accepts(open_gadget(rule.entry, rule.template, mutation=rule.mutation), **inputs)
    assert not accepts(open_gadget(rule.entry, rule.template), **inputs)


@upholds("CIR-4")
@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.mutation.name)
def test_result__of_a_template_with_a_seeded_bug__is_another(result: Result) -> None:
    inputs: dict[str, Signal] = {
        name: [*value] if isinstance(value, list) else value for name, value in result.inputs.items()
    }
    for place, mutation in enumerate((None, result.mutation)):
        circuit = open_gadget(result.entry, result.template, mutation=mutation)
        named = circuit.name(circuit.compute(inputs))
        assert {name: named[f"main.{name}"] for name in result.outputs} == {
            name: values[place] for name, values in result.outputs.items()
        }
