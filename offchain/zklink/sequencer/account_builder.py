"""Chooses the waiting operations that go into the next block of the account lane, in the order of its slots.

Takes requests, signed operations and the order book; tries each on the state, in slot order, and puts the state back.
Never lets a request overtake an earlier one of its chain (QUE-1), nor an operation one of its account with a lower
nonce. A full exit takes slots until it is consumed. Hot rows are scarce, so the kinds of slots take turns: rows are
kept for the first operation of the kind whose turn it is. The chains and the signed operations take turns for the
ledger slots and for the pool slots, and the pairs of the order book for the order slots. An operation that has become
impossible is dropped, with its reason; one that only lacks room waits.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from zklink.operations.full_exit import FullExitPart
from zklink.operations.requests import AccountRequest
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.sequencer.chain_checks import check_admissible
from zklink.sequencer.operation_queue import OperationQueue, Pending, SlotKind
from zklink.sequencer.order_book import OrderBook
from zklink.sequencer.request_line import RequestLine
from zklink.sequencer.sealed_block import Item, Parameters
from zklink.state.state import State
from zklink.transition.block_needs import Needs, compute_needs
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerSlot
from zklink.transition.rules import AccountOperation, AccountSlot, apply_operation, check_operation

KINDS: Final = tuple(SlotKind)
"""The kinds of slots in the order of their turns, block after block."""

MOST_DISCARDED: Final = 64
"""The most impossible matches of one pair of tokens that are dropped from the book for one block; the next block goes
on.
"""

MOST_DISCARDED_PAIRS: Final = 4
"""The most pairs that can have so many impossible matches for one block."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An operation that has become impossible, and why."""

    pending: Pending
    reason: ZkLinkError


@dataclass(slots=True)
class Draft:
    """A block in the making: its operations so far, carried out on the state."""

    state: State
    context: Context
    parameters: Parameters
    items: list[Item] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    needs: Needs = field(default_factory=Needs)
    kept: Needs = field(default_factory=Needs)

    def has_room(self, operation: AccountOperation) -> bool:
        """Whether slots and hot rows are left for one more operation, beside the rows that are kept for another."""
        more, places = compute_needs([operation], self.state), self.context.preset.account
        wanted = (
            (len(self.needs.ledger) + len(more.ledger), places.ledger),
            (len(self.needs.pool) + len(more.pool), places.pool),
            (len(self.needs.order) + len(more.order), places.order),
            (len(self.needs.tokens | self.kept.tokens | more.tokens), places.token_rows),
            (len(self.needs.pools | self.kept.pools | more.pools), places.pool_rows),
        )
        return all(needed <= available for needed, available in wanted)

    def add(self, item: Item) -> AccountSlot:
        """Carry out an operation. Raises an OperationError or StateError if its checks refuse it; then nothing has
        changed.
        """
        check_item(self.state, item, self.context, self.parameters)
        operation = operation_of(item)
        self.needs.add(operation, self.state)
        self.items.append(item)
        return apply_operation(self.state, operation, self.context)

    def has_slot(self, kind: SlotKind) -> bool:
        """Whether a slot of a kind is left."""
        places = self.context.preset.account
        used = {
            SlotKind.LEDGER: (self.needs.ledger, places.ledger),
            SlotKind.POOL: (self.needs.pool, places.pool),
            SlotKind.ORDER: (self.needs.order, places.order),
        }
        operations, available = used[kind]
        return len(operations) < available

    def is_next(self, pending: Pending) -> bool:
        """Whether no earlier operation of its account has to come first."""
        return pending.account is None or pending.nonce <= self.state.account(pending.account).nonce

    def try_signed(self, pending: Pending) -> bool:
        """Add a signed operation if its turn has come and there is room; drop it if it is impossible."""
        if not self.is_next(pending) or not self.has_room(pending.operation):
            return False
        try:
            self.add(pending)
        except ZkLinkError as error:
            self.dropped.append(Dropped(pending, error))
            return False
        return True


def operation_of(item: Item) -> AccountOperation:
    """The operation of an item, as the transition takes it."""
    operation: AccountOperation = item.operation if isinstance(item, Pending) else item  # type: ignore[assignment]
    return operation


def check_item(state: State, item: Item, context: Context, parameters: Parameters) -> None:
    """Check everything that must hold for an item of a block; changes nothing. Raises the OperationError or StateError
    that refuses it.
    """
    if isinstance(item, Pending):
        check_admissible(state, item, parameters)
    check_operation(state, operation_of(item), context)
    if isinstance(item, Pending):
        parameters.terms.check(state, item.operation)


