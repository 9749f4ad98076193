"""The order book: pairs signed orders whose prices cross, the best price first, the older order first at one price.

Takes orders that were checked; proposes matches on the present state. Only the state knows how much of an order is
filled, so after a block is unsealed the book only needs its orders again. Never decides an amount: the transition does.
Each side is kept sorted, so that a proposal looks only at its two best orders.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from zklink.operations.operation_id import OperationId, compute_id, compute_order_id
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, FieldInvalid, OrderReplaced, QueueFull, ZkLinkError
from zklink.protocol.ids import AccountId, OrderSlot, TokenId
from zklink.sequencer.operation_queue import Pending
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.order_match import check_order, compute_filled

BOOK_LIMIT: Final = 20_000
"""The most orders that rest."""

ACCOUNT_ORDER_LIMIT: Final = 32
"""The most orders of one account that rest."""

BookSide = tuple[TokenId, TokenId]
"""(the token that is sold, the token that is bought)."""

NO_SIDE: Final = TokenId(0), TokenId(0)
"""The side of orders that sell nothing: they only keep older orders out of their place."""


@dataclass(frozen=True, slots=True)
class Resting:
    """An order in the book; the lower `sequence` came first."""

    id: OperationId
    sequence: int
    signed: Signed[Order]

    @property
    def order(self) -> Order:
        return self.signed.operation

    @property
    def place(self) -> "Place":
        return Place(self.order.account, self.order.slot)

    @property
    def side(self) -> BookSide:
        return (self.order.token_sell, self.order.token_buy) if self.order.amount_sell else NO_SIDE

    @property
    def price(self) -> Fraction:
        """The price that it asks: units of the token it buys per unit of the token it sells; 0 if it sells nothing."""
        return Fraction(self.order.amount_buy, self.order.amount_sell) if self.order.amount_sell else Fraction(0)

    @property
    def rank(self) -> "Rank":
        return self.price, self.sequence, self


class Place(NamedTuple):
    """The place of an order; a newer order there replaces it."""

    account: AccountId
    slot: OrderSlot


Rank = tuple[Fraction, int, Resting]
"""The sort key of a side's orders: price, then time of arrival (never two alike)."""


