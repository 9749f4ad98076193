"""CIR-7, as far as the rule goes: the same token or the same chain on both sides inflates nothing."""

from dataclasses import replace

import pytest
from hypothesis import given

from tests.strategies import Case, cases
from tests.support.refute import check_refuted
from tests.support.rule import run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import NO_TOKEN
from zklink.state.rows import TokenRow
from zklink.transition import swap


def _onto_itself(case: Case, same_token: bool, same_chain: bool) -> Case:
    def turn(request: SwapRequest) -> SwapRequest:
        if same_token:
            request = replace(request, token_out=request.token_in, via=NO_TOKEN)
        if same_chain:
            request = replace(request, destination=request.source)
        return request

    return replace(case, requests=tuple(map(turn, case.requests)))


def check_same_token(case: Case) -> None:
    """X = Y: the recipient gets amount - operator_fee, the fee accrues, no pool moves."""
    for step in run(_onto_itself(case, same_token=True, same_chain=False)):
        request = step.request
        assert step.outcome.out == request.amount - request.operator_fee
        assert step.before[1] == step.after[1]
        total = sum(sum(row.reserves) - row.fees for row in step.after[0])
        assert total == sum(sum(row.reserves) - row.fees for row in step.before[0])


def check_same_everything(case: Case) -> None:
    """X = Y and A = B (which bridges refuse): only the operator fee stays behind, and it is owed to the operator."""
    for step in run(_onto_itself(case, same_token=True, same_chain=True)):
        index = list(step.registers.tokens).index(step.request.token_in)
        old, new = step.before[0][index], step.after[0][index]
        kept = step.request.operator_fee if step.outcome.is_paid else 0
        assert sum(new.reserves) - sum(old.reserves) == kept == new.fees - old.fees


@upholds("CIR-7")
class TestSelfTrades:
    """Same token, same chain, or both: defined, and nothing comes from nowhere."""

    @given(cases())
    @tries(1_000)
    def test_apply_swap__same_token__is_a_reserve_move(self, case: Case) -> None:
        check_same_token(case)

    @given(cases())
    @tries(1_000)
    def test_apply_swap__same_token_and_chain__keeps_only_the_fee(self, case: Case) -> None:
        check_same_everything(case)


def _apply_from_stale_rows(
    registers: swap.Registers, request: SwapRequest, timestamp: int
) -> tuple[swap.SwapOutcome, object]:
    """The classic mistake: both rows are read before either is written, so the second write loses the first."""
    rows = dict(registers.tokens)
    outcome, payout = ORIGINAL(registers, request, timestamp)
    if outcome.is_paid:
        row = rows[request.token_out]
        registers.tokens[request.token_out] = row.add(request.destination, -outcome.out)
    return outcome, payout


ORIGINAL = swap.apply_swap


@pytest.mark.parametrize("property_", [check_same_token, check_same_everything])
def test_properties__stale_rows__refute(monkeypatch: pytest.MonkeyPatch, property_: object) -> None:
    monkeypatch.setattr(swap, "apply_swap", _apply_from_stale_rows)
    check_refuted(property_, cases())  # type: ignore[arg-type]


# breaks: CIR-7
def test_check_same_everything__fee_from_nowhere__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = TokenRow.add
    monkeypatch.setattr(TokenRow, "add", lambda row, chain, delta, fee=0: original(row, chain, delta, 2 * fee))
    check_refuted(check_same_everything, cases())
