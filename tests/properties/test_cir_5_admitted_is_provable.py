"""CIR-5 and CIR-4, as far as the rule goes: no request that the queue admits can stop a block or leave 112 bits."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import CHAINS, NOW, TOKENS, Case, Dice, Rows, cases, roll_request, roll_rows, roll_via, rolled
from tests.support.account_world import Roller, context, roll_state
from tests.support.refute import check_refuted
from tests.support.rule import load, run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.requests import AccountRequest
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.errors import AmountOutOfRange, ZkLinkError
from zklink.protocol.ids import (
    AMOUNT_BITS,
    AMOUNT_LIMIT,
    CUSTODY_LIMIT,
    FEE_DENOMINATOR,
    MAX_CHAINS,
    NO_TOKEN,
    Amount,
    BlockNumber,
    ChainId,
)
from zklink.protocol.presets import MAIN, MINIMAL
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition import share_exit, swap
from zklink.transition.rules import apply_operation, check_operation
from zklink.transition.swap_block import apply_block


def _roll_full_house(dice: Dice) -> Case:
    """Bridges that are full or nearly so, and requests of any other content up to what their chain still admits."""
    rows = roll_rows(dice)
    custody = {(token, chain): row.reserves[chain - 1] for token, row in rows.tokens.items() for chain in CHAINS}
    requests: list[SwapRequest] = []
    while len(requests) < MINIMAL.slots:
        source, token_in, token_out = dice.pick(CHAINS), dice.pick(TOKENS[:3]), dice.pick(TOKENS[:3])
        room = CUSTODY_LIMIT - custody.get((token_in, source), 0)
        amount = dice.pick((Amount(room), dice.amount(room + 1, least=1)))
        custody[token_in, source] = CUSTODY_LIMIT - room + amount
        requests.append(
            replace(
                roll_request(dice),
                source=source,
                token_in=token_in,
                token_out=token_out,
                via=roll_via(dice, token_in, token_out, TOKENS[:3]),
                amount=amount,
                operator_fee=dice.amount(amount) if amount else Amount(0),
                min_out=dice.pick((Amount(0), dice.amount())),
                fill_fee=Amount(0),
                deadline=NOW,
            )
        )
    return Case(rows, tuple(r for r in requests if r.amount), NOW)


full_houses = rolled(_roll_full_house, size=1_500)


def check_provable(case: Case) -> None:
    """Every slot is decided, every payout can be written, and every row fits into 112 bits at the end."""
    try:
        for step in run(case):
            step.request.words()
            step.payout.words()
        for row in step.registers.tokens.values():
            row.check()
        for pool in step.registers.pools.values():
            pool.check()
    except (ZkLinkError, ArithmeticError) as error:
        raise AssertionError(f"an admitted request cannot be proven: {error!r}") from error


def check_no_wrap(case: Case) -> None:
    """Both sides of the floor's inequalities stay below the field's modulus in every slot of the largest block."""
    slack = 1 << AMOUNT_BITS + (MAIN.slots + 1).bit_length()
    for step in run(case):
        for trade in step.trades():
            x, y = trade.pool.oriented(trade.token_in, trade.token_out)
            g = trade.dx * (FEE_DENOMINATOR - trade.pool.fee)
            divisor = x * FEE_DENOMINATOR + g
            assert max(x, y) < slack
            assert trade.dx < AMOUNT_LIMIT
            assert max(y * g, (trade.out + 1) * divisor) < R


@upholds("CIR-5", "CIR-4")
class TestAdmittedIsProvable:
    """Whatever the queue admits is decided by the rule and fits: with custody below 2^108 on each of 8 chains."""

    @given(st.one_of(full_houses, cases()))
    @tries(1_000)
    def test_apply_swap__any_admitted_requests__fit(self, case: Case) -> None:
        check_provable(case)

    @given(st.one_of(full_houses, cases()))
    @tries(1_000)
    def test_apply_swap__any_admitted_requests__do_not_wrap(self, case: Case) -> None:
        check_no_wrap(case)

    @given(full_houses)
    @tries(15)
    def test_apply_block__full_bridges__are_possible(self, case: Case) -> None:
        state = case.state()
        for number, request in enumerate(case.requests, start=1):  # any request finds its rows
            apply_block(state, [request], BlockNumber(number), case.timestamp, 1, MINIMAL)
        state.check_conservation()


def check_consumed(dice: Dice) -> None:
    """Whatever the state, a request of the account lane is served, its words can be written, and the books balance."""
    state = roll_state(dice)
    roller = Roller(dice, state)
    rolls: tuple[Callable[[], AccountRequest], ...] = (
        roller.deposit,
        roller.full_exit,
        roller.share_exit,
        roller.key_request,
    )
    for _ in range(4):
        request = dice.pick(rolls)()
        try:
            check_operation(state, request, context())
            apply_operation(state, request, context()).elements()
        except (ZkLinkError, ArithmeticError) as error:
            raise AssertionError(f"an admitted request cannot be served: {error!r}") from error
    state.check_conservation()


@upholds("CIR-5")
class TestAccountRequests:
    """Nobody can queue a request of the account lane that stops the operator."""

    @given(rolled(lambda dice: dice, size=1_000))
    @tries(300)
    def test_apply_operation__any_admitted_request__is_served(self, dice: Dice) -> None:
        check_consumed(dice)


# breaks: CIR-5
def test_check_consumed__shares_rounded_up__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last holder would take more than the pool has."""
    monkeypatch.setattr(
        share_exit,
        "compute_share_exit",
        lambda pool, shares: tuple(
            shares * reserve // max(pool.lp_supply, 1) + 1 for reserve in (pool.reserve_lower, pool.reserve_higher)
        ),
    )
    check_refuted(check_consumed, rolled(lambda dice: dice, size=1_000), examples=400)


