"""The intake of signed operations: each is checked in full before it waits, and again when a block takes it.

Takes an operation with the state on which it is to be carried out; keeps it in the queue, or an order in the book. An
account's operation is checked on the state that the account's waiting operations will leave, so several can be handed
in at once. Never asks a chain: a question of consent goes back to the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from zklink.operations.change_pub_key import NO_CONSENT, ChangePubKey
from zklink.operations.operation_id import OperationId, compute_id
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import AlreadyPending, MalformedOperation, QueueFull, WrongNonce, ZkLinkError
from zklink.protocol.ids import AccountId, ChainId, Lane
from zklink.sequencer.account_builder import Dropped, check_item, operation_of
from zklink.sequencer.chain_checks import check_consent, find_owner, needs_consent, refuse_for_consent
from zklink.sequencer.operation_queue import OperationQueue, Pending, SlotKind
from zklink.sequencer.order_book import OrderBook
from zklink.sequencer.sealed_block import Parameters
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.order_match import check_order
from zklink.transition.rules import RULES, apply_operation, check_operation, type_of

QUEUE_LIMIT: Final = 200_000
"""The most operations that wait."""

ACCOUNT_LIMIT: Final = 64
"""The most operations of one account that wait."""

MATCH_LIMIT: Final = 1_000
"""The most matches that wait: they have no account whose nonce would order them."""


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """A question that a chain must answer before an operation may wait: does it have this owner's consent?"""

    id: OperationId
    owner: bytes
    operation: Signed[Any]

    @property
    def account(self) -> AccountId:
        """The account of the operation."""
        account: AccountId = self.operation.operation.account
        return account

    @property
    def chain(self) -> ChainId:
        """The chain to ask."""
        chain: ChainId = self.operation.operation.chain
        return chain


@dataclass(frozen=True, slots=True)
class Submitted:
    """An operation that was handed in: it waits for a block or rests in the book. If there is a `question`, its chain
    must answer first.
    """

    id: OperationId
    question: ConsentQuestion | None = None


class OperationIntake:
    """The queue of operations and the order book, and the way in and out of them."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._domain = parameters.domain(Lane.ACCOUNT)
        self.queue = OperationQueue()
        self.book = OrderBook(self._domain)

    @property
    def has_waiting(self) -> bool:
        """Whether an operation waits; orders alone do not count, since they may rest for ever."""
        return len(self.queue) > 0

    def take(self, state: State, operation: Signed[Any] | OrderMatch, timestamp: int, consent: bytes) -> Submitted:
        """Check an operation for a block of this time; from now on it waits. If its chain must be asked first, all
        other checks are done, and it does not wait yet. Raises OperationError or ProtocolError.
        """
        if isinstance(operation, Signed) and isinstance(operation.operation, Order):
            context = Context(self._parameters.preset, self._domain, timestamp)
            return Submitted(self._take_order(state, operation, context))
        if type_of(operation) not in RULES:
            raise MalformedOperation(f"{type_of(operation).__name__} is not signed")
        owner = find_owner(state, operation)
        if isinstance(operation, Signed) and needs_consent(operation, consent):
            pending = self._check(state, operation, timestamp, consent, owner)
            return Submitted(pending.id, ConsentQuestion(pending.id, owner, operation))
        if isinstance(operation, Signed) and isinstance(operation.operation, ChangePubKey):
            check_consent(owner, operation.operation, consent, self._parameters.deployment_hash)
        pending = self._check(state, operation, timestamp, consent, owner)
        self.queue.add(pending)
        return Submitted(pending.id)

    def take_answered(self, state: State, question: ConsentQuestion, is_given: bool, timestamp: int) -> OperationId:
        """Let an operation wait whose chain has answered. The consent must be from the present owner. Raises
        ConsentMissing, and what `take` raises.
        """
        owner = find_owner(state, question.operation)
        if not is_given or owner != question.owner:
            raise refuse_for_consent(question.operation.operation, owner)
        pending = self._check(state, question.operation, timestamp, NO_CONSENT, owner)
        self.queue.add(pending)
        return pending.id

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
