"""A node's database: who may have it, what it keeps when it fails, and what it says."""

import sqlite3
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from sqlalchemy import func, insert, select, text, update

from tests.storage.conftest import DEPLOYMENT, Open, Outage
from tests.support.database_faults import full_disk
from zklink.protocol.errors import DatabaseFailed, DatabaseInUse, DatabaseRefused
from zklink.storage.database import Database, describe_place, open_database
from zklink.storage.tables import blocks, owner
from zklink.storage.versions import list_versions

HOLD = """
import sys
from zklink.storage.database import open_database
database = open_database(sys.argv[1], bytes([7]) * 32)
print("held", flush=True)
sys.stdin.read()
"""
"""Has a database until its input ends."""


def write(database: Database, number: int, size: int = 10) -> None:
    with database.transaction() as connection:
        connection.execute(insert(blocks).values(number=number, entry="x" * size))


def read(database: Database) -> list[int]:
    with database.transaction() as connection:
        return list(connection.execute(select(blocks.c.number).order_by(blocks.c.number)).scalars())


def test_transaction__raises__nothing_is_kept(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as connection:
        connection.execute(insert(blocks).values(number=1, entry=""))
        raise KeyError
    assert read(database) == []


def test_open__again__what_was_kept_is_there(reopen: Open) -> None:
    write(reopen(), 1)
    assert read(reopen()) == [1]


def test_open__again_while_the_first_still_writes__the_first_writes_nothing_more(url: str) -> None:
    """A process that was thought dead, or a server that dropped its lock: the newer opening has the database."""
    first = open_database(url, DEPLOYMENT)
    write(first, 1)
    if first.dialect == "postgresql":
        with first.engine.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    second = open_database(url, DEPLOYMENT)
    with pytest.raises(DatabaseInUse):
        write(first, 2)
    write(second, 3)
    assert read(second) == [1, 3]
    for database in (first, second):
        database.close()


def test_open__another_process_has_it__refused_until_that_ends(url: str) -> None:
    with Popen([sys.executable, "-c", HOLD, url], stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseInUse, match="one process alone may write it"):
            open_database(url, DEPLOYMENT)
        other.kill()
    with open_database(url, DEPLOYMENT).transaction() as connection:
        assert connection.execute(select(func.count()).select_from(owner)).scalar_one() == 1


def test_open__of_another_deployment__refused_and_left_as_it_is(reopen: Open, url: str) -> None:
    write(reopen(), 1)
    reopen().close()
    with pytest.raises(DatabaseRefused, match=r"it is of deployment 0x0707.*, not 0x0808"):
        open_database(url, bytes([8]) * 32)
    assert read(reopen()) == [1]


def test_open__of_a_newer_package__refused(reopen: Open, url: str) -> None:
    database = reopen()
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(
        DatabaseRefused, match=f"its version is 9999, and this package knows those up to {list_versions()[-1]}"
    ):
        open_database(url, DEPLOYMENT)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://root:hunter2@host/name", "://hunter2"]
)
def test_open__no_url__refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="sqlite:///FILE") as error:
        open_database(url, DEPLOYMENT)
    assert "hunter2" not in str(error.value)


def test_open__no_such_server__said_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://operator:hunter2@/books?host={tmp_path}"
    with pytest.raises(DatabaseFailed, match="localhost/books failed") as error:
        open_database(url, DEPLOYMENT)
    assert "hunter2" not in f"{error.value!r} {error.value}"
    assert error.value.__cause__ is None
    assert describe_place("postgresql://operator:hunter2@db.example:5432/books") == "db.example/books"


def test_open__folder_that_is_not_there__said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFailed, match=r"node\.db failed: No such file"):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'node.db'}", DEPLOYMENT)


def test_open__file_that_is_no_database__said_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(b"nonsense " * 1_000)
    with pytest.raises(DatabaseFailed, match="not a database"):
        open_database(f"sqlite:///{path}", DEPLOYMENT)
    assert path.read_bytes() == b"nonsense " * 1_000


def test_sqlite__any_connection__writes_through_to_the_disk(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'node.db'}", DEPLOYMENT)
    with database.transaction() as connection:
        modes = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")]
    assert modes == ["wal", 2]


def test_sqlite__transaction_that_reads_first__has_the_lock_from_its_start(tmp_path: Path) -> None:
    """Else a second writer would come between, and this one's write would fail however long it waited."""
    database = open_database(f"sqlite:///{tmp_path / 'node.db'}", DEPLOYMENT)
    other = sqlite3.connect(tmp_path / "node.db", timeout=0, isolation_level=None)
    with database.transaction() as connection:
        connection.execute(select(blocks.c.number)).all()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        connection.execute(insert(blocks).values(number=1, entry=""))
    assert other.execute("SELECT number FROM blocks").fetchall() == [(1,)]
    other.close()


def test_outage__over_again__nothing_was_half_kept(database: Database, outage: Outage) -> None:
    write(database, 1)
    with outage():
        for _ in range(2):
            with pytest.raises(DatabaseFailed, match=r"failed: .*; nothing was half kept"):
                write(database, 2)
        with pytest.raises(DatabaseFailed):
            database.check()
    database.check()
    write(database, 3)
    assert read(database) == [1, 3]


@pytest.mark.parametrize("space", [0, 1, 31, 4_096, 4_121, 9_000, 13_000])
def test_sqlite__disk_full_in_the_middle_of_a_write__killed_and_opened_again__all_or_nothing(
    tmp_path: Path, space: int
) -> None:
    url = f"sqlite:///{tmp_path / 'node.db'}"
    database = open_database(url, DEPLOYMENT)
    write(database, 1)
    with full_disk(tmp_path / "node.db", space), pytest.raises(DatabaseFailed):
        write(database, 2, size=20_000)
    again = open_database(url, DEPLOYMENT)
    assert read(again) == [1]
    write(again, 2, size=20_000)
    assert read(again) == [1, 2]


def test_check__row_of_the_owner_gone__not_ours(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(update(owner).values(epoch=owner.c.epoch + 1))
    with pytest.raises(DatabaseInUse):
        database.check()