def test_bounds__largest_numbers__do_not_wrap_the_field() -> None:
    register = (MAIN.slots + 1) * AMOUNT_LIMIT
    g = AMOUNT_LIMIT * FEE_DENOMINATOR
    assert register * g < R
    assert (register + 1) * (register * FEE_DENOMINATOR + g) < R


def test_bounds__every_chain_full__fits_into_an_amount() -> None:
    assert 2 * MAX_CHAINS * CUSTODY_LIMIT < AMOUNT_LIMIT


# breaks: CIR-5
def test_check_provable__unlimited_custody__refutes() -> None:
    """Without the custody limit a row can overflow: this is what the limit is for."""

    def overflow(dice: Dice) -> Case:
        rows = Rows({TOKENS[0]: TokenRow((1 << 107,) * MAX_CHAINS, 0)}, {})
        request = replace(
            roll_request(dice),
            source=ChainId(1),
            destination=ChainId(2),
            token_in=TOKENS[0],
            token_out=TOKENS[0],
            via=NO_TOKEN,
            amount=Amount(AMOUNT_LIMIT - 1),
            operator_fee=Amount(AMOUNT_LIMIT - 1 - dice.below(100) - 1),
            min_out=Amount(0),
            fill_fee=Amount(0),
            deadline=NOW,
        )
        return Case(rows, (request,), NOW)

    def property_(case: Case) -> None:
        state = State(MINIMAL)
        for token, row in case.rows.tokens.items():
            state.set_token(token, row)
        registers = load(state)
        swap.apply_swap(registers, case.requests[0], NOW)
        try:
            registers.tokens[TOKENS[0]].check()
        except AmountOutOfRange as error:
            raise AssertionError(str(error)) from error

    check_refuted(property_, rolled(overflow), examples=20)


def test_check_provable__division_by_the_reserve_alone__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "compute_out", lambda dx, x, y, fee: Amount(y * dx * (FEE_DENOMINATOR - fee) // x))
    check_refuted(check_provable, cases())


def test_check_no_wrap__denominator_of_2_to_the_40__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(check_no_wrap.__globals__, "FEE_DENOMINATOR", 1 << 40)
    monkeypatch.setattr(Pool, "oriented", lambda pool, a, b: (AMOUNT_LIMIT - 1, AMOUNT_LIMIT - 1))
    check_refuted(check_no_wrap, full_houses)
