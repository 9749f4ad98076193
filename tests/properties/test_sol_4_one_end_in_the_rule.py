"""SOL-4, as far as the rule goes: every request of a block ends once, paid or refunded, and in full."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from tests.strategies import Case, cases
from tests.support.refute import check_refuted
from tests.support.rule import run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, Kind
from zklink.state.rows import Pool
from zklink.transition import swap


def check_one_outcome(case: Case) -> None:
    """One payout per request, which names it: the output on its destination, or all of it back on its source."""
    for step in run(case):
        request, payout = step.request, step.payout
        assert (payout.source, payout.id) == (request.source, request.request_id)
        if step.outcome.is_paid:
            assert payout == Payout(
                kind=Kind.SWAP_PAID,
                source=request.source,
                chain=request.destination,
                id=request.request_id,
                token=request.token_out,
                amount=step.outcome.out,
                recipient=request.recipient,
                fill_fee=request.fill_fee,
                between=step.outcome.between,
            )
            assert payout.amount > 0
            assert payout.amount - payout.fill_fee >= request.min_out
        else:
            assert payout == Payout(
                kind=Kind.SWAP_REFUNDED,
                source=request.source,
                chain=request.source,
                id=request.request_id,
                token=request.token_in,
                amount=request.amount,
                recipient=request.refund_to,
                fill_fee=Amount(0),
            )


@upholds("SOL-4")
class TestOneOutcome:
    """Exactly one of paid and refunded: never less than min_out net of the fill fee, never less than all of it back."""

    @given(cases())
    @tries(1_000)
    def test_apply_swap__any_request__ends_once(self, case: Case) -> None:
        check_one_outcome(case)


# breaks: SOL-4
def test_check_one_outcome__refund_less_fee__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Payout.refunded

    def mutant(request: SwapRequest) -> Payout:
        return original(replace(request, amount=Amount(request.amount - request.operator_fee)))

    monkeypatch.setattr(Payout, "refunded", mutant)
    check_refuted(check_one_outcome, cases())


def test_check_one_outcome__minimum_before_the_fill_fee__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.compute_swap

    def mutant(request: SwapRequest, pools: Sequence[Pool], reserve: int, timestamp: int) -> swap.SwapOutcome:
        return original(replace(request, fill_fee=Amount(0)), pools, reserve, timestamp)

    monkeypatch.setattr(swap, "compute_swap", mutant)
    check_refuted(check_one_outcome, cases())


def test_check_one_outcome__refund_to_the_recipient__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Payout.refunded

    def mutant(request: SwapRequest) -> Payout:
        return replace(original(request), recipient=request.recipient)

    monkeypatch.setattr(Payout, "refunded", mutant)
    check_refuted(check_one_outcome, cases())
