"""Stories of the account lane on the pure core: the page's rules twice, conservation, refusals that change nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given

from tests.strategies import NOW, Dice, rolled
from tests.support.account_rule import PlainLane
from tests.support.account_world import OPERATOR, Roller, context, roll_state
from tests.support.refute import check_refuted
from tests.support.tries import at_least, tries
from tests.support.upholds import upholds
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.transfer import Transfer
from zklink.protocol.errors import ConservationBroken, OperationError, PoolsMiscounted, ZkLinkError
from zklink.protocol.ids import FEE_DENOMINATOR, AccountId, Amount, Nonce, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.account import Account
from zklink.state.conservation import check_conservation
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State
from zklink.transition import add_liquidity, checks, ledger_slot, order_match, order_price, transfer
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot
from zklink.transition.order_match import MatchSlot
from zklink.transition.order_price import Fill
from zklink.transition.rules import RULES, AccountOperation, AccountSlot, apply_operation, check_operation, type_of

OPERATIONS_PER_STORY = 6


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything in a state that is not nothing."""

    accounts: dict[AccountId, Account]
    rows: dict[TokenId, TokenRow]
    pools: dict[PoolId, Pool]

    @classmethod
    def of(cls, state: State) -> "Snapshot":
        """A state as it is now."""
        rows = {token: row for token, row in state.tokens() if any(row.reserves) or row.fees}
        return cls(dict(state.accounts()), rows, dict(state.pools()))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One operation of a story: `slot` is None and `error` says why if it was refused."""

    operation: AccountOperation
    slot: AccountSlot | None
    error: ZkLinkError | None
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True, slots=True)
class Attempts:
    """A random state, as the page's rules see it, and operations that were tried on it one after the other."""

    lane: PlainLane
    steps: tuple[Attempt, ...]


def tell(dice: Dice) -> Attempts:
    """Roll a story."""
    state = roll_state(dice)
    lane, roller = PlainLane(state, NOW), Roller(dice, state)
    steps: list[Attempt] = []
    for _ in range(OPERATIONS_PER_STORY):
        operation = roller.roll()
        before = steps[-1].after if steps else Snapshot.of(state)
        slot, refusal = None, None
        try:
            check_operation(state, operation, context())
        except ZkLinkError as error:
            refusal = error
        else:
            slot = apply_operation(state, operation, context())
        steps.append(Attempt(operation, slot, refusal, before, Snapshot.of(state)))
    return Attempts(lane, tuple(steps))


stories = rolled(tell, size=1_500)


def check_follows_the_page(story: Attempts) -> None:
    """Valid exactly where the page says so, with exactly its effect."""
    for step in story.steps:
        operation = step.operation
        if isinstance(operation, OrderMatch) and operation.amount_a is None:
            if not isinstance(step.slot, MatchSlot):
                continue
            operation = replace(operation, amount_a=step.slot.fill.amount_a)
        assert story.lane.apply(operation) == (step.slot is not None), step
        assert story.lane.matches(step.after.accounts, step.after.rows, step.after.pools), step


def check_conserves(story: Attempts) -> None:
    """Books balance after every operation: each registered token's, each LP token's, and the number of pools."""
    for step in story.steps:
        after = step.after
        try:
            check_conservation(MINIMAL.lp_base, after.rows, after.pools, after.accounts.values())
        except (ConservationBroken, PoolsMiscounted) as error:
            raise AssertionError(f"{error} after {step}") from error


def check_refusal_changes_nothing(story: Attempts) -> None:
    """A refused operation leaves every account, row and pool as it was."""
    for step in story.steps:
        assert step.slot is not None or step.before == step.after, step


def check_pools_never_lose(story: Attempts) -> None:
    """What a share is worth never falls: for supply s, x * y / s^2 never does, as long as there are shares."""
    for step in story.steps:
        for pair, old in step.before.pools.items():
            new = step.after.pools[pair]
            if old.lp_supply and new.lp_supply:
                worth = new.reserve_lower * new.reserve_higher * old.lp_supply**2
                assert worth >= old.reserve_lower * old.reserve_higher * new.lp_supply**2, step


def check_orders_get_their_price(story: Attempts) -> None:
    """The maker gets its price and less than one unit more, the taker its price or better; no fee is rounded up, and
    no order sells more than it offers.
    """
    for step in story.steps:
        if not isinstance(step.slot, MatchSlot) or step.slot.match is None:
            continue
        maker, taker = step.slot.match.maker.operation, step.slot.match.taker.operation
        a, b, fee_maker, fee_taker = step.slot.fill
        assert a * maker.amount_buy <= b * maker.amount_sell < a * maker.amount_buy + maker.amount_sell
        assert a * taker.amount_sell >= b * taker.amount_buy
        for order, fee, got in ((maker, fee_maker, b), (taker, fee_taker, a)):
            assert fee * FEE_DENOMINATOR <= got * order.fee_rate
        for order in {(order.account, order.slot): order for order in (maker, taker)}.values():
            nonce, filled = step.after.accounts[order.account].orders[order.slot]
            assert nonce == order.order_nonce
            assert filled <= order.amount_sell


