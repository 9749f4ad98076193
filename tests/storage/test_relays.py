"""The relayer's books: those of a database and those of a process do the same, and the database's survive a restart."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.storage.conftest import Open
from zklink.protocol.errors import RecordBroken
from zklink.protocol.ids import ChainId, TokenId
from zklink.relayer.records import MemoryBooks, RelayBooks, RelayedOrder, Standing
from zklink.storage.database import Database
from zklink.storage.relays import SqlRelayBooks
from zklink.storage.tables import relays


def order(number: int, taken_at: int = 5, standing: Standing = Standing.OPEN) -> RelayedOrder:
    return RelayedOrder(
        id=number.to_bytes(32, "big"),
        chain=ChainId(2),
        owner="0x" + "11" * 20,
        token_in=TokenId(1),
        destination=ChainId(3),
        token_out=TokenId(7),
        l1_amount=10**24,
        valid_before=99,
        call=b"\x01\x02",
        value_wei=3,
        gas=4,
        risk_wei=10**17,
        taken_at=taken_at,
        since_block=6,
        standing=standing,
    )


@pytest.fixture(params=["memory", "database"])
def make_books(request: pytest.FixtureRequest, database: Database) -> Callable[[], RelayBooks]:
    return MemoryBooks if request.param == "memory" else lambda: SqlRelayBooks(database)


def test_books__what_was_kept__is_found_by_its_id_and_its_standing(make_books: Callable[[], RelayBooks]) -> None:
    books = make_books()
    late, early, failed = order(1, taken_at=8), order(2), order(3, taken_at=7, standing=Standing.FAILED)
    for one in (late, early, failed):
        books.keep(one)
    assert [books.find(one.id) for one in (late, early, failed)] == [late, early, failed]
    assert books.find(bytes(32)) is None
    assert list(books.load_open()) == [early, late]
    assert (list(books.load_failed(7)), list(books.load_failed(8))) == ([failed], [])
    brought = late.become(Standing.BROUGHT, bytes([9]) * 32)
    books.keep(brought)
    assert books.find(late.id) == brought and list(books.load_open()) == [early]


def test_sql_books__after_a_restart__the_same(reopen: Open) -> None:
    SqlRelayBooks(reopen()).keep(order(1))
    assert list(SqlRelayBooks(reopen()).load_open()) == [order(1)]


def test_sql_books__a_row_that_is_none__is_named(database: Database) -> None:
    books = SqlRelayBooks(database)
    books.keep(order(1))
    with database.transaction() as connection:
        connection.execute(update(relays).values(relay="{}"))
    with pytest.raises(RecordBroken):
        books.load_open()
