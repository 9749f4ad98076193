"""Databases for the tests: files, or a server that is started when asked with `--database postgresql`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.database_faults import full_disk
from tests.support.postgresql import PostgresServer, start_postgresql
from zklink.storage.database import Database, open_database

DEPLOYMENT = bytes([7]) * 32
Open = Callable[[], Database]
Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A server for the whole run; whoever stops it starts it again."""
    with start_postgresql() as server:
        yield server


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.config.getoption("--database") == "sqlite":
        return f"sqlite:///{tmp_path / 'node.db'}"
    server: PostgresServer = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def reopen(url: str) -> Iterator[Open]:
    """Opens the database; whoever had it before has been killed."""
    with ExitStack() as stack:
        opened: list[Database] = []

        def reopen() -> Database:
            for database in opened:
                database.close()
            opened.append(open_database(url, DEPLOYMENT))
            stack.callback(opened[-1].close)
            return opened[-1]

        yield reopen


@pytest.fixture
def database(reopen: Open) -> Database:
    return reopen()


@pytest.fixture
def outage(request: pytest.FixtureRequest) -> Outage:
    """For a while the disk is full, or the server is gone."""
    if request.config.getoption("--database") == "sqlite":
        return lambda: full_disk()
    server: PostgresServer = request.getfixturevalue("postgresql")

    @contextmanager
    def stopped() -> Iterator[None]:
        server.stop()
        try:
            yield
        finally:
            server.start()

    return stopped
