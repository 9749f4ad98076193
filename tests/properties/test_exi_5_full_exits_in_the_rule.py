"""EXI-5, as far as the rule goes: a serving of a full exit is fixed by the state, and consumes the request only when
nothing is left to pay."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given

from tests.properties.star_model.money import CHAINS as MODEL_CHAINS
from tests.properties.star_model.money import ExitRules, change
from tests.strategies import NOW, Dice, rolled
from tests.support.refute import check_refuted
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.payout import Payout
from zklink.protocol.chain_sets import ALL_CHAINS, make_chain_set, with_chain
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    MAX_CHAINS,
    AccountId,
    Amount,
    BlockNumber,
    ChainId,
    ChainSet,
    RequestId,
    TokenId,
)
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition import full_exit
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.context import Context
from zklink.transition.full_exit import apply_full_exit, compute_serving
from zklink.transition.ledger_slot import LedgerSlot

OWNER, OTHER, SECOND = bytes(31) + b"\x01", bytes(31) + b"\x02", bytes(31) + b"\x03"
ACCOUNT, ELSE, X = AccountId(1), AccountId(2), TokenId(1)
HOME = ChainId(7)
"""So that the chains after it go round."""
WIDE = replace(MINIMAL, account=replace(MINIMAL.account, ledger=MAX_CHAINS + 1))
DEPLOYMENT = b"\x0d" * 32


@dataclass(frozen=True, slots=True)
class Purse:
    """A token's reserves, what the account has of it (all others have the rest), and a request."""

    reserves: tuple[int, ...]
    balance: int
    request: FullExitRequest

    def state(self) -> State:
        """A fresh state."""
        state = State(WIDE)
        state.set_owner(ACCOUNT, OWNER)
        state.set_owner(ELSE, OTHER)
        state.set_balance(ACCOUNT, X, Amount(self.balance))
        state.set_balance(ELSE, X, Amount(sum(self.reserves) - self.balance))
        state.set_token(X, TokenRow(self.reserves, 0))
        return state


def roll_purse(dice: Dice) -> Purse:
    """Some chains hold nothing, some little, some as much as they can; the balance is often all that there is."""
    reserves = tuple(dice.pick((0, 0, dice.below(4), dice.amount(CUSTODY_LIMIT))) for _ in range(MAX_CHAINS))
    total = sum(reserves)
    mask = dice.pick((ALL_CHAINS, ALL_CHAINS, ChainSet(dice.below(ALL_CHAINS + 1)), make_chain_set([HOME])))
    request = FullExitRequest(
        source=HOME,
        request_id=RequestId(1),
        account=ACCOUNT,
        token=X,
        owner=dice.pick((OWNER, OWNER, OWNER, OTHER)),
        second=SECOND,
        mask=with_chain(mask, HOME),
        queued_at=NOW,
    )
    return Purse(reserves, dice.pick((total, total, dice.below(total + 1), min(total, dice.below(9)), 0)), request)


purses = rolled(roll_purse, size=600)


def serve(state: State, request: FullExitRequest, slot: int = 0) -> LedgerSlot:
    """One serving, carried out."""
    return apply_full_exit(state, request, Context(WIDE, 1, NOW, block_number=BlockNumber(4), slot=slot))


def is_final(slot: LedgerSlot) -> bool:
    """Whether the slot consumes its request."""
    assert isinstance(slot.chain_record, FullExitRequest | FullExitPart)
    return isinstance(slot.chain_record, FullExitRequest)


def check_serving(purse: Purse) -> None:
    """Section 5.3, point by point."""
    request, state = purse.request, purse.state()
    payer, amount, final = compute_serving(state, request)
    masked = [k for k in range(1, MAX_CHAINS + 1) if request.mask >> k - 1 & 1]
    behind = {k: (k - HOME) % MAX_CHAINS for k in masked if purse.reserves[k - 1]}
    assert payer == min(behind, key=lambda k: behind[k], default=HOME)
    is_own = request.owner == OWNER
    assert amount == (min(purse.balance, purse.reserves[payer - 1]) if is_own else 0)
    slot = serve(state, request)
    left, row = state.balance(ACCOUNT, X), state.token(X)
    assert left == purse.balance - amount
    assert row.reserves == tuple(r - amount * (k == payer) for k, r in enumerate(purse.reserves, start=1))
    assert final == is_final(slot) == (not is_own or not left or not any(row.reserves[k - 1] for k in masked))
    assert slot.payout is not None
    assert (slot.payout.source, slot.payout.chain, slot.payout.amount) == (HOME, payer, amount)
    assert slot.payout.recipient == (request.owner if payer == HOME else SECOND)
    state.check_conservation()


def check_ends(purse: Purse) -> None:
    """An honest operator is done after one slot for each chain; with all chains in the mask nothing is left then, and
    each serving before the last has emptied a reserve.
    """
    request, state = purse.request, purse.state()
    for _ in range(MAX_CHAINS):
        slot = serve(state, request)
        if is_final(slot):
            break
        assert slot.payout is not None
        assert slot.payout.amount and not state.token(X).reserve(slot.payout.chain)
    else:
        raise AssertionError(f"not done after {MAX_CHAINS} slots: {purse}")
    left = state.balance(ACCOUNT, X)
    if request.owner == OWNER:
        assert not left or not any(state.token(X).reserve(ChainId(k)) for k in range(1, 9) if request.mask >> k - 1 & 1)
        assert not left or request.mask != ALL_CHAINS


