"""The rule of section 5.1, restated and checked on thousands of requests, and every mutant of it refuted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from tests.strategies import Case, cases, inadmissible_requests, malformed_requests, swap_requests
from tests.support.refute import check_refuted
from tests.support.rule import PlainRule, run
from tests.support.tries import at_least, tries
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import InadmissibleRequest, ZkLinkError
from zklink.protocol.ids import FEE_DENOMINATOR, MAX_CHAINS, Amount, ChainId, Kind, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import Pool
from zklink.transition import swap
from zklink.transition.swap import RefundReason, check_request

thousands = tries(1_000)


def check_floor(case: Case) -> None:
    """out <= y*g / (x*D + g) < out + 1, as both inequalities over integers."""
    for step in run(case):
        trades = step.trades()
        assert bool(step.outcome.between) <= (len(trades) == 2)
        if not trades:
            assert step.outcome.out == step.request.amount - step.request.operator_fee
        for trade in trades:
            x, y = trade.pool.oriented(trade.token_in, trade.token_out)
            g = trade.dx * (FEE_DENOMINATOR - trade.pool.fee)
            divisor = x * FEE_DENOMINATOR + g
            assert trade.out * divisor <= y * g < (trade.out + 1) * divisor or trade.out == trade.dx == 0


def check_rule(case: Case) -> None:
    """Paid exactly when all four conditions of the page hold, on the reserves after all earlier slots."""
    rule = PlainRule(case)
    for step in run(case):
        assert step.outcome.is_paid == rule.decide(step.request)
        assert step.outcome.is_paid == (step.outcome.reason is None)
    assert rule.snapshot() == step.snapshot()


def check_refund_changes_nothing(case: Case) -> None:
    """A refund leaves every register as it was and gives back the whole amount."""
    for step in run(case):
        if not step.outcome.is_paid:
            assert step.before == step.snapshot()
            assert step.payout.kind == Kind.SWAP_REFUNDED
            assert step.payout.amount == step.request.amount


def check_pool_never_loses(case: Case) -> None:
    """The product of a pool's reserves never falls, and a pool never empties."""
    for step in run(case):
        for trade in step.trades():
            if not trade.pool.is_empty:
                before, after = trade.pool, trade.after
                assert after.reserve_lower * after.reserve_higher >= before.reserve_lower * before.reserve_higher
                assert min(after.reserve_lower, after.reserve_higher) > 0


PROPERTIES = (check_floor, check_rule, check_refund_changes_nothing, check_pool_never_loses)


@upholds("SOL-4")
class TestRule:
    """A swap's result follows from the request and the registers alone."""

    @given(cases())
    @thousands
    def test_compute_out__any_pool__is_the_floor(self, case: Case) -> None:
        check_floor(case)

    @given(cases())
    @thousands
    def test_apply_swap__any_requests__follows_the_page(self, case: Case) -> None:
        check_rule(case)

    @given(cases())
    @thousands
    def test_apply_swap__refund__changes_nothing(self, case: Case) -> None:
        check_refund_changes_nothing(case)

    @given(cases())
    @thousands
    def test_apply_swap__any_requests__pools_never_lose(self, case: Case) -> None:
        check_pool_never_loses(case)


def test_cases__every_outcome__is_common() -> None:
    seen: Counter[RefundReason | None] = Counter()

    @given(cases())
    @at_least(500)
    def collect(case: Case) -> None:
        seen.update(step.outcome.reason for step in run(case))

    collect()
    assert all(seen[reason] >= 20 for reason in (None, *RefundReason)), seen


@given(swap_requests())
@tries(500)
def test_check_request__well_formed__passes(request: SwapRequest) -> None:
    check_request(request, MINIMAL)


@given(inadmissible_requests())
@tries(500)
def test_check_request__inadmissible__is_refused(case: tuple[SwapRequest, type[ZkLinkError]]) -> None:
    request, error = case
    with pytest.raises(error):
        check_request(request, MINIMAL)


