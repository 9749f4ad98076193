"""The broker's books in a database: fills come back after a restart with what was known of them."""

import pytest
from sqlalchemy import update

from tests.broker.test_broker import DEPLOYMENT, NONE, POLICY, A, B, FakeFillPort, candidate, key_of, see
from tests.storage.conftest import Open, Outage
from zklink.broker.books import FillBooks, Kept, Standing
from zklink.broker.broker import Broker
from zklink.broker.records import FillOutcome, FillState, Position
from zklink.protocol.errors import RecordBroken
from zklink.storage.database import Database
from zklink.storage.fills import SqlFillBooks
from zklink.storage.tables import fills


def position(request_id: int, block: int = 1, repaid_at: int | None = None) -> Position:
    found = candidate(request_id, block=block)
    return Position(found, key_of(found), 7, repaid_at)


def open_broker(port: FakeFillPort, books: FillBooks) -> Broker:
    return Broker(DEPLOYMENT, {B: port}, POLICY, {A: 3, B: 3}, books)


def attempt(broker: Broker, port: FakeFillPort) -> FillOutcome:
    """One attempt on the oldest payout, as a node makes it."""
    found = broker.select(B, see({A: 200, B: port.height}, NONE))
    assert found is not None
    done = broker.attempt(found)
    broker.record(done)
    return done.outcome


def test_load__what_was_kept__the_oldest_first_without_those_that_are_final(database: Database) -> None:
    books = SqlFillBooks(database)
    kept = [
        Kept(position(1, block=3), Standing.FILLED),
        Kept(position(2, block=1), Standing.DOUBTFUL),
        Kept(position(3, block=2, repaid_at=9), Standing.FILLED),
    ]
    for one in (*kept, Kept(position(4), Standing.FINAL)):
        books.keep(one)
    assert list(books.load()) == [kept[1], kept[2], kept[0]]
    books.keep(Kept(kept[1].position, Standing.FINAL))
    books.drop(kept[2].position.key)
    books.drop(bytes(32))
    assert list(books.load()) == [kept[0]]


def test_broker__restarted_after_a_fill__has_it_on_its_books_and_never_fills_it_again(reopen: Open) -> None:
    port = FakeFillPort()
    broker = open_broker(port, SqlFillBooks(reopen()))
    broker.offer([candidate()])
    assert attempt(broker, port) is FillOutcome.FILLED
    again = open_broker(port, SqlFillBooks(reopen()))
    assert again.positions == broker.positions
    again.offer([candidate()])
    assert again.select(B, see({A: 200, B: 50}, NONE)) is None


def test_broker__killed_between_sending_and_the_receipt__the_fill_is_found(reopen: Open) -> None:
    port = FakeFillPort()
    broker = open_broker(port, SqlFillBooks(reopen()))
    broker.offer([candidate()])
    found = broker.select(B, see({A: 200, B: 50}, NONE))
    assert found is not None
    broker.attempt(found)  # and its end is never entered
    again = open_broker(port, SqlFillBooks(reopen()))
    assert (again.positions, [one.key for one in again.watched_positions(B)]) == ((), [key_of(found)])
    settled = again.settle(again.look(B, again.watched_positions(B)))
    assert [one.key for one in settled.found] == [key_of(found)]
    assert port.states[key_of(found)] is FillState.MINE


def test_broker__books_cannot_be_kept__nothing_is_sent(database: Database, outage: Outage) -> None:
    port = FakeFillPort()
    broker = open_broker(port, SqlFillBooks(database))
    broker.offer([candidate()])
    found = broker.select(B, see({A: 200, B: 50}, NONE))
    assert found is not None
    with outage():
        assert broker.attempt(found).outcome is FillOutcome.FAILED
    assert (port.spent, port.states) == (0, {})
    assert attempt(broker, port) is FillOutcome.FILLED


@pytest.mark.parametrize(
    "column", [{"fill": "nonsense"}, {"fill": "{}"}, {"standing": "odd"}, {"key": bytes(32)}], ids=str
)
def test_load__row_that_is_no_fill__refused_with_table_and_key(database: Database, column: dict[str, object]) -> None:
    books = SqlFillBooks(database)
    books.keep(Kept(position(1), Standing.FILLED))
    with database.transaction() as connection:
        connection.execute(update(fills).values(**column))
    with pytest.raises(RecordBroken, match="table fills, row "):
        books.load()