def check_model(purse: Purse) -> None:
    """The model of the star does the same, where it has chains and reserves enough: home and the two after it."""
    model, around = ExitRules(), [(HOME - 1 + step) % MAX_CHAINS for step in MODEL_CHAINS]
    reserves = tuple(purse.reserves[k] if step in MODEL_CHAINS else 0 for step, k in enumerate(around))
    mask = tuple(step for step, k in enumerate(around) if purse.request.mask >> k & 1)
    all_reserves = tuple(purse.reserves[k] if k in around else 0 for k in range(MAX_CHAINS))
    balance = min(purse.balance, sum(reserves))
    small = replace(purse, reserves=all_reserves, balance=balance, request=replace(purse.request, owner=OWNER))
    payer, amount, final = compute_serving(small.state(), small.request)
    (paying,) = model.find_paying_chain(reserves, mask)
    (expected,) = model.find_amounts(balance, reserves[paying])
    after = change(reserves, paying, -expected)
    assert (payer - 1, amount) == (around[paying], expected)
    assert final == model.is_final(balance - expected, after, mask, paying)


def apply_block(purse: Purse, servings: int, number: int = 4) -> tuple[State, AccountBlock]:
    """A block with so many servings of the request."""
    state = purse.state()
    block = apply_account_block(state, [purse.request] * servings, BlockNumber(number), NOW, 1, WIDE, with_paths=False)
    return state, block


def list_payouts(block: AccountBlock) -> list[Payout]:
    """All payouts of a block."""
    return [payout for k in range(1, MAX_CHAINS + 1) for payout in block.payouts(ChainId(k))]


def check_keys(purse: Purse) -> None:
    """DAT-4: the servings of one request have payouts with different keys, in one block and in two."""
    first, second = apply_block(purse, 3)[1], apply_block(purse, 2, number=5)[1]
    keys = [payout.fill_key(DEPLOYMENT) for payout in (*list_payouts(first), *list_payouts(second))]
    assert len({*keys}) == 5


@upholds("EXI-5", "SOL-3")
class TestServings:
    """The paying chain, the amount and the end of a full exit are nobody's choice."""

    @given(purses)
    @tries(600)
    def test_compute_serving__any_reserves__is_the_pages(self, purse: Purse) -> None:
        check_serving(purse)

    @given(purses)
    @tries(300)
    def test_apply_full_exit__until_it_is_final__leaves_nothing(self, purse: Purse) -> None:
        check_ends(purse)

    @given(purses)
    @tries(600)
    def test_compute_serving__three_chains__is_the_models(self, purse: Purse) -> None:
        check_model(purse)


@upholds("DAT-4")
class TestKeys:
    """Every serving has a payout of its own."""

    @given(purses)
    @tries(60)
    def test_payout__several_servings__have_keys_of_their_own(self, purse: Purse) -> None:
        check_keys(purse)


def _first_of_the_mask(row: TokenRow, request: FullExitRequest) -> ChainId:
    """Counted from chain 1 and not from home."""
    chains = (ChainId(k) for k in range(1, 9) if request.mask >> k - 1 & 1 and row.reserve(ChainId(k)))
    return next(chains, request.source)


def _any_chain(row: TokenRow, request: FullExitRequest) -> ChainId:
    return full_exit_chain(row, replace(request, mask=ALL_CHAINS))


def _home_only(row: TokenRow, request: FullExitRequest) -> ChainId:
    return request.source


full_exit_chain = full_exit.choose_paying_chain
final_as_it_is = full_exit.is_final_serving
Bug = tuple[str, Callable[..., object]]
SERVING_BUGS: dict[str, Bug] = {
    "counted-from-chain-1": ("choose_paying_chain", _first_of_the_mask),
    "mask-ignored": ("choose_paying_chain", _any_chain),
    "home-only": ("choose_paying_chain", _home_only),
    "pays-the-balance": ("compute_full_exit_amount", lambda balance, reserve: balance),
    "anybodys-account": ("is_of_owner", lambda state, request: True),
    "consumed-by-any-slot": ("is_final_serving", lambda balance, row, request: True),
    "consumed-when-home-is-dry": (
        "is_final_serving",
        lambda balance, row, request: not balance or not row.reserve(request.source),
    ),
    "never-consumed-with-a-balance": ("is_final_serving", lambda balance, row, request: not balance),
}


# breaks: EXI-5, SOL-3
@pytest.mark.parametrize("name", SERVING_BUGS)
def test_check_serving__seeded_bug__refutes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(full_exit, *SERVING_BUGS[name])
    check_refuted(check_serving, purses, examples=300)


@pytest.mark.parametrize("name", ["home-only", "never-consumed-with-a-balance", "consumed-by-any-slot"])
def test_check_ends__seeded_bug__refutes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(full_exit, *SERVING_BUGS[name])
    check_refuted(check_ends, purses, examples=300)


# breaks: EXI-5
def test_check_ends__crumbs__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator pays less than it could, and the request stays for ever."""
    monkeypatch.setattr(full_exit, "compute_full_exit_amount", lambda balance, reserve: Amount(min(balance, 1)))
    check_refuted(check_ends, purses, examples=300)


@pytest.mark.parametrize("name", ["counted-from-chain-1", "consumed-when-home-is-dry"])
def test_check_model__seeded_bug__refutes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(full_exit, *SERVING_BUGS[name])
    check_refuted(check_model, purses, examples=300)


# breaks: DAT-4
@pytest.mark.parametrize("left_out", ["block_number", "slot"])
def test_check_keys__without_block_or_slot__refutes(monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    original = FullExitRequest.payout

    def mutant(request: FullExitRequest, *args: object) -> Payout:
        return replace(original(request, *args), **{left_out: 0})  # type: ignore[arg-type]

    monkeypatch.setattr(FullExitRequest, "payout", mutant)
    check_refuted(check_keys, purses, examples=100)