LAST_TOKEN = TokenId(MINIMAL.token_limit - 1)
EDGES = SwapRequest(
    source=ChainId(1),
    destination=ChainId(MAX_CHAINS),
    request_id=RequestId(1),
    token_in=TokenId(1),
    token_out=LAST_TOKEN,
    amount=Amount(10),
    min_out=Amount(1),
    operator_fee=Amount(9),
    fill_fee=Amount(0),
    deadline=1,
    queued_at=1,
    recipient=bytes(31) + b"\1",
    refund_to=bytes(31) + b"\2",
)
"""Every field at one of its bounds; the others are in the cases of the next test."""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"source": MAX_CHAINS, "destination": 1},
        {"token_in": LAST_TOKEN, "token_out": 0},
        {"token_in": 0},
        {"via": LAST_TOKEN, "token_out": 2},
    ],
    ids=str,
)
def test_check_request__at_its_bounds__passes(changes: dict[str, Any]) -> None:
    check_request(replace(EDGES, **changes), MINIMAL)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source": 0}, "its source is not a chain"),
        ({"source": MAX_CHAINS + 1}, "its source is not a chain"),
        ({"destination": 0}, "its destination is not a chain"),
        ({"destination": MAX_CHAINS + 1}, "its destination is not a chain"),
        ({"token_in": -1}, "its token in is not in the tree"),
        ({"token_in": MINIMAL.token_limit}, "its token in is not in the tree"),
        ({"token_out": -1}, "its token out is not in the tree"),
        ({"token_out": MINIMAL.token_limit}, "its token out is not in the tree"),
        ({"operator_fee": 10}, "its operator fee is not below its amount"),
        ({"via": -1}, "its token between is not in the tree"),
        ({"via": MINIMAL.token_limit}, "its token between is not in the tree"),
        ({"via": 1}, "its route does not have three different tokens"),
        ({"via": LAST_TOKEN}, "its route does not have three different tokens"),
    ],
    ids=str,
)
def test_check_request__beyond_its_bounds__is_refused_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InadmissibleRequest, match=reason):
        check_request(replace(EDGES, **changes), MINIMAL)


@given(malformed_requests())
@tries(500)
def test_check_request__malformed__is_refused(case: tuple[SwapRequest, type[ZkLinkError]]) -> None:
    with pytest.raises(ZkLinkError):
        check_request(case[0], MINIMAL)


def _ceil(dx: int, x: int, y: int, fee: int) -> Amount:
    g = dx * (FEE_DENOMINATOR - fee)
    return Amount(-(-y * g // (x * FEE_DENOMINATOR + g)))


def _without_fee(dx: int, x: int, y: int, fee: int) -> Amount:
    return Amount(y * dx // (x + dx))


def _rounded(dx: int, x: int, y: int, fee: int) -> Amount:
    g = dx * (FEE_DENOMINATOR - fee)
    return Amount(round(Fraction(y * g, x * FEE_DENOMINATOR + g)))


@pytest.mark.parametrize("mutant", [_ceil, _without_fee, _rounded])
def test_check_floor__wrong_division__refutes(monkeypatch: pytest.MonkeyPatch, mutant: Callable[..., Amount]) -> None:
    monkeypatch.setattr(swap, "compute_out", mutant)
    check_refuted(check_floor, cases())


def test_check_rule__deadline_exclusive__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.compute_swap
    monkeypatch.setattr(swap, "compute_swap", lambda r, pools, reserve, now: original(r, pools, reserve, now + 1))
    check_refuted(check_rule, cases())


def test_check_rule__reserve_not_checked__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.compute_swap
    monkeypatch.setattr(swap, "compute_swap", lambda r, pools, reserve, now: original(r, pools, 1 << 112, now))
    check_refuted(check_rule, cases())


def test_check_rule__reserve_exclusive__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.compute_swap
    monkeypatch.setattr(swap, "compute_swap", lambda r, pools, reserve, now: original(r, pools, reserve - 1, now))
    check_refuted(check_rule, cases())


def test_check_refund_changes_nothing__fee_kept_on_refund__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.apply_swap

    def mutant(registers: swap.Registers, request: SwapRequest, timestamp: int) -> object:
        result = original(registers, request, timestamp)
        if not result[0].is_paid:
            row = registers.tokens[request.token_in]
            registers.tokens[request.token_in] = row.add(request.source, request.operator_fee, request.operator_fee)
        return result

    monkeypatch.setattr(swap, "apply_swap", mutant)
    check_refuted(check_refund_changes_nothing, cases())


def test_check_pool_never_loses__out_taken_twice__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Pool.traded
    monkeypatch.setattr(Pool, "traded", lambda pool, a, b, dx, out: original(pool, a, b, dx, 2 * out))
    check_refuted(check_pool_never_loses, cases())