PROPERTIES = (
    check_follows_the_page,
    check_conserves,
    check_refusal_changes_nothing,
    check_pools_never_lose,
    check_orders_get_their_price,
)


@upholds("SOL-2")
class TestLane:
    """Operations of the account lane do what the page says, conserve every token, and refused ones do nothing."""

    @given(stories)
    @tries(600)
    def test_apply_operation__any_story__keeps_every_property(self, story: Attempts) -> None:
        for check in PROPERTIES:
            check(story)


def is_own_party(step: Attempt) -> set[str]:
    """Which of the self cases of CIR-7 an applied operation is."""
    operation, slot, cases = step.operation, step.slot, set()
    if isinstance(slot, LedgerSlot) and isinstance(operation, Signed):
        if isinstance(operation.operation, Transfer) and slot.a.account == slot.b.account:
            cases.add("transfer to self")
        if slot.a.account == OPERATOR and slot.plan.fee:
            cases.add("operator pays a fee")
    if isinstance(operation, OrderMatch) and slot is not None:
        maker, taker = operation.maker.operation, operation.taker.operation
        if maker.account == taker.account:
            cases.add("maker is taker, one slot" if maker.slot == taker.slot else "maker is taker")
    return cases


@upholds("CIR-7")
def test_stories__every_operation_and_self_case__is_common() -> None:
    applied: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    @given(stories)
    @at_least(300)
    def collect(story: Attempts) -> None:
        for step in story.steps:
            applied.update(is_own_party(step))
            if step.slot is not None:
                applied[type_of(step.operation).__name__] += 1
            else:
                refused[type(step.error).__name__] += 1

    collect()
    wanted = {type_.__name__ for type_ in RULES} | {"transfer to self", "operator pays a fee", "maker is taker"}
    assert all(applied[name] >= 5 for name in wanted), applied
    assert len(refused) >= 12, refused


def _refutes(check: Callable[[Attempts], None]) -> None:
    check_refuted(lambda dice: check(tell(dice)), rolled(lambda dice: dice, size=1_500), examples=400)


def _b_before_a(state: State, plan: LedgerPlan, context: Context) -> LedgerSlot:
    """Side B computed from the balance that it had before side A."""
    data = plan.data
    before = state.balance(data.target, data.token)
    slot = ledger_slot.apply_plan(state, plan, context)
    state.set_balance(data.target, data.token, Amount(before + plan.credit))
    return slot


# breaks: SOL-2
def test_check_conserves__side_b_opened_before_side_a__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "apply_plan", _b_before_a)
    _refutes(check_conserves)


def test_check_refusal_changes_nothing__nonce_used_up__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(state: State, plan: LedgerPlan) -> None:
        try:
            ledger_slot.check_plan(state, plan)
        except OperationError:
            state.set_nonce(plan.data.account, Nonce(plan.nonce + 1))
            raise

    monkeypatch.setattr(transfer, "check_plan", mutant)
    _refutes(check_refusal_changes_nothing)


def _floor(dividend: int, divisor: int) -> int:
    return dividend // divisor


def test_check_pools_never_lose__liquidity_for_less__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(add_liquidity, "_ceil", _floor)
    _refutes(check_pools_never_lose)


def _fee_rounded_up(maker: Order, taker: Order, amount_a: int) -> Fill:
    a, b, _, _ = order_price.compute_match(maker, taker, amount_a)
    fees = (Amount(-(-got * order.fee_rate // FEE_DENOMINATOR)) for got, order in ((b, maker), (a, taker)))
    return Fill(a, b, *fees)


def _price_rounded_down(maker: Order, taker: Order, amount_a: int) -> Fill:
    fill = order_price.compute_match(maker, taker, amount_a)
    return fill._replace(amount_b=Amount(amount_a * maker.amount_buy // maker.amount_sell))


@pytest.mark.parametrize("mutant", [_fee_rounded_up, _price_rounded_down])
def test_check_orders_get_their_price__rounded_wrongly__refutes(
    monkeypatch: pytest.MonkeyPatch, mutant: Callable[[Order, Order, int], Fill]
) -> None:
    monkeypatch.setattr(order_match, "compute_match", mutant)
    _refutes(check_orders_get_their_price)


def test_check_follows_the_page__older_order_continued__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_match, "compute_filled", lambda leaf, nonce: leaf[1])
    _refutes(check_follows_the_page)


def test_check_follows_the_page__expiry_exclusive__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = checks.check_time
    monkeypatch.setattr(checks, "check_time", lambda account, until, ctx: original(account, until - 1, ctx))
    _refutes(check_follows_the_page)
