"""Which waiting operations go into the next block of the account lane, in the order of its slots.

Takes requests, signed operations and the order book; tries each on the state, in slot order, and puts the state back.
Never lets a request overtake an earlier one of its chain (QUE-1), nor an operation one of its account with a lower
nonce. Chains and the signed operations go in turn for the ledger slots, and each block another of them goes first. An
operation that has become impossible is dropped, with its reason; one that only lacks room waits.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.sequencer.admission import check_admissible
from zklink.sequencer.matcher import OrderBook
from zklink.sequencer.mempool import AccountRequest
from zklink.sequencer.pool import OperationPool, Pending, SlotKind
from zklink.sequencer.sealed import Item, Parameters
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.dispatch import AccountOperation, apply_operation, check_operation
from zklink.transition.needs import Needs, compute_needs


@dataclass(frozen=True, slots=True)
class Dropped:
    """An operation that has become impossible, and why."""

    pending: Pending
    reason: ZkLinkError


@dataclass(slots=True)
class Draft:
    """A block in the making: what stands in it so far, tried on the state."""

    state: State
    context: Context
    parameters: Parameters
    items: list[Item] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    needs: Needs = field(default_factory=Needs)

    def has_room(self, operation: AccountOperation) -> bool:
        """Whether slots and hot rows are left for one more operation."""
        more, places = compute_needs([operation]), self.context.preset.account
        wanted = (
            (len(self.needs.ledger) + len(more.ledger), places.ledger),
            (len(self.needs.pool) + len(more.pool), places.pool),
            (len(self.needs.order) + len(more.order), places.order),
            (len(self.needs.tokens | more.tokens), places.token_rows),
            (len(self.needs.pools | more.pools), places.pool_rows),
        )
        return all(needed <= available for needed, available in wanted)

    def add(self, item: Item) -> None:
        """Carry out an operation. Raises what its checks raise; then nothing has changed."""
        if isinstance(item, Pending):
            check_admissible(self.state, item, self.parameters)
        operation = operation_of(item)
        check_operation(self.state, operation, self.context)
        apply_operation(self.state, operation, self.context)
        self.items.append(item)
        self.needs.add(operation)

    def try_signed(self, pending: Pending) -> bool:
        """Add a signed operation if its turn has come and there is room; drop it if it is impossible."""
        if pending.account is not None and pending.nonce > self.state.account(pending.account).nonce:
            return False
        if not self.has_room(pending.operation):
            return False
        try:
            self.add(pending)
        except ZkLinkError as error:
            self.dropped.append(Dropped(pending, error))
            return False
        return True


def operation_of(item: Item) -> AccountOperation:
    """What the transition takes."""
    operation: AccountOperation = item.operation if isinstance(item, Pending) else item  # type: ignore[assignment]
    return operation


def select_operations(
    state: State,
    waiting: Mapping[ChainId, Sequence[AccountRequest]],
    pool: OperationPool,
    book: OrderBook,
    context: Context,
    parameters: Parameters,
    turn: int,
) -> Draft:
    """The items of the next block in slot order, and what was dropped; the state is left as it was."""
    mark = state.begin()
    try:
        draft = Draft(state, context, parameters)
        _fill_ledger(draft, waiting, pool, turn)
        places = context.preset.account
        for pending in pool.waiting(SlotKind.POOL):
            if len(draft.needs.pool) == places.pool:
                break
            draft.try_signed(pending)
        for pending in pool.waiting(SlotKind.ORDER):
            if len(draft.needs.order) == places.order:
                break
            draft.try_signed(pending)
        _match_orders(draft, book)
        return draft
    finally:
        state.rollback(mark)


def _fill_ledger(
    draft: Draft, waiting: Mapping[ChainId, Sequence[AccountRequest]], pool: OperationPool, turn: int
) -> None:
    """Each chain's queue, and the signed operations as one more, give one operation after the other."""
    sources = [_from_chain(draft, iter(waiting[chain])) for chain in sorted(waiting) if waiting[chain]]
    if pool.waiting(SlotKind.LEDGER):
        sources.append(_from_pool(draft, iter(pool.waiting(SlotKind.LEDGER))))
    first = turn % len(sources) if sources else 0
    queues = deque(sources[first:] + sources[:first])
    while queues and len(draft.items) < draft.context.preset.account.ledger:
        add_next = queues.popleft()
        if add_next():
            queues.append(add_next)


def _from_chain(draft: Draft, queue: Iterator[AccountRequest]) -> Callable[[], bool]:
    """Adds the queue's next request. One that finds no room waits, and with it the rest of its chain; so does one that
    the state cannot take, which is a deposit to a new owner while every account is in use.
    """

    def add_next() -> bool:
        request = next(queue, None)
        if request is None or not draft.has_room(request):
            return False
        try:
            draft.add(request)
        except ZkLinkError:
            return False
        return True

    return add_next


def _from_pool(draft: Draft, queue: Iterator[Pending]) -> Callable[[], bool]:
    """Adds the next signed operation that can stand in the block."""
    return lambda: any(draft.try_signed(pending) for pending in queue)


def _match_orders(draft: Draft, book: OrderBook) -> None:
    """Crossing orders of the book, the best price first, as long as there are order slots."""
    while len(draft.needs.order) < draft.context.preset.account.order:
        match = book.propose(draft.state, draft.context.timestamp)
        if match is None or not draft.has_room(match.operation):
            break
        try:
            draft.add(match)
        except ZkLinkError as error:
            draft.dropped.append(Dropped(book.discard(match, draft.state), error))
