"""The order book: pairs signed orders whose prices cross, the best price first, the older order first at one price.

Takes orders that were checked; proposes a match of the state as it is. What is filled stands in the state alone, so a
block that is unsealed needs nothing here but its orders again. Never decides an amount: the transition does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, OrderReplaced
from zklink.protocol.ids import AccountId, OrderSlot, TokenId
from zklink.sequencer.pool import OperationId, Pending, compute_id, compute_order_id
from zklink.state.state import State
from zklink.transition.order_match import compute_filled

Side = tuple[TokenId, TokenId]
"""(what is sold, what is bought)."""


@dataclass(frozen=True, slots=True)
class Resting:
    """An order in the book; `sequence` says who came first."""

    id: OperationId
    sequence: int
    signed: Signed[Order]

    @property
    def order(self) -> Order:
        return self.signed.operation

    def is_better_than(self, other: "Resting") -> bool:
        """Whether it asks less for what it sells, or the same and came first."""
        mine = self.order.amount_buy * other.order.amount_sell
        its = other.order.amount_buy * self.order.amount_sell
        return mine < its or (mine == its and self.sequence < other.sequence)


class Place(NamedTuple):
    """Where an order lives; a newer one there replaces it."""

    account: AccountId
    slot: OrderSlot


class OrderBook:
    """Orders by what they sell and buy; one for each place, the newest."""

    def __init__(self, domain: int) -> None:
        self._domain = domain
        self._resting: dict[Place, Resting] = {}
        self._sequence = count()

    def __len__(self) -> int:
        return len(self._resting)

    def __contains__(self, id: OperationId) -> bool:
        return any(resting.id == id for resting in self._resting.values())

    def add(self, signed: Signed[Order]) -> OperationId:
        """Take an order that was checked; it replaces an older one in its place. Raises OrderReplaced if it is older
        itself, AlreadyPending if it is the same.
        """
        order = signed.operation
        place = Place(order.account, order.slot)
        resting = Resting(compute_order_id(signed, self._domain), next(self._sequence), signed)
        known = self._resting.get(place)
        if known is not None:
            if known.id == resting.id:
                raise AlreadyPending(resting.id)
            if known.order.order_nonce >= order.order_nonce:
                raise OrderReplaced(order.account, order.slot, order.order_nonce, known.order.order_nonce)
            del self._resting[place]
        self._resting[place] = resting
        return resting.id

    def propose(self, state: State, timestamp: int) -> Pending | None:
        """The match of the first pair of sides whose best orders cross; None if none do. The older order is the maker.

        Orders that are filled, expired or replaced leave the book.
        """
        self._clean(state, timestamp)
        best: dict[Side, Resting] = {}
        for resting in self._resting.values():
            side = resting.order.token_sell, resting.order.token_buy
            if side not in best or resting.is_better_than(best[side]):
                best[side] = resting
        for one, other in self._pairs(best):
            maker, taker = sorted((one, other), key=lambda resting: resting.sequence)
            if _is_crossing(maker.order, taker.order):
                match = OrderMatch(maker.signed, taker.signed)
                return Pending(compute_id(match, self._domain), match)
        return None

    def discard(self, match: Pending, state: State) -> Pending:
        """Take the order out of the book that makes a proposed match impossible: the one whose account has nothing to
        sell, else the younger one. Gives it back as what is dropped.
        """
        assert isinstance(match.operation, OrderMatch)
        maker, taker = match.operation.maker, match.operation.taker
        order = maker.operation
        culprit = taker if state.balance(order.account, order.token_sell) else maker
        place = Place(culprit.operation.account, culprit.operation.slot)
        return Pending(self._resting.pop(place).id, match.operation)

    def _clean(self, state: State, timestamp: int) -> None:
        for place, resting in list(self._resting.items()):
            filled = compute_filled(state.order(*place), resting.order.order_nonce)
            if filled is None or filled >= resting.order.amount_sell or timestamp > resting.order.valid_until:
                del self._resting[place]

    @staticmethod
    def _pairs(best: dict[Side, Resting]) -> Iterator[tuple[Resting, Resting]]:
        for (sold, bought), resting in sorted(best.items()):
            if sold < bought and (bought, sold) in best:
                yield resting, best[bought, sold]


def _is_crossing(maker: Order, taker: Order) -> bool:
    """Whether the maker's price is the taker's or better."""
    return maker.amount_buy * taker.amount_buy <= maker.amount_sell * taker.amount_sell
