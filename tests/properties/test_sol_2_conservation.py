"""SOL-2: the books balance."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given

from tests.strategies import Case, block_cases, cases
from tests.support.refute import check_refuted
from tests.support.rule import run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import ConservationBroken
from zklink.protocol.ids import MAX_CHAINS, Amount, BlockNumber, ChainId, Kind, TokenId
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition import swap_block


def check_conserves(case: Case) -> None:
    """After every slot, per token: reserves over all chains = pool reserves + accrued fees."""
    for step in run(case):
        rows, pools = step.registers.tokens, step.registers.pools
        for token, row in rows.items():
            pooled = sum(
                pool.reserve_lower if token == lower else pool.reserve_higher
                for (lower, higher), pool in pools.items()
                if token in (lower, higher)
            )
            assert sum(row.reserves) == pooled + row.fees


def check_flow(case: Case) -> None:
    """Reserves move by exactly what came in on the source and goes out to the recipient, on no other chain."""
    for step in run(case):
        request, payout = step.request, step.payout
        expected: Counter[tuple[int, int]] = Counter()
        if payout.kind == Kind.SWAP_PAID:
            expected[request.token_in, request.source] += request.amount
            expected[payout.token, payout.chain] -= payout.amount
        before, after = step.before[0], step.after[0]
        for token, (old, new) in zip(step.registers.tokens, zip(before, after, strict=True), strict=True):
            for k in range(MAX_CHAINS):
                assert new.reserves[k] - old.reserves[k] == expected[token, k + 1]


def check_block_conserves(case: Case) -> None:
    """The state that a whole block leaves behind balances."""
    state = case.state()
    swap_block.apply_block(state, case.requests, BlockNumber(1), case.timestamp, 1, state.preset)
    try:
        state.check_conservation()
    except ConservationBroken as error:
        raise AssertionError(str(error)) from error


@upholds("SOL-2")
class TestConservation:
    """Per token: sum of the reserves = pool reserves + accrued fees, after every slot and every block."""

    @given(cases())
    @tries(1_000)
    def test_apply_swap__any_requests__conserves(self, case: Case) -> None:
        check_conserves(case)

    @given(cases())
    @tries(1_000)
    def test_apply_swap__any_requests__moves_only_its_own_reserves(self, case: Case) -> None:
        check_flow(case)

    @given(block_cases())
    @tries(40)
    def test_apply_block__any_requests__conserves(self, case: Case) -> None:
        check_block_conserves(case)


def _credited_out_twice(pool: Pool, token_in: int, token_out: int, dx: int, out: int) -> Pool:
    sign = 1 if token_in < token_out else -1
    lower, higher = (dx, -2 * out)[::sign]
    return Pool(pool.reserve_lower + lower, pool.reserve_higher + higher, pool.lp_supply, pool.fee, pool.lp_token)


def _fee_forgotten(row: TokenRow, chain: int, delta: int, fee: int = 0) -> TokenRow:
    reserves = [reserve + delta * (k == chain) for k, reserve in enumerate(row.reserves, start=1)]
    return TokenRow(tuple(reserves), row.fees)


def _only_the_net_amount_came_in(row: TokenRow, chain: int, delta: int, fee: int = 0) -> TokenRow:
    reserves = [reserve + (delta - fee) * (k == chain) for k, reserve in enumerate(row.reserves, start=1)]
    return TokenRow(tuple(reserves), row.fees + fee)


MUTANTS = (
    (Pool, "traded", _credited_out_twice),
    (TokenRow, "add", _fee_forgotten),
    (TokenRow, "add", _only_the_net_amount_came_in),
)


# breaks: SOL-2
@pytest.mark.parametrize(("owner", "name", "mutant"), MUTANTS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_check_conserves__mutant__refutes(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, mutant: Callable[..., object]
) -> None:
    monkeypatch.setattr(owner, name, mutant)
    check_refuted(check_conserves, cases())


# breaks: SOL-2
def test_check_flow__paid_on_the_source__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = TokenRow.add
    monkeypatch.setattr(TokenRow, "add", lambda row, chain, delta, fee=0: original(row, ChainId(1), delta, fee))
    check_refuted(check_flow, cases())


def test_check_flow__payout_of_another_amount__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Payout.paid

    def mutant(request: SwapRequest, out: Amount, between: Amount) -> Payout:
        return original(request, Amount(out - request.fill_fee), between)

    monkeypatch.setattr(Payout, "paid", mutant)
    check_refuted(check_flow, cases())


def test_check_block_conserves__a_row_not_written__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = State.set_token

    def mutant(state: State, token_id: TokenId, row: TokenRow) -> None:
        if token_id != 1 or row.fees == 0:
            original(state, token_id, row)

    monkeypatch.setattr(State, "set_token", mutant)
    check_refuted(check_block_conserves, block_cases(), examples=200)
