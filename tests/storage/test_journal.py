"""The journal: what is written survives, what waits comes back in its order, what is no record is named."""

import pytest
from sqlalchemy import update

from tests.sequencer.conftest import DOMAIN
from tests.sequencer.operations import EVERY_KIND
from tests.storage.conftest import Open
from zklink.operations.operation_id import compute_id
from zklink.protocol.errors import RecordBroken
from zklink.protocol.ids import BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.journal import Journal, JournalEntry, MemoryJournal
from zklink.sequencer.operation_queue import Pending
from zklink.storage.database import Database
from zklink.storage.journal import SqlJournal
from zklink.storage.tables import blocks, waiting

PENDINGS = tuple(Pending(compute_id(item, DOMAIN), item, b"\x07" * 65, bytes(32)) for item in EVERY_KIND)


def entry(number: int, *signed: Pending) -> JournalEntry:
    requests = (ChainId(1), RequestId(number)), (ChainId(2), RequestId(7))
    return JournalEntry(BlockNumber(number), Lane.SWAP, 1_000 + number, (*requests, *signed), bytes([number]) * 32)


@pytest.fixture(params=["memory", "sql"])
def journal(request: pytest.FixtureRequest) -> Journal:
    return MemoryJournal() if request.param == "memory" else SqlJournal(request.getfixturevalue("database"))


def test_append__some_entries__read_back_in_order(journal: Journal) -> None:
    assert list(journal.entries()) == []
    for number in (1, 2):
        journal.append(entry(number))
    assert list(journal.entries()) == [entry(1), entry(2)]


def test_height__empty_then_some_then_cut__is_the_last_block(database: Database) -> None:
    journal, found = SqlJournal(database), list[int]()
    found.append(journal.height())
    for number in (1, 2, 3):
        journal.append(entry(number))
    found.append(journal.height())
    journal.cut(BlockNumber(1))
    assert [*found, journal.height()] == [0, 3, 1]


def test_append__number_that_is_there__gives_way_with_all_later_ones(journal: Journal) -> None:
    for number in (1, 2, 3):
        journal.append(entry(number))
    other = JournalEntry(BlockNumber(2), Lane.ACCOUNT, 7, (), bytes(32))
    journal.append(other)
    assert list(journal.entries()) == [entry(1), other]


def test_cut__after_a_block__later_ones_are_gone(journal: Journal) -> None:
    for number in (1, 2, 3):
        journal.append(entry(number))
    journal.cut(BlockNumber(1))
    journal.append(entry(2))
    assert list(journal.entries()) == [entry(1), entry(2)]


def test_append__signed_operations_of_every_kind__read_back_in_full(journal: Journal) -> None:
    mixed = entry(1, *PENDINGS)
    journal.append(mixed)
    assert list(journal.entries()) == [mixed]
    assert (mixed.requests, mixed.signed) == (entry(1).requests, PENDINGS)


def test_keep__operations_of_every_kind__wait_in_the_order_in_which_they_came(journal: Journal) -> None:
    for pending in PENDINGS:
        journal.keep(pending)
    assert tuple(journal.waiting()) == PENDINGS
    journal.forget([PENDINGS[1].id, PENDINGS[3].id, bytes(32)])
    assert tuple(journal.waiting()) == (PENDINGS[0], PENDINGS[2], *PENDINGS[4:])


def test_append__an_operation_that_waits__waits_no_longer(journal: Journal) -> None:
    for pending in PENDINGS[:3]:
        journal.keep(pending)
    journal.append(entry(1, PENDINGS[1]))
    assert tuple(journal.waiting()) == (PENDINGS[0], PENDINGS[2])


def test_cut__operations_of_the_blocks__wait_again_before_all_others(journal: Journal) -> None:
    journal.append(entry(1, PENDINGS[0]))
    journal.append(entry(2, PENDINGS[2]))
    journal.append(entry(3, PENDINGS[1]))
    journal.keep(PENDINGS[3])
    journal.cut(BlockNumber(1))
    assert tuple(journal.waiting()) == (PENDINGS[2], PENDINGS[1], PENDINGS[3])


def test_sql__restart__everything_is_there(reopen: Open) -> None:
    journal = SqlJournal(reopen())
    journal.append(entry(1, PENDINGS[0]))
    journal.keep(PENDINGS[1])
    again = SqlJournal(reopen())
    assert (list(again.entries()), list(again.waiting())) == ([entry(1, PENDINGS[0])], [PENDINGS[1]])


@pytest.mark.parametrize(
    "text",
    [
        '[2, 1, 1000, [], "00"]',
        "nonsense",
        "[1, 1, 1000, []]",
        '[1, 3, 1000, [], "00"]',
        '[1, 1, 1000, [["a", 1]], "00"]',
        '[1, 2, 1000, [{"id": "00"}], "00"]',
        '[1, 2, 1000, [{"id": "00", "consent": "", "operation": {"type": "Transfer"}}], "00"]',
        '[1, 1, 1000, [], "0x"]',
        '[1, 1, 1000, [{"id": "00", "consent": "", "owner": "", "operation": 7}], "00"]',
        '["1", 1, 1000, [], "00"]',
        " ",
    ],
)
def test_sql__text_that_is_no_entry__refused_with_table_and_number(database: Database, text: str) -> None:
    journal = SqlJournal(database)
    journal.append(entry(1))
    with database.transaction() as connection:
        connection.execute(update(blocks).values(entry=text))
    with pytest.raises(RecordBroken, match="table blocks, row 1: no entry of a block") as error:
        journal.entries()
    assert (error.value.table, error.value.key) == ("blocks", "1")


def test_sql__block_missing_between_others__refused(database: Database) -> None:
    journal = SqlJournal(database)
    journal.append(entry(1))
    with database.transaction() as connection:
        connection.execute(update(blocks).values(number=2))
    with pytest.raises(RecordBroken, match="table blocks, row 1"):
        journal.entries()


@pytest.mark.parametrize("text", ["nonsense", "[1, 2]", "{}", "7"])
def test_sql__text_that_is_no_operation__refused_with_table_and_id(database: Database, text: str) -> None:
    journal = SqlJournal(database)
    journal.keep(PENDINGS[0])
    with database.transaction() as connection:
        connection.execute(update(waiting).values(item=text))
    with pytest.raises(RecordBroken, match=f"table waiting, row {PENDINGS[0].id.hex()}"):
        journal.waiting()
