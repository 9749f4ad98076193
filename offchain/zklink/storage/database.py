"""One node's database: opened by one process, written in short transactions, each of which happens or does not.

Takes a URL: `sqlite:///FILE` (WAL, written through to the disk) or `postgresql://..`. Gives transactions to the tables'
owners. Whoever opens it first numbers the opening; a process whose number is not the last one writes nothing more.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from zklink.files import lock_file
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import DatabaseFailed, DatabaseInUse, DatabaseRefused, FileInUse
from zklink.storage import versions
from zklink.storage.tables import owner

log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 30
"""How long a transaction waits for another one of this process."""
CONNECT_SECONDS: Final = 10
OWNER: Final = 1
NOBODY: Final = -1
"""The number of an opening that there never was."""
READS_ONLY: Final = "zklink_reads_only"
ADVISORY_LOCK: Final = 0x7A6B6C696E6B
"""The advisory lock of PostgreSQL that a node holds: "zklink"."""


class Database:
    """An open database. Safe to use from several threads; each transaction is one of them at a time."""

    def __init__(self, engine: Engine, place: str, epoch: int, guard: Connection | None) -> None:
        """Use `open_database`."""
        self._engine, self.place, self._epoch, self._guard = engine, place, epoch, guard

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def engine(self) -> Engine:
        """The engine, for those who watch it."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: kept, through to the disk, when the block ends; undone if it raises.

        Raises DatabaseFailed; if that comes from the end of a transaction on a server, it may have been kept. Raises
        DatabaseInUse if another process has opened the database since.
        """
        with _translated(self.place), self._engine.begin() as connection:
            found = connection.execute(select(owner.c.epoch).with_for_update()).scalar_one_or_none()
            if found != self._epoch:
                raise DatabaseInUse(self.place)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: it never waits for one that writes. Raises DatabaseFailed."""
        with _translated(self.place), self._engine.connect() as plain:
            connection = plain.execution_options(**{READS_ONLY: True})
            with connection.begin():
                yield connection

    def check(self) -> None:
        """Raise DatabaseFailed unless the database answers and can write, DatabaseInUse if it is another process's."""
        with self.transaction() as connection:
            connection.execute(update(owner).values(checks=owner.c.checks + 1))

    def close(self) -> None:
        """Give the database back."""
        if self._guard is not None:
            with _quiet():
                self._guard.close()
        self._engine.dispose()


def open_database(url: str, deployment_hash: bytes) -> Database:
    """Open a node's database, make or upgrade its tables, and number the opening. Raises DatabaseFailed, DatabaseInUse,
    DatabaseRefused.
    """
    place, engine = describe_place(url), connect(url)
    guard = None
    try:
        with _translated(place):
            guard = _take_lock(engine, place)
            _upgrade(engine, place)
            epoch = _number(engine, place, deployment_hash)
    except BaseException:
        with _quiet():
            if guard is not None:
                guard.close()
        engine.dispose()
        raise
    return Database(engine, place, epoch, guard)


def look_into(url: str, deployment_hash: bytes) -> Database:
    """A database that is only read, also while another process has it: its transactions that write raise
    DatabaseInUse. Raises DatabaseFailed, and DatabaseRefused for one of another version or deployment.
    """
    place, engine = describe_place(url), connect(url)
    database = Database(engine, place, NOBODY, None)
    try:
        if engine.dialect.name == "sqlite" and not Path(place).exists():
            raise DatabaseFailed(place, "there is no such file")
        with database.reading() as connection:
            if versions.read_version(connection) != versions.list_versions()[-1]:
                raise DatabaseRefused(
                    place, "its tables are of another version: the program that it belongs to makes them"
                )
            found = connection.execute(select(owner.c.deployment_hash)).scalar_one_or_none()
        if found is None or bytes(found) != deployment_hash:
            raise DatabaseRefused(place, f"it is not of deployment 0x{deployment_hash.hex()}")
    except BaseException:
        database.close()
        raise
    return database


def describe_place(url: str) -> str:
    """The database for people: its file, or its host and name; never a user or a password. Raises DatabaseRefused."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return str(parsed.database)
    return f"{parsed.host or 'localhost'}/{parsed.database}"


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseRefused("?", "its URL is neither sqlite:///FILE nor postgresql://USER@HOST/NAME") from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed
    raise DatabaseRefused(redact(parsed.drivername), "give sqlite:///FILE or postgresql://USER@HOST/NAME")


def connect(url: str) -> Engine:
    """The engine of a database, whose transactions are whole, also where they change tables. Raises DatabaseRefused."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        try:
            return create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS})
        except ImportError as error:
            reason = "psycopg is not installed: `pip install 'zklink[node]'`"
            raise DatabaseRefused(describe_place(url), reason) from error
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    """A transaction that may write takes the lock at once: one that first reads would fail, however long it waited."""
    reads_only = connection.get_execution_options().get(READS_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _take_lock(engine: Engine, place: str) -> Connection | None:
    """Refuse a database that another living process has. The connection that is given keeps a server's lock."""
    if engine.dialect.name == "sqlite":
        try:
            lock_file(Path(place))
        except FileInUse:
            raise DatabaseInUse(place) from None
        except OSError as error:
            raise DatabaseFailed(place, error.strerror or str(error)) from error
        return None
    guard = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    if not guard.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}).scalar_one():
        guard.close()
        raise DatabaseInUse(place)
    return guard


def _upgrade(engine: Engine, place: str) -> None:
    known = versions.list_versions()
    with engine.begin() as connection:
        before = versions.read_version(connection)
        if before is not None and before not in known:
            raise DatabaseRefused(place, f"its version is {before}, and this package knows those up to {known[-1]}")
        versions.upgrade(connection)
    if before != known[-1]:
        log.info("%s: tables brought from version %s to %s", place, before or "none", known[-1])


def _number(engine: Engine, place: str, deployment_hash: bytes) -> int:
    with engine.begin() as connection:
        found = connection.execute(select(owner).with_for_update()).one_or_none()
        if found is None:
            row = {"id": OWNER, "deployment_hash": deployment_hash, "epoch": 1, "checks": 0}
            connection.execute(insert(owner).values(**row))
            return 1
        if found.deployment_hash != deployment_hash:
            reason = f"it is of deployment 0x{bytes(found.deployment_hash).hex()}, not 0x{deployment_hash.hex()}"
            raise DatabaseRefused(place, reason)
        epoch = int(found.epoch) + 1
        connection.execute(update(owner).values(epoch=epoch))
        return epoch


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Turns what a database says into this package's errors; mistakes of this package stay what they are."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise DatabaseFailed(place, redact(str(error.orig).strip().splitlines()[0])) from None
    except SQLAlchemyError as error:
        raise DatabaseFailed(place, redact(f"{type(error).__name__}: {error}")) from None


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        log.debug("closing: %s", redact(str(error)))