class OrderBook:
    """Orders by the tokens that they sell and buy; one for each place, the newest."""

    def __init__(self, domain: int, limit: int = BOOK_LIMIT) -> None:
        self._domain = domain
        self._limit = limit
        self._resting: dict[Place, Resting] = {}
        self._sides: dict[BookSide, list[Rank]] = {}
        self._ends: list[tuple[int, int, Resting]] = []
        self._count: Counter[AccountId] = Counter()
        self._sequence = count()
        self._gone: list[OperationId] = []

    def __len__(self) -> int:
        return len(self._resting)

    def __contains__(self, id: OperationId) -> bool:
        return any(resting.id == id for resting in self._resting.values())

    def add(self, signed: Signed[Order]) -> OperationId:
        """Take an order that was checked; it replaces an older one in its place, and cancels it if it sells nothing.

        If the book is full, the order with the highest price leaves the side with the most orders, so that orders which
        nobody would fill cannot crowd out those that trade. Raises OrderReplaced if a newer order is in its place,
        AlreadyPending if the same order is, QueueFull if it has the highest price itself or its account has too many
        orders, and FieldInvalid if it sells nothing and there is nothing to cancel.
        """
        order = signed.operation
        resting = Resting(compute_order_id(signed, self._domain), next(self._sequence), signed)
        known = self._resting.get(resting.place)
        if known is None:
            if order.amount_sell == 0:
                raise FieldInvalid("order", "amount_sell", 0, "above 0, unless it cancels an order that rests here")
            self._make_room(resting)
        elif known.id == resting.id:
            raise AlreadyPending(resting.id)
        elif known.order.order_nonce >= order.order_nonce:
            raise OrderReplaced(order.account, order.slot, order.order_nonce, known.order.order_nonce)
        else:
            self._remove(known)
        self._insert(resting)
        return resting.id

    def withdraw(self, id: OperationId) -> None:
        """Take an order out again; does nothing if it does not rest."""
        for resting in [resting for resting in self._resting.values() if resting.id == id]:
            self._remove(resting)

    def take_gone(self) -> list[OperationId]:
        """The orders that have left the book since the last call."""
        gone, self._gone = self._gone, []
        return gone

    def expire(self, timestamp: int) -> None:
        """Forget orders that end before this time."""
        while self._ends and self._ends[0][0] < timestamp:
            self._remove(heappop(self._ends)[2])

    def of(self, account: AccountId) -> Sequence[Resting]:
        """An account's orders, by slot; empty for most accounts."""
        if not self._count[account]:
            return ()
        return [resting for place, resting in sorted(self._resting.items()) if place.account == account]

    def side(self, side: BookSide) -> Iterator[Resting]:
        """The orders of a side, the best first; some of them may be filled or replaced already."""
        return (rank[-1] for rank in self._sides.get(side, ()))

    def crossing(self, state: State, first: int = 0) -> Sequence[BookSide]:
        """The sides (named with the lower token sold) whose best orders cross with those of the opposite side,
        ascending, but beginning with number `first` of them (modulo their number). Orders that are filled or replaced
        leave the book.
        """
        both = sorted(side for side in self._sides if side[0] < side[1] and side[::-1] in self._sides)
        found = [side for side in both if self._cross(side, state) is not None]
        start = first % len(found) if found else 0
        return found[start:] + found[:start]

    def propose(self, side: BookSide, state: State) -> Pending | None:
        """The match of the best orders of a side and its opposite; None if they do not cross. The older is the maker.

        Orders that are filled or replaced leave the book.
        """
        crossing = self._cross(side, state)
        if crossing is None:
            return None
        maker, taker = sorted(crossing, key=lambda resting: resting.sequence)
        match = OrderMatch(maker.signed, taker.signed)
        return Pending(compute_id(match, self._domain), match)

    def discard(self, match: Pending, state: State, context: Context) -> tuple[Pending, ...]:
        """Take the order out of the book that makes a proposed match impossible, and give it back as dropped.

        That is an order that no longer holds by itself (its account has another key); else the order that limits the
        amount, by its remainder or by its account's balance. It is never an untouched, funded order: the other order of
        the pair can fill such an order completely, at the maker's price. So an order never leaves the book because of
        its counterparty. If the account lacks the balance, its other orders that sell the same token and are not
        covered leave, too; else two accounts that move their money about could use up the tries of every block.
        """
        assert isinstance(match.operation, OrderMatch)
        culprit = _find_culprit(match.operation, state, context).operation
        resting = self._resting[Place(culprit.account, culprit.slot)]
        gone = [resting, *self._list_uncovered(resting, state)]
        for each in gone:
            self._remove(each)
        return tuple(Pending(each.id, match.operation) for each in gone)

    def _list_uncovered(self, resting: Resting, state: State) -> list[Resting]:
        """The account's other orders that sell the token it lacks; none if its balance covers the remainder of this
        order.
        """
        account, token = resting.order.account, resting.order.token_sell
        balance = state.balance(account, token)
        if balance >= _compute_left(state, resting.order):
            return []
        slots = (Place(account, OrderSlot(slot)) for slot in range(state.preset.order_slots))
        others = (self._resting[place] for place in slots if place in self._resting and place != resting.place)
        return [o for o in others if o.order.token_sell == token and _compute_left(state, o.order) > balance]

    def _make_room(self, resting: Resting) -> None:
        if self._count[resting.place.account] >= ACCOUNT_ORDER_LIMIT:
            raise QueueFull(f"account {resting.place.account} in the order book", ACCOUNT_ORDER_LIMIT)
        if len(self._resting) >= self._limit:
            last = max(self._sides.values(), key=len)[-1]
            if last[-1].side == resting.side and last < resting.rank:
                raise QueueFull("better orders of this side in the order book", self._limit)
            self._remove(last[-1])

    def _insert(self, resting: Resting) -> None:
        self._resting[resting.place] = resting
        self._count[resting.place.account] += 1
        if len(self._ends) > 2 * self._limit:  # most are of orders that were replaced
            self._ends = [(kept.order.valid_until, kept.sequence, kept) for kept in self._resting.values()]
            heapify(self._ends)
        else:
            heappush(self._ends, (resting.order.valid_until, resting.sequence, resting))
        insort(self._sides.setdefault(resting.side, []), resting.rank)

    def _remove(self, resting: Resting) -> None:
        """Take an order out of the book; does nothing if it has left already."""
        if self._resting.get(resting.place) is not resting:
            return
        del self._resting[resting.place]
        self._gone.append(resting.id)
        self._count[resting.place.account] -= 1
        side = self._sides[resting.side]
        del side[bisect_left(side, resting.rank)]
        if not side:
            del self._sides[resting.side]

    def _cross(self, side: BookSide, state: State) -> tuple[Resting, Resting] | None:
        """The best orders of a side and its opposite, if their prices cross."""
        one, other = self._best(side, state), self._best(side[::-1], state)
        if one is None or other is None or one.price * other.price > 1:
            return None
        return one, other

    def _best(self, side: BookSide, state: State) -> Resting | None:
        while ranks := self._sides.get(side):
            resting = ranks[0][-1]
            filled = compute_filled(state.order(*resting.place), resting.order.order_nonce)
            if filled is not None and filled < resting.order.amount_sell:
                return resting
            self._remove(resting)
        return None


def _find_culprit(match: OrderMatch, state: State, context: Context) -> Signed[Order]:
    for signed in (match.maker, match.taker):
        try:
            check_order(state, signed, context)
        except ZkLinkError:
            return signed
    maker = match.maker.operation
    asked = _compute_room(state, match.maker) * maker.amount_buy
    return match.maker if asked <= _compute_room(state, match.taker) * maker.amount_sell else match.taker


def _compute_room(state: State, signed: Signed[Order]) -> int:
    """The amount that an order can still sell: its remainder, or its account's balance if that is less."""
    order = signed.operation
    return min(_compute_left(state, order), state.balance(order.account, order.token_sell))


def _compute_left(state: State, order: Order) -> int:
    filled = compute_filled(state.order(order.account, order.slot), order.order_nonce)
    return 0 if filled is None else max(order.amount_sell - filled, 0)
