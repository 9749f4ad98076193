"""The intake of signed operations: each is checked in full before it waits, and again when a block takes it.

Takes an operation with the state on which it is to be carried out; keeps it in the queue, or an order in the book, and
in the journal, from which it comes back after a restart. An account's operation is checked on the state that the
account's waiting operations will leave, so several can be handed in at once. Never asks a chain.
"""

from collections.abc import Iterable
from typing import Any, Final

from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.operation_id import OperationId, compute_id
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, MalformedOperation, QueueFull, WrongNonce, ZkLinkError
from zklink.protocol.ids import Lane
from zklink.sequencer.account_builder import Dropped, check_item, operation_of
from zklink.sequencer.chain_checks import check_consent, find_owner
from zklink.sequencer.journal import Journal
from zklink.sequencer.operation_queue import OperationQueue, Pending, SlotKind
from zklink.sequencer.order_book import OrderBook
from zklink.sequencer.sealed_block import Parameters
from zklink.state.state import State
from zklink.transition.checks import check_ahead
from zklink.transition.context import Context
from zklink.transition.order_match import check_order
from zklink.transition.rules import RULES, apply_operation, check_operation, type_of

QUEUE_LIMIT: Final = 200_000
"""The most operations that wait."""

ACCOUNT_LIMIT: Final = 64
"""The most operations of one account that wait."""

MATCH_LIMIT: Final = 1_000
"""The most matches that wait: they have no account whose nonce would order them."""


class OperationIntake:
    """The queue of operations and the order book, and the way in and out of them."""

    def __init__(self, parameters: Parameters, journal: Journal) -> None:
        self._parameters, self._journal = parameters, journal
        self._domain = parameters.domain(Lane.ACCOUNT)
        self._gone: list[OperationId] = []
        """What the journal has not been told yet to forget."""
        self.queue = OperationQueue()
        self.book = OrderBook(self._domain)

    @property
    def has_waiting(self) -> bool:
        """Whether an operation waits; orders alone do not count, since they may rest for ever."""
        return len(self.queue) > 0

    def expect(self, operations: Iterable[Signed[Any] | OrderMatch]) -> None:
        """Check the signatures of operations that will be taken soon, together."""
        parts = ((one.maker, one.taker) if isinstance(one, OrderMatch) else (one,) for one in operations)
        check_ahead((signed for part in parts for signed in part), self._domain)

    def take(self, state: State, operation: Signed[Any] | OrderMatch, timestamp: int, consent: bytes) -> OperationId:
        """Check an operation for a block of this time; from now on it waits, or rests in the book, also after a
        restart. Raises OperationError, ProtocolError, and what the journal raises.
        """
        pending = self._admit(state, operation, timestamp, consent)
        try:
            self._journal.keep(pending)
        except BaseException:
            self.queue.remove(pending)
            self.book.withdraw(pending.id)
            raise
        return pending.id

    def take_again(self, state: State, kept: Pending, timestamp: int) -> Dropped | None:
        """Let an operation wait again, or an order rest, that was taken before a restart; gives it back if it has
        become impossible.
        """
        try:
            self._admit(state, kept.operation, timestamp, kept.consent)
        except ZkLinkError as error:
            if kept.id in self.queue or kept.id in self.book:
                return None
            self._gone.append(kept.id)
            return Dropped(kept, error)
        return None

    def forget_gone(self) -> None:
        """Tell the journal what waits and rests no longer. Raises what the journal raises; then it is told later."""
        gone = [*self._gone, *self.book.take_gone()]
        self._gone = gone
        if gone:
            self._journal.forget(gone)
            self._gone = []

    def _admit(self, state: State, operation: Signed[Any] | OrderMatch, timestamp: int, consent: bytes) -> Pending:
        """Check an operation and put it into the queue or the book."""
        if isinstance(operation, Signed) and isinstance(operation.operation, Order):
            context = Context(self._parameters.preset, self._domain, timestamp)
            return Pending(self._take_order(state, operation, context), operation)
        if type_of(operation) not in RULES:
            raise MalformedOperation(f"{type_of(operation).__name__} is not signed")
        owner = find_owner(state, operation)
        if isinstance(operation, Signed) and isinstance(operation.operation, ChangePubKey):
            check_consent(owner, operation.operation, consent, self._parameters.deployment_hash)
        pending = self._check(state, operation, timestamp, consent, owner)
        self.queue.add(pending)
        return pending

    def _check(
        self, state: State, operation: Signed[Any] | OrderMatch, timestamp: int, consent: bytes, owner: bytes
    ) -> Pending:
        """The operation in the form in which it waits, if this owner has consented. Changes nothing."""
        context = Context(self._parameters.preset, self._domain, timestamp)
        pending = Pending(compute_id(operation, self._domain), operation, consent, owner)
        if pending.id in self.queue:
            raise AlreadyPending(pending.id)
        if len(self.queue) >= QUEUE_LIMIT:
            raise QueueFull("all accounts", QUEUE_LIMIT)
        if isinstance(operation, OrderMatch):
            self._check_match_room(operation)
        self._check_after_waiting(state, pending, context)
        return pending

    def _check_match_room(self, match: OrderMatch) -> None:
        """At most one match of the same two orders waits: of several only the first would be sure to hold."""
        waiting = self.queue.waiting(SlotKind.ORDER)
        for pending in waiting:
            other = pending.operation
            if isinstance(other, OrderMatch) and (other.maker, other.taker) == (match.maker, match.taker):
                raise AlreadyPending(pending.id)
        if len(waiting) >= MATCH_LIMIT:
            raise QueueFull("all matchers", MATCH_LIMIT)

    def _take_order(self, state: State, signed: Signed[Order], context: Context) -> OperationId:
        """Put an order into the book. One that sells nothing cancels the order in its place, without a fee."""
        check_order(state, signed, context)
        if signed.operation.amount_sell:
            self._parameters.terms.check_order(state, signed.operation)
        self.book.expire(context.timestamp)
        return self.book.add(signed)

    def remove(self, sealed: Iterable[Pending]) -> None:
        """Take operations out that now stand in a block."""
        for pending in sealed:
            self.queue.remove(pending)

    def restore(self, unsealed: Iterable[Pending]) -> None:
        """Let operations whose block was unsealed wait again, before all others."""
        self.queue.restore(unsealed)

    def drop(self, dropped: Iterable[Dropped], state: State) -> list[Dropped]:
        """Drop operations that have become impossible, and the later ones of the same account."""
        gone: list[Dropped] = []
        for item in dropped:
            self.queue.remove(item.pending)
            gone.append(item)
            account, nonce = item.pending.account, item.pending.nonce
            later = () if account is None else self.queue.of(account)
            for pending in later:
                if account is not None and pending.nonce > nonce:
                    self.queue.remove(pending)
                    gone.append(Dropped(pending, WrongNonce(account, nonce, pending.nonce)))
        self._gone += [item.pending.id for item in gone]
        return gone

    def _check_after_waiting(self, state: State, pending: Pending, context: Context) -> None:
        """The operation's own check, on the state that the account's waiting operations will leave."""
        waiting = () if pending.account is None else self.queue.of(pending.account)
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
