"""SOL-3, as far as the rule goes: no block pays more on a chain than that chain holds."""

from collections import Counter

import pytest
from hypothesis import given

from tests.strategies import Case, cases
from tests.support.refute import check_refuted
from tests.support.rule import run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.protocol.ids import ChainId, Kind
from zklink.state.rows import TokenRow
from zklink.transition import swap


def check_pessimism(case: Case) -> None:
    """On every chain and token, what is paid so far is at most the reserve at first plus what paid requests brought."""
    inflow: Counter[tuple[int, int]] = Counter()
    paid: Counter[tuple[int, int]] = Counter()
    for token, row in case.rows.tokens.items():
        inflow.update({(token, k): reserve for k, reserve in enumerate(row.reserves, start=1)})
    for step in run(case):
        if step.payout.kind == Kind.SWAP_PAID:
            paid[step.payout.token, step.payout.chain] += step.payout.amount
            assert paid[step.payout.token, step.payout.chain] <= inflow[step.payout.token, step.payout.chain]
            inflow[step.request.token_in, step.request.source] += step.request.amount
        for row in step.registers.tokens.values():
            assert min(row.reserves) >= 0


@upholds("SOL-3")
class TestPessimism:
    """A payout never exceeds the reserve of its token on its chain, whatever came before it in the block."""

    @given(cases())
    @tries(1_000)
    def test_apply_swap__any_requests__pays_within_the_reserve(self, case: Case) -> None:
        check_pessimism(case)


# breaks: SOL-3
def test_check_pessimism__reserve_not_checked__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.compute_swap
    monkeypatch.setattr(swap, "compute_swap", lambda r, pools, reserve, now: original(r, pools, 1 << 112, now))
    check_refuted(check_pessimism, cases())


def test_check_pessimism__reserve_of_all_chains__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenRow, "reserve", lambda row, chain: sum(row.reserves))
    check_refuted(check_pessimism, cases())


def test_check_pessimism__reserve_of_the_source__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = TokenRow.reserve
    monkeypatch.setattr(TokenRow, "reserve", lambda row, chain: original(row, ChainId(1)))
    check_refuted(check_pessimism, cases())
