"""Where signed operations come in: each is checked in full before it waits, and again by the block that takes it.

Takes an operation with the state it is to be carried out on; keeps it in the pool, or an order in the book. An
account's operations are checked after those of it that wait already, so several can be handed in at once.
"""

from collections.abc import Iterable
from typing import Any, Final

from zklink.operations.operation_id import OperationId, compute_id
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, MalformedOperation, QueueFull, WrongNonce, ZkLinkError
from zklink.protocol.ids import Lane
from zklink.sequencer.account_builder import Dropped, check_item, operation_of
from zklink.sequencer.admission import check_owner
from zklink.sequencer.operation_queue import OperationQueue, Pending, SlotKind
from zklink.sequencer.order_book import OrderBook
from zklink.sequencer.sealed_block import Parameters
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.dispatch import RULES, apply_operation, check_operation, type_of
from zklink.transition.order_match import check_order

POOL_LIMIT: Final = 200_000
"""How many operations wait at most."""

ACCOUNT_LIMIT: Final = 64
"""How many of one account wait at most."""

MATCH_LIMIT: Final = 1_000
"""How many matches wait at most: they have no account whose nonce would order them."""


class OperationIntake:
    """The pool of operations and the order book, and the way in and out of them."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._domain = parameters.domain(Lane.ACCOUNT)
        self.pool = OperationQueue()
        self.book = OrderBook(self._domain)

    @property
    def has_waiting(self) -> bool:
        """Whether an operation waits; orders alone do not count, they may rest for ever."""
        return len(self.pool) > 0

    def take(
        self, state: State, operation: Signed[Any] | OrderMatch, timestamp: int, consent: bytes, is_recorded: bool
    ) -> OperationId:
        """Check an operation for a block of this time and let it wait. Raises OperationError or ProtocolError."""
        if isinstance(operation, Signed) and isinstance(operation.operation, Order):
            return self._take_order(state, operation, Context(self._parameters.preset, self._domain, timestamp))
        pending = self.check(state, operation, timestamp, consent, is_recorded)
        self.pool.add(pending)
        return pending.id

    def check(
        self, state: State, operation: Signed[Any] | OrderMatch, timestamp: int, consent: bytes, is_recorded: bool
    ) -> Pending:
        """What `take` would let wait, of operations that are no orders. Raises what `take` raises; changes nothing."""
        context = Context(self._parameters.preset, self._domain, timestamp)
        if type_of(operation) not in RULES:
            raise MalformedOperation(f"{type_of(operation).__name__} is not signed")
        owner = check_owner(state, operation, consent, is_recorded, self._parameters.deployment_hash)
        pending = Pending(compute_id(operation, self._domain), operation, consent, owner)
        if pending.id in self.pool:
            raise AlreadyPending(pending.id)
        if len(self.pool) >= POOL_LIMIT:
            raise QueueFull("all accounts", POOL_LIMIT)
        if isinstance(operation, OrderMatch):
            self._check_match_room(operation)
        self._check_after_waiting(state, pending, context)
        return pending

    def _check_match_room(self, match: OrderMatch) -> None:
        """One match of the same two orders waits at most: of several only the first could be sure to hold."""
        waiting = self.pool.waiting(SlotKind.ORDER)
        for pending in waiting:
            other = pending.operation
            if isinstance(other, OrderMatch) and (other.maker, other.taker) == (match.maker, match.taker):
                raise AlreadyPending(pending.id)
        if len(waiting) >= MATCH_LIMIT:
            raise QueueFull("all matchers", MATCH_LIMIT)

    def _take_order(self, state: State, signed: Signed[Order], context: Context) -> OperationId:
        """An order that sells nothing cancels the one in its place, for nothing."""
        check_order(state, signed, context)
        if signed.operation.amount_sell:
            self._parameters.terms.check_order(state, signed.operation)
        self.book.expire(context.timestamp)
        return self.book.add(signed)

    def remove(self, sealed: Iterable[Pending]) -> None:
        """These operations stand in a block."""
        for pending in sealed:
            self.pool.remove(pending)

    def restore(self, unsealed: Iterable[Pending]) -> None:
        """These operations stand in no block any more: they wait again, before all others."""
        self.pool.restore(unsealed)

    def drop(self, dropped: Iterable[Dropped], state: State) -> list[Dropped]:
        """Forget operations that have become impossible, and what the same account wanted to do after them."""
        gone: list[Dropped] = []
        for item in dropped:
            self.pool.remove(item.pending)
            gone.append(item)
            account, nonce = item.pending.account, item.pending.nonce
            later = () if account is None else self.pool.of(account)
            for pending in later:
                if account is not None and pending.nonce > nonce:
                    self.pool.remove(pending)
                    gone.append(Dropped(pending, WrongNonce(account, nonce, pending.nonce)))
        return gone

    def _check_after_waiting(self, state: State, pending: Pending, context: Context) -> None:
        """The operation's own check, on the state that the account's waiting operations will leave."""
        waiting = () if pending.account is None else self.pool.of(pending.account)
        if len(waiting) >= ACCOUNT_LIMIT:
            raise QueueFull(f"account {pending.account}", ACCOUNT_LIMIT)
        mark = state.begin()
        try:
            for earlier in waiting:
                try:
                    check_operation(state, operation_of(earlier), context)
                except ZkLinkError:
                    break
                apply_operation(state, operation_of(earlier), context)
            check_item(state, pending, context, self._parameters)
        finally:
            state.rollback(mark)
