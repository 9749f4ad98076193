"""Checkpoints in a database: the newest two, whole or not at all; a damaged one is passed over."""

import pytest
from sqlalchemy import delete, func, select, update

from tests.storage.conftest import Open, Outage
from zklink.protocol.errors import DatabaseFailed
from zklink.protocol.ids import BlockNumber
from zklink.storage import checkpoints as module
from zklink.storage.checkpoints import SqlCheckpoints
from zklink.storage.database import Database
from zklink.storage.tables import checkpoints

ONE, TWO, THREE = (BlockNumber(number) for number in (64, 128, 192))


@pytest.fixture
def store(database: Database, monkeypatch: pytest.MonkeyPatch) -> SqlCheckpoints:
    monkeypatch.setattr(module, "PART_BYTES", 10)
    return SqlCheckpoints(database)


def test_load__several_kept__the_newest_two_with_the_newest_first(store: SqlCheckpoints, reopen: Open) -> None:
    for number in (ONE, TWO, THREE):
        store.keep(number, bytes([number]) * 35)
    expected = [(THREE, bytes([THREE]) * 35), (TWO, bytes([TWO]) * 35)]
    assert list(store.load()) == expected
    assert list(SqlCheckpoints(reopen()).load()) == expected


def test_keep__lower_than_the_newest__takes_the_place_of_all_above(store: SqlCheckpoints) -> None:
    store.keep(TWO, b"of a run that was rolled back")
    store.keep(ONE, b"now")
    assert list(store.load()) == [(ONE, b"now")]


def test_load__bit_changed_or_part_missing__passed_over(store: SqlCheckpoints, database: Database) -> None:
    for number in (ONE, TWO):
        store.keep(number, bytes(range(35)))
    with database.transaction() as connection:
        last = (checkpoints.c.block == TWO) & (checkpoints.c.part == 3)
        connection.execute(update(checkpoints).where(last).values(data=b"\x1e\x1f\x20\x21\x23"))
    assert [number for number, _ in store.load()] == [ONE]
    with database.transaction() as connection:
        connection.execute(delete(checkpoints).where(checkpoints.c.part == 1))
    assert list(store.load()) == []


def test_keep__database_gone__nothing_of_it_is_there(store: SqlCheckpoints, database: Database, outage: Outage) -> None:
    store.keep(ONE, b"one")
    with outage(), pytest.raises(DatabaseFailed):
        store.keep(TWO, bytes(100_000))
    assert list(store.load()) == [(ONE, b"one")]
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(checkpoints)).scalar_one() == 1
