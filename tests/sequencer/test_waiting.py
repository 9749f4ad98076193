"""What waits outlives a restart: operations in the queue, orders in the book, what a rollback took out of blocks."""

from collections.abc import Callable, Iterable

import pytest

from tests.sequencer.conftest import ALICE, BOB, X, Y
from tests.sequencer.operations import deposit, match, order, transfer
from tests.sequencer.test_account_lane import NOW, names
from zklink.operations.operation_id import OperationId
from zklink.protocol.errors import DatabaseFailed, NothingToSeal, SequencerReplaying, WrongNonce
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane, RequestId
from zklink.sequencer.journal import Journal, JournalEntry, MemoryJournal
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sequencer import Sequencer

New = Callable[[Journal], Sequencer]


class FailingJournal(MemoryJournal):
    """A journal whose database is away while `is_away`, and that counts what it was told."""

    is_away = False

    def append(self, entry: JournalEntry) -> None:
        self._check()
        super().append(entry)

    def cut(self, last: BlockNumber) -> None:
        self._check()
        super().cut(last)

    def keep(self, pending: Pending) -> None:
        self._check()
        super().keep(pending)

    def forget(self, ids: Iterable[OperationId]) -> None:
        self._check()
        super().forget(ids)

    def _check(self) -> None:
        if self.is_away:
            raise DatabaseFailed("node.db", "gone")


def seal_all(sequencer: Sequencer) -> list[list[object]]:
    """Seal as long as there is anything; gives what stands in the blocks."""
    found = []
    while True:
        try:
            found.append(names(sequencer.seal(NOW)))
        except NothingToSeal:
            return found


def test_restart__operations_and_orders_wait__sealed_as_if_nothing_had_happened(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: New
) -> None:
    for nonce in range(2):
        sequencer.submit(transfer(nonce=nonce), NOW)
    sequencer.submit(order(BOB, (Y, 500), (X, 600)), NOW)
    restarted = new_sequencer(journal)
    assert restarted.has_waiting
    restarted.submit(order(ALICE, (X, 300), (Y, 200)), NOW)
    restarted.submit(transfer(nonce=2), NOW)
    first, second = [[(Kind.TRANSFER, ALICE, nonce) for nonce in nonces] for nonces in ((0, 1), (2,))]
    assert seal_all(restarted) == [[*first, "match"], second]  # four slots, and a match takes two


def test_restart__after_blocks__what_still_waits_is_checked_on_their_state(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: New
) -> None:
    sequencer.submit(transfer(nonce=0), NOW)
    sequencer.seal(NOW)
    sequencer.submit(transfer(nonce=1), NOW)
    restarted = new_sequencer(journal)
    with pytest.raises(SequencerReplaying):
        restarted.submit(transfer(BOB), NOW)
    assert seal_all(restarted) == [[(Kind.TRANSFER, ALICE, 0)], [(Kind.TRANSFER, ALICE, 1)]]
    assert restarted.take_dropped() == ()
    assert list(journal.waiting()) == []


def test_restart__operation_impossible_meanwhile__dropped_with_its_reason_and_forgotten(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: New
) -> None:
    sequencer.submit(transfer(nonce=0), NOW)
    journal.keep(Pending(bytes(32), transfer(nonce=7), b"", bytes(32)))
    restarted = new_sequencer(journal)
    assert seal_all(restarted) == [[(Kind.TRANSFER, ALICE, 0)]]
    [dropped] = restarted.take_dropped()
    assert (dropped.pending.id, type(dropped.reason)) == (bytes(32), WrongNonce)
    assert list(journal.waiting()) == []


@pytest.mark.parametrize("is_told", [True, False])
def test_restart__order_filled_by_the_last_block__is_in_no_book(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: New, is_told: bool
) -> None:
    """Whether or not the journal was told before the end that the order rests no longer."""
    maker = sequencer.submit(order(ALICE, (X, 300), (Y, 200)), NOW)
    sequencer.submit(order(BOB, (Y, 500), (X, 600)), NOW)
    sequencer.seal(NOW)
    assert maker in [pending.id for pending in journal.waiting()]  # else a crash before the block would lose it
    if is_told:
        seal_all(sequencer)
        seal_all(sequencer)
        assert maker not in [pending.id for pending in journal.waiting()]
    restarted = new_sequencer(journal)
    assert seal_all(restarted) == [["match"]]
    assert (maker in restarted.intake.book, len(restarted.intake.book)) == (False, 1)
    seal_all(restarted)
    assert len(journal.waiting()) == 1


def test_roll_back__operations_of_the_blocks__wait_again_also_after_a_restart(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: New
) -> None:
    sequencer.submit(transfer(nonce=0), NOW)
    sequencer.submit(match(), NOW)
    sequencer.seal(NOW)
    sequencer.submit(transfer(nonce=1), NOW)
    sequencer.roll_back(BlockNumber(0))
    restarted = new_sequencer(journal)
    assert seal_all(restarted) == [[(Kind.TRANSFER, ALICE, 0), (Kind.TRANSFER, ALICE, 1), "match"]]


def test_restart__request_of_an_unsealed_block_is_another__its_operations_wait_again(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: New
) -> None:
    sequencer.add(deposit(1, 1))
    sequencer.submit(transfer(nonce=0), NOW)
    sequencer.seal(NOW)
    restarted = new_sequencer(journal)
    restarted.drop_from(Lane.ACCOUNT, ChainId(1), RequestId(1))
    assert not restarted.is_replaying
    assert seal_all(restarted) == [[(Kind.TRANSFER, ALICE, 0)]]


def test_submit__database_away__not_taken_and_taken_later(new_sequencer: New) -> None:
    journal = FailingJournal()
    sequencer = new_sequencer(journal)
    journal.is_away = True
    for operation in (transfer(), order(ALICE, (X, 300), (Y, 200))):
        with pytest.raises(DatabaseFailed):
            sequencer.submit(operation, NOW)
        assert not sequencer.has_waiting and len(sequencer.intake.book) == 0
    journal.is_away = False
    sequencer.submit(transfer(), NOW)
    assert seal_all(sequencer) == [[(Kind.TRANSFER, ALICE, 0)]]


def test_seal__database_away__no_block_and_everything_waits_as_before(new_sequencer: New) -> None:
    journal = FailingJournal()
    sequencer = new_sequencer(journal)
    sequencer.submit(transfer(), NOW)
    sequencer.submit(order(BOB, (Y, 500), (X, 600)), NOW)
    sequencer.submit(order(ALICE, (X, 300), (Y, 200)), NOW)
    journal.is_away = True
    root = sequencer.state.root
    with pytest.raises(DatabaseFailed):
        sequencer.seal(NOW)
    assert (sequencer.height, sequencer.state.root) == (0, root)
    journal.is_away = False
    assert seal_all(sequencer) == [[(Kind.TRANSFER, ALICE, 0), "match"]]
