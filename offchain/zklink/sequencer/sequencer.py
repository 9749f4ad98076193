"""Turns confirmed requests and signed operations into a chain of sealed blocks of both lanes.

Takes requests as they are confirmed, operations as they are signed and, at each `seal`, the primary chain's time; gives
sealed blocks. Works on one state, with a mark before every block that may still have to be undone, so a reorganisation
that removes a request rolls back to the block before it. Never talks to a chain.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.requests import Request
from zklink.operations.signed import Signed
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import JournalOutdated, NothingToSeal, SequencerReplaying, UnknownBlock
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, RequestId, TokenId
from zklink.sequencer.account_builder import Dropped, operation_of, select_operations
from zklink.sequencer.checkpoint import Checkpoint, QueueEnd
from zklink.sequencer.journal import Journal, JournalEntry, JournalItem, compute_requests_hash
from zklink.sequencer.operation_intake import OperationIntake
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.record_line import RecordLine
from zklink.sequencer.request_queue import RequestQueue
from zklink.sequencer.sealed_block import (
    BlockRecord,
    Item,
    Parameters,
    SealedBlock,
    compute_genesis,
    compute_sealed,
)
from zklink.sequencer.swap_builder import choose_timestamp, select_requests
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.state.undo_log import Mark
from zklink.transition.account_block import apply_account_block
from zklink.transition.block_frame import LaneBlock
from zklink.transition.context import Context
from zklink.transition.swap_block import apply_block

OTHER: Final[Mapping[Lane, Lane]] = {Lane.SWAP: Lane.ACCOUNT, Lane.ACCOUNT: Lane.SWAP}


class Sequencer:
    """The one writer of sealed blocks. Blocks are numbered from 1 without gaps. `state` is the genesis; from now on
    only the sequencer may change it. Without `with_paths` its blocks cannot be proven, and are sealed faster.
    """

    def __init__(
        self,
        parameters: Parameters,
        state: State,
        journal: Journal,
        *,
        with_paths: bool = True,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """With a checkpoint, `state` is not looked at: the sequencer goes on after the block of the checkpoint."""
        self.parameters = parameters
        self.state = state if checkpoint is None else checkpoint.state
        self.requests = RequestQueue(parameters.chains, parameters.deployment_hash)
        self.intake = OperationIntake(parameters, journal)
        self._with_paths = with_paths
        self._line = RecordLine(compute_genesis(state.root, parameters)) if checkpoint is None else _resume(checkpoint)
        self._blocks: list[SealedBlock] = []
        self._marks: list[Mark] = []
        self._turns = dict.fromkeys(Lane, 0)
        self._last_settled: SealedBlock | None = None
        if checkpoint is not None:
            self._turns |= checkpoint.turns
            for (lane, chain), end in checkpoint.queues.items():
                self.requests.start_after(lane, chain, end.count, end.hash)
        self._settled: int = self.height
        self._journal = journal
        self._replay: list[JournalEntry] = list(journal.entries(self.height))
        self._returning: list[Pending] = list(journal.waiting())
        self._dropped: list[Dropped] = []

    # -- sealed blocks -------------------------------------------------------------------------------------------

    @property
    def height(self) -> BlockNumber:
        """The last sealed block; 0 before the first."""
        return self._line.height

    @property
    def base(self) -> BlockNumber:
        """The lowest block that has a record here: 0, or the block of the checkpoint from which this goes on."""
        return self._line.base

    @property
    def settled(self) -> BlockNumber:
        """The last settled block: of blocks up to it only their records are kept (see `settle`)."""
        return BlockNumber(self._settled)

    @property
    def is_replaying(self) -> bool:
        """Whether blocks of an earlier run are still to be sealed again, because their requests are not confirmed
        here yet.
        """
        return bool(self._replay)

    @property
    def journal_height(self) -> BlockNumber:
        """The last block of the journal: of those of an earlier run, some may still have to be sealed again."""
        return BlockNumber(self.height + len(self._replay))

    @property
    def has_waiting(self) -> bool:
        """Whether a request or an operation waits that the next block could take."""
        return (
            bool(self._returning)
            or self.intake.has_waiting
            or any(self.requests.has_waiting(lane, self._consumed(lane)) for lane in Lane)
        )

    def blocks(self, after: BlockNumber, limit: int | None = None) -> Sequence[SealedBlock]:
        """Sealed blocks `after + 1`, `after + 2`, .. that are not settled; at most `limit` of them."""
        start = max(after - self._settled, 0)
        return self._blocks[start : None if limit is None else start + limit]

    def block(self, number: BlockNumber) -> SealedBlock:
        """Sealed block `number`. Raises UnknownBlock, also if it is settled."""
        if not self._settled < number <= self.height:
            raise UnknownBlock(number, self.height)
        return self._blocks[number - self._settled - 1]

    def record(self, number: BlockNumber) -> BlockRecord:
        """The record of block `number`, which is not below `base`; block 0 is the genesis. Raises UnknownBlock."""
        return self._line.get(number)

    def commitments(self, after: BlockNumber) -> tuple[bytes, ...]:
        """The block commitments of all blocks after `after`, settled ones too."""
        return self._line.commitments(after)

    def served(self, after: BlockNumber, last: BlockNumber) -> tuple[QueueFact, ...]:
        """The queues of members that blocks `after` + 1 .. `last` serve, as they are with the last of them. Raises
        UnknownBlock.
        """
        served = self._line.served(after, last)
        return tuple(
            QueueFact(chain, lane, place, self.requests.queue_hash(lane, chain, place))
            for (lane, chain), place in sorted(served.items())
            if chain != self.parameters.primary
        )

    def token_after(self, token: TokenId, number: BlockNumber) -> TokenRow:
        """The row of a token after block `number`, which is not below `settled`. Raises UnknownBlock."""
        if not self._settled <= number <= self.height:
            raise UnknownBlock(number, self.height)
        for sealed in self.blocks(number):
            for row in sealed.block.opening.tokens:
                if row.token_id == token:
                    return row.before
        return self.state.token(token)

    # -- the way in ----------------------------------------------------------------------------------------------

    def add(self, request: Request) -> bool:
        """Take a confirmed request; False if it was already known."""
        return self.requests.add(request)

    def submit(self, operation: Signed[Any] | OrderMatch, now: int, consent: bytes = NO_CONSENT) -> OperationId:
        """Take a signed operation, a signed order for the book, or a match, at the primary chain's time `now`.

        `consent` is the owner's signature (65 bytes) for a change of key. Raises an OperationError that says how to
        mend the operation, or a ProtocolError; then nothing has changed. An operation that was taken is in the journal.
        """
        earliest = self._earliest(now)
        self._return_kept(earliest)
        return self.intake.take(self.state, operation, earliest, consent)

    def expect(self, operations: Iterable[Signed[Any] | OrderMatch]) -> None:
        """Check the signatures of operations that are about to be submitted, all together: faster than one at a time.
        Says nothing: what does not hold is refused when it is submitted.
        """
        self.intake.expect(operations)

    def compute_least_fee(self, operation: Any) -> Amount:
        """The least fee for which a signed operation is taken now, in layer-2 units of its fee token. Raises
        FeeTokenRefused.
        """
        return self.parameters.terms.compute_fee(self.state, operation)

    def take_dropped(self) -> tuple[Dropped, ...]:
        """Operations that have become impossible since the last call, with the reason."""
        dropped, self._dropped = tuple(self._dropped), []
        return dropped

    # -- sealing -------------------------------------------------------------------------------------------------

    def seal(self, now: int) -> SealedBlock:
        """Seal the next block at the primary chain's time `now`. Raises NothingToSeal or JournalOutdated.

        Blocks of an earlier run come first, exactly as they were, since the chains may hold parts of them already. If a
        request of such a block has changed, the block and all later ones are dropped. After them the lanes take turns.
        """
        if self._replay:
            return self._seal_again(self._replay[0])
        self.intake.forget_gone()  # what left in an earlier call is in a block by now, or is dropped
        self._return_kept(self._earliest(now))
        last = self._last().lane or Lane.ACCOUNT
        for lane in (OTHER[last], last):
            timestamp, items = self._select(lane, now)
            if items:
                return self._seal_new(lane, items, timestamp)
        raise NothingToSeal

    def seal_empty(self, now: int) -> SealedBlock:
        """Seal a block without any item, which tells the primary that its sequencer lives. Raises NothingToSeal while
        blocks of an earlier run are to be sealed again.
        """
        if self._replay:
            raise NothingToSeal
        return self._seal_new(Lane.SWAP, (), max(now, self._last().timestamp))

    def settle(self, last: BlockNumber) -> None:
        """Blocks up to `last` will never be rolled back: reduce them to their records."""
        count = min(last, self.height) - self._settled
        if count > 0:
            self._last_settled = self._blocks[count - 1]
            del self._blocks[:count], self._marks[:count]
            self._settled += count

    def take_checkpoint(self) -> Checkpoint | None:
        """A checkpoint at the last settled block, without places in the chains' logs; None if none was settled here.
        It copies the state, and changes nothing.
        """
        last = self._last_settled
        if last is None:
            return None
        state = self.state.copy_at(self._marks[0]) if self._marks else self.state.copy()
        turns = Counter(sealed.lane for sealed in self._blocks)
        queues = {
            (lane, chain): QueueEnd(count, self.requests.queue_hash(lane, chain, count))
            for (lane, chain), count in last.record.consumed.items()
        }
        return Checkpoint(
            record=last.record,
            commitments=self._line.commitments(BlockNumber(0), last.number),
            preimage=last.preimage(),
            turns={lane: count - turns[lane] for lane, count in self._turns.items()},
            queues=queues,
            state=state,
            l1_blocks={},
        )

    def roll_back(self, last: BlockNumber) -> tuple[SealedBlock, ...]:
        """Unseal every block after `last`; their requests and operations wait again, unless they are dropped. Raises
        UnknownBlock if one of them is settled.
        """
        if last < self._settled:
            raise UnknownBlock(last, self.height)
        kept = last - self._settled
        dropped = tuple(self._blocks[kept:])
        self._journal.cut(last)
        never_sealed = [pending for entry in self._replay for pending in entry.signed]
        self._replay.clear()
        self._returning[:0] = never_sealed
        if dropped:
            self.state.rollback(self._marks[kept])
            for sealed in dropped:
                self._turns[sealed.lane] -= 1
            del self._blocks[kept:], self._marks[kept:]
            self._line.cut(last)
            self.intake.restore(pending for sealed in dropped for pending in sealed.signed)
        return dropped

    def drop_from(self, lane: Lane, chain: ChainId, request_id: RequestId) -> tuple[SealedBlock, ...]:
        """The chain has lost `request_id` and the later requests of a queue: forget them and unseal the blocks that
        consumed them.
        """
        dropped: tuple[SealedBlock, ...] = ()
        last = self.last_before(lane, chain, request_id)
        if last < self.height:
            dropped = self.roll_back(last)
        else:
            kept = list(takewhile(lambda entry: not entry.consumes(lane, chain, request_id), self._replay))
            self._journal.cut(BlockNumber(self.height + len(kept)))
            self._returning[:0] = [pending for entry in self._replay[len(kept) :] for pending in entry.signed]
            self._replay = kept
        self.requests.drop_from(lane, chain, request_id)
        return dropped

    def last_before(self, lane: Lane, chain: ChainId, request_id: RequestId) -> BlockNumber:
        """The last sealed block before the one that consumed `request_id` of a queue, or served it in part."""
        before = self._line.last_before(lane, chain, request_id)
        served = (sealed.number - 1 for sealed in self._blocks if sealed.serves(lane, chain, request_id))
        return BlockNumber(min((before, *served)))

    # -- inside --------------------------------------------------------------------------------------------------

    def _select(self, lane: Lane, now: int) -> tuple[int, tuple[Item, ...]]:
        if lane is Lane.SWAP:
            swaps = self.requests.waiting_swaps(self._consumed(lane))
            requests = select_requests(swaps, self.parameters.preset, self._turns[lane])
            return choose_timestamp(requests, self._last().timestamp, now, self.parameters.primary), requests
        places = self.parameters.preset.account.ledger + self.parameters.preset.account.pool
        waiting = {
            chain: queue[:places] for chain, queue in self.requests.waiting_requests(self._consumed(lane)).items()
        }
        first = [request for queue in waiting.values() for request in queue]
        timestamp = choose_timestamp(first, self._last().timestamp, now, self.parameters.primary)
        context = Context(self.parameters.preset, self.parameters.domain(lane), timestamp)
        intake, parameters = self.intake, self.parameters
        draft = select_operations(
            self.state, waiting, intake.queue, intake.book, context, parameters, self._turns[lane]
        )
        self._dropped += self.intake.drop(draft.dropped, self.state)
        return timestamp, tuple(draft.items)

    def _return_kept(self, timestamp: int) -> None:
        """Operations and orders of an earlier run wait again, as far as they still hold on the state that it had."""
        while self._returning and not self._replay:
            dropped = self.intake.take_again(self.state, self._returning[0], timestamp)
            self._dropped += [] if dropped is None else [dropped]
            self._returning.pop(0)

    def _seal_new(self, lane: Lane, items: tuple[Item, ...], timestamp: int) -> SealedBlock:
        sealed = self._apply(lane, items, timestamp)
        try:
            self._journal.append(_describe(sealed))
        except BaseException:
            self._take_back()
            raise
        self.intake.remove(sealed.signed)
        return sealed

    def _seal_again(self, entry: JournalEntry) -> SealedBlock:
        last = {chain: self.requests.last_request_id(entry.lane, chain) for chain in self.parameters.chains}
        if any(request_id > last[chain] for chain, request_id in entry.requests):
            raise NothingToSeal
        items = tuple(self._find(entry.lane, item) for item in entry.items)
        requests = [item for item in items if not isinstance(item, Pending)]
        if compute_requests_hash(requests) != entry.requests_hash:
            self.roll_back(self.height)
            raise JournalOutdated(entry.number)
        sealed = self._apply(entry.lane, items, entry.timestamp)
        self._replay.pop(0)
        return sealed

    def _find(self, lane: Lane, item: JournalItem) -> Item:
        return item if isinstance(item, Pending) else self.requests.get(lane, *item)

    def _apply(self, lane: Lane, items: tuple[Item, ...], timestamp: int) -> SealedBlock:
        number, domain, preset = BlockNumber(self.height + 1), self.parameters.domain(lane), self.parameters.preset
        mark = self.state.begin()
        block: LaneBlock
        if lane is Lane.SWAP:
            swaps = [item for item in items if isinstance(item, SwapRequest)]
            block = apply_block(self.state, swaps, number, timestamp, domain, preset)
        else:
            operations = [operation_of(item) for item in items]
            block = apply_account_block(
                self.state, operations, number, timestamp, domain, preset, with_paths=self._with_paths
            )
        sealed = compute_sealed(block, items, self._last())
        self._blocks.append(sealed)
        self._marks.append(mark)
        self._line.append(sealed.record)
        self._turns[lane] += 1
        return sealed

    def _take_back(self) -> None:
        self.state.rollback(self._marks.pop())
        self._turns[self._blocks.pop().lane] -= 1
        self._line.cut(BlockNumber(self.height - 1))

    def _last(self) -> BlockRecord:
        return self._line.last

    def _earliest(self, now: int) -> int:
        """The earliest timestamp of a block that can take an operation handed in now. Raises SequencerReplaying."""
        if self.is_replaying:
            raise SequencerReplaying(self.height)
        return max(now, self._last().timestamp)

    def _consumed(self, lane: Lane) -> dict[ChainId, int]:
        return {chain: self._last().consumed[lane, chain] for chain in self.parameters.chains}


def _describe(sealed: SealedBlock) -> JournalEntry:
    items: tuple[JournalItem, ...] = tuple(
        item if isinstance(item, Pending) else (item.source, item.request_id) for item in sealed.items
    )
    timestamp, requests_hash = sealed.timestamp, compute_requests_hash(sealed.requests)
    return JournalEntry(sealed.number, sealed.lane, timestamp, items, requests_hash, sealed.record.commitment)


def _resume(checkpoint: Checkpoint) -> RecordLine:
    return RecordLine(checkpoint.record, checkpoint.commitments)
