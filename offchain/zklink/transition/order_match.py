"""The match of two orders: one order slot, the maker's side first (docs/protocol.md, section 5.13)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zklink.operations.order import Order
from zklink.operations.order_match import OrderData, OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import (
    FieldInvalid,
    NothingToMatch,
    OperationError,
    OrderFilled,
    OrderReplaced,
    OrdersDoNotMatch,
    PricesDoNotCross,
    SameToken,
)
from zklink.protocol.ids import FEE_DENOMINATOR, AccountId, Amount, Nonce, OrderSlot, TokenId
from zklink.protocol.words import ORDER_DATA_WORDS
from zklink.state.account import OrderLeaf
from zklink.state.state import State
from zklink.transition.account_openings import AccountOpening, OpenSide
from zklink.transition.block_frame import Record
from zklink.transition.checks import Trial, check_account, check_fees, check_signature, check_time, check_token
from zklink.transition.context import Context
from zklink.transition.hot_rows import accrue
from zklink.transition.order_price import Fill, compute_largest, compute_match, is_crossing


@dataclass(frozen=True, slots=True)
class MatchSlot:
    """An order slot as it was carried out; the sides are those before it. `match` is None for the empty slot."""

    match: OrderMatch | None
    fill: Fill
    maker: AccountOpening
    taker: AccountOpening

    @property
    def sides(self) -> tuple[AccountOpening, ...]:
        """The openings of accounts, in the order in which they are proven."""
        return (self.maker, self.taker)

    def with_sides(self, sides: Sequence[AccountOpening]) -> "MatchSlot":
        """The same slot with other openings, as many."""
        maker, taker = sides
        return replace(self, maker=maker, taker=taker)

    @property
    def is_used(self) -> bool:
        """Whether an operation stands in it."""
        return self.match is not None

    def data(self) -> OrderData | None:
        """The record of slice 0."""
        return None if self.match is None else self.match.data(self.fill.amount_a, self.fill.amount_b)

    def records(self) -> Iterator[Record]:
        """The data."""
        if (data := self.data()) is not None:
            yield 0, data.words()

    def elements(self) -> tuple[int, ...]:
        """d0, d1."""
        data = self.data()
        return (0,) * ORDER_DATA_WORDS if data is None else data.words()


NO_FILL: Final = Fill(Amount(0), Amount(0), Amount(0), Amount(0))


def check_order_match(state: State, match: OrderMatch, context: Context) -> None:
    """Errors of both signers, their balances and orders; OrdersDoNotMatch, PricesDoNotCross, NothingToMatch."""
    maker, taker = match.maker.operation, match.taker.operation
    sold, bought = (maker.token_sell, maker.token_buy), (taker.token_buy, taker.token_sell)
    if sold != bought:
        raise OrdersDoNotMatch(maker.token_sell, maker.token_buy, taker.token_sell, taker.token_buy)
    if maker.token_sell == maker.token_buy:
        raise SameToken(maker.token_sell)
    for signed in (match.maker, match.taker):
        check_order(state, signed, context)
    fill = compute_fill(state, match)
    if not is_crossing(taker, fill):
        raise PricesDoNotCross(*fill[:2], -(-fill.amount_b * taker.amount_buy // max(taker.amount_sell, 1)))
    _try(state, match, fill)


def apply_order_match(state: State, match: OrderMatch, context: Context) -> MatchSlot:
    """Exchange the amounts, and record how far both orders are filled."""
    maker, taker = match.maker.operation, match.taker.operation
    fill = compute_fill(state, match)
    first = _apply_side(state, maker, fill.amount_a, fill.amount_b - fill.fee_maker, context)
    second = _apply_side(state, taker, fill.amount_b, fill.amount_a - fill.fee_taker, context)
    accrue(state, maker.token_buy, fill.fee_maker)
    accrue(state, taker.token_buy, fill.fee_taker)
    return MatchSlot(match, fill, first, second)


def open_empty_match(state: State, context: Context) -> MatchSlot:
    """The empty order slot: account 0, token 0 and order slot 0 on both sides, left as they are."""
    sides: list[AccountOpening] = []
    for _ in range(2):
        side = OpenSide(state, AccountId(0), context.with_paths)
        side.move(TokenId(0), 0)
        side.move(TokenId(0), 0)
        side.open_order(OrderSlot(0))
        sides.append(side.close())
    return MatchSlot(None, NO_FILL, *sides)


def compute_fill(state: State, match: OrderMatch) -> Fill:
    """The amounts that two orders of one pair exchange on this state; NothingToMatch, OrderReplaced."""
    maker, taker = match.maker.operation, match.taker.operation
    if not maker.amount_sell:
        raise NothingToMatch(0, taker.amount_sell)
    return compute_match(maker, taker, _compute_amount(state, match))


def compute_filled(leaf: OrderLeaf, order_nonce: Nonce) -> Amount | None:
    """The filled amount of an order, from its slot's leaf; None if a newer order has replaced it."""
    nonce, filled = leaf
    if order_nonce < nonce:
        return None
    return filled if order_nonce == nonce else Amount(0)