def select_operations(
    state: State,
    waiting: Mapping[ChainId, Sequence[AccountRequest]],
    queue: OperationQueue,
    book: OrderBook,
    context: Context,
    parameters: Parameters,
    turn: int,
) -> Draft:
    """The items of the next block in slot order, and the operations that were dropped; the state is left as it was.

    `turn` is any number that grows by one with each block of this lane.
    """
    mark = state.begin()
    try:
        draft = Draft(state, context, parameters)
        favoured = KINDS[turn % len(KINDS)]
        lines = [RequestLine(waiting[chain]) for chain in sorted(waiting) if waiting[chain]]
        draft.kept = _keep_rows(draft, favoured, lines, queue, book, turn // len(KINDS))
        _fill_by_turns(draft, SlotKind.LEDGER, lines, queue, turn)
        for kind in (SlotKind.POOL, SlotKind.ORDER):
            if kind is favoured:
                draft.kept = Needs()
            if kind is SlotKind.POOL:
                _fill_by_turns(draft, kind, lines, queue, turn)
            else:
                _fill_order(draft, queue, book, turn // len(KINDS))
        return draft
    finally:
        state.rollback(mark)


def _keep_rows(
    draft: Draft,
    favoured: SlotKind,
    lines: Sequence[RequestLine],
    queue: OperationQueue,
    book: OrderBook,
    turn: int,
) -> Needs:
    """The rows of the first operation for a slot of the favoured kind. Ledger slots are filled first anyway; two rows
    are always left for them, and no operation needs more.
    """
    if favoured is SlotKind.LEDGER:
        return Needs()
    waiting = list(islice(filter(draft.is_next, queue.waiting(favoured)), 1))
    if favoured is SlotKind.POOL:
        heads = [line.head for line in lines if line.takes_pool_slot(draft.context.preset)]
        requests = [head for head in heads if head is not None]
        first = waiting[:1] if turn % 2 else []
        operations = [*(pending.operation for pending in first), *requests, *(p.operation for p in waiting)]
        return compute_needs(operations[:1], draft.state)
    if favoured is SlotKind.ORDER:
        proposed = (book.propose(side, draft.state) for side in book.crossing(draft.state, turn // 2)[:1])
        found = [match for match in proposed if match is not None]
        waiting = found + waiting if _is_book_first(turn) else waiting + found
    return compute_needs([pending.operation for pending in waiting[:1]], draft.state)


def _is_book_first(turn: int) -> bool:
    """Matches that were handed in and those of the order book go first by turns."""
    return turn % 2 == 1


def _fill_by_turns(
    draft: Draft, kind: SlotKind, lines: Sequence[RequestLine], queue: OperationQueue, turn: int
) -> None:
    """Each chain's queue, and the signed operations as one more, give one operation after the other."""
    sources = [_from_chain(draft, kind, line) for line in lines if line.head is not None]
    if queue.waiting(kind):
        sources.append(_from_queue(draft, iter(queue.waiting(kind))))
    first = turn % len(sources) if sources else 0
    queues = deque(sources[first:] + sources[:first])
    while queues and draft.has_slot(kind):
        add_next = queues.popleft()
        if add_next():
            queues.append(add_next)


def _from_chain(draft: Draft, kind: SlotKind, line: RequestLine) -> Callable[[], bool]:
    """Adds the queue's next request, if it is for this kind of slot; one that is served in part comes again. A request
    that finds no room waits, and so does the rest of its chain's queue. The same holds for a deposit to a new owner
    while every account is in use.
    """

    def add_next() -> bool:
        request, is_for_pool = line.head, line.takes_pool_slot(draft.context.preset)
        if request is None or is_for_pool != (kind is SlotKind.POOL) or not draft.has_room(request):
            return False
        try:
            slot = draft.add(request)
        except ZkLinkError:
            return False
        if not (isinstance(slot, LedgerSlot) and isinstance(slot.chain_record, FullExitPart)):
            line.advance()
        return True

    return add_next


def _from_queue(draft: Draft, queue: Iterator[Pending]) -> Callable[[], bool]:
    """Adds the next signed operation that can stand in the block."""
    return lambda: any(draft.try_signed(pending) for pending in queue)


def _fill_order(draft: Draft, queue: OperationQueue, book: OrderBook, turn: int) -> None:
    """Matches that were handed in, and crossing orders of the book."""
    if _is_book_first(turn):
        _match_book(draft, book, turn // 2)
    _fill_signed(draft, queue, SlotKind.ORDER)
    _match_book(draft, book, turn // 2)


def _fill_signed(draft: Draft, queue: OperationQueue, kind: SlotKind) -> None:
    for pending in queue.waiting(kind):
        if not draft.has_slot(kind):
            return
        draft.try_signed(pending)


def _match_book(draft: Draft, book: OrderBook, first: int) -> None:
    """Crossing orders, pair after pair of tokens, from number `first` on, the best price first. A pair without room for
    its tokens, or with many impossible matches, holds up no other.
    """
    book.expire(draft.context.timestamp)
    tries = MOST_DISCARDED * MOST_DISCARDED_PAIRS
    for side in book.crossing(draft.state, first):
        last = max(tries - MOST_DISCARDED, 0)
        while draft.has_slot(SlotKind.ORDER) and tries > last:
            match = book.propose(side, draft.state)
            if match is None or not draft.has_room(match.operation):
                break
            try:
                draft.add(match)
            except ZkLinkError as error:
                gone = book.discard(match, draft.state, draft.context)
                draft.dropped.extend(Dropped(order, error) for order in gone)
                tries -= 1