def check_order(state: State, signed: Signed[Order], context: Context) -> None:
    """Errors of one signed order alone: FieldInvalid, NoSuchToken, NoSuchAccount, OperationExpired, OrderReplaced,
    OrderFilled, WrongKey, SignatureInvalid.
    """
    order, preset = signed.operation, context.preset
    for token in (order.token_sell, order.token_buy):
        check_token(token, preset.token_limit)
    if not 0 <= order.slot < preset.order_slots:
        raise FieldInvalid("order", "slot", order.slot, f"below {preset.order_slots}")
    if not 0 <= order.fee_rate < FEE_DENOMINATOR:
        raise FieldInvalid("order", "fee_rate", order.fee_rate, f"below {FEE_DENOMINATOR}")
    account = check_account(state, order.account)
    check_time(order.account, order.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    _read_filled(state.order(order.account, order.slot), order)


def _read_filled(leaf: OrderLeaf, order: Order) -> Amount:
    filled = compute_filled(leaf, order.order_nonce)
    if filled is None:
        raise OrderReplaced(order.account, order.slot, order.order_nonce, leaf[0])
    return filled


def _compute_amount(state: State, match: OrderMatch) -> Amount:
    """The matcher's amount, or the largest possible; NothingToMatch if it is 0 because an order or a balance is used
    up.
    """
    if match.amount_a is not None and match.amount_a > 0:
        return match.amount_a
    maker, taker = match.maker.operation, match.taker.operation
    left = [
        max(order.amount_sell - _read_filled(state.order(order.account, order.slot), order), 0)
        for order in (maker, taker)
    ]
    cap = 0 if match.amount_a is not None else _compute_cap(state, match, *left)
    if not cap:
        raise NothingToMatch(*left)
    return compute_largest(maker, taker, cap) or Amount(cap)


def _compute_cap(state: State, match: OrderMatch, left_maker: int, left_taker: int) -> int:
    """The largest amount that both orders and all balances allow, whatever the prices; 0 if there is none.

    An amount that is allowed allows every smaller one. Maker and taker may be the same account.
    """
    maker, taker = match.maker.operation, match.taker.operation
    high = min(left_maker, state.balance(maker.account, maker.token_sell))
    if maker.account != taker.account and maker.amount_buy:
        most_b = min(left_taker, state.balance(taker.account, taker.token_sell))
        high = min(high, most_b * maker.amount_sell // maker.amount_buy)
    low = 0
    middle = high
    while low < high:
        try:
            _try(state, match, compute_match(maker, taker, middle))
            low = middle
        except OperationError:
            high = middle - 1
        middle = (low + high + 1) // 2
    return low


def _try(state: State, match: OrderMatch, fill: Fill) -> None:
    """BalanceTooSmall, BalanceOverflow, OrderFilled or OrderReplaced if the state does not allow the exchange."""
    maker, taker = match.maker.operation, match.taker.operation
    trial = Trial(state)
    leaf = _fill_order(state.order(maker.account, maker.slot), maker, fill.amount_a)
    trial.move(maker.account, maker.token_sell, -fill.amount_a)
    trial.move(maker.account, maker.token_buy, fill.amount_b - fill.fee_maker)
    is_same_leaf = (maker.account, maker.slot) == (taker.account, taker.slot)
    _fill_order(leaf if is_same_leaf else state.order(taker.account, taker.slot), taker, fill.amount_b)
    trial.move(taker.account, taker.token_sell, -fill.amount_b)
    trial.move(taker.account, taker.token_buy, fill.amount_a - fill.fee_taker)
    check_fees(state, maker.token_buy, 0, fill.fee_maker)
    check_fees(state, taker.token_buy, 0, fill.fee_taker)


def _fill_order(leaf: OrderLeaf, order: Order, amount: int) -> OrderLeaf:
    filled = _read_filled(leaf, order)
    if filled + amount > order.amount_sell:
        raise OrderFilled(order.account, order.slot, max(order.amount_sell - filled, 0), amount)
    return order.order_nonce, Amount(filled + amount)


def _apply_side(state: State, order: Order, sold: int, bought: int, context: Context) -> AccountOpening:
    side = OpenSide(state, order.account, context.with_paths)
    side.move(order.token_sell, -sold)
    side.move(order.token_buy, bought)
    leaf = side.open_order(order.slot)
    state.set_order(order.account, order.slot, *_fill_order(leaf, order, sold))
    return side.close()
