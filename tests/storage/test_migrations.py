"""Migrations: each one goes up and down, keeps what is there, and together they make the tables of this package."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from zklink.storage import versions
from zklink.storage.database import connect
from zklink.storage.tables import METADATA

VERSIONS = versions.list_versions()
ROWS = {
    "0001": {
        "owner": "INSERT INTO owner VALUES (1, :bytes, 3, 4)",
        "blocks": "INSERT INTO blocks VALUES (1, 'entry')",
        "waiting": "INSERT INTO waiting VALUES (:bytes, 5, 'item')",
        "signers": "INSERT INTO signers VALUES ('0x1', 'word')",
    },
    "0002": {
        "fills": "INSERT INTO fills VALUES (:bytes, 2, 'filled', 'fill')",
        "submissions": "INSERT INTO submissions VALUES ('1', 2, '0x1', 7, TRUE, 'label', 'submission')",
    },
    "0003": {
        "proof_jobs": "INSERT INTO proof_jobs VALUES (:bytes, 1, 2, 3, 'w', 4, 'proof', :bytes, 0.5, 1.5)",
    },
    "0004": {
        "history_transfers": "INSERT INTO history_transfers VALUES (1, 2, :bytes, :bytes, 'record')",
        "history_addresses": "INSERT INTO history_addresses VALUES (:bytes, 5, 1, 2)",
        "history_receipts": "INSERT INTO history_receipts VALUES (:bytes, :bytes, 7, 'receipt')",
        "history_blocks": "INSERT INTO history_blocks VALUES (1, 'entry')",
        "history_operations": "INSERT INTO history_operations VALUES (:bytes, 3, 4, 'entry')",
        "history_chains": "INSERT INTO history_chains VALUES (1, 5, 4)",
    },
    "0005": {
        "checkpoints": "INSERT INTO checkpoints VALUES (6, 0, :bytes, :bytes)",
    },
    "0006": {
        "relays": "INSERT INTO relays VALUES (:bytes, 'open', 7, 'relay')",
    },
}
"""A row of each table, by the version that made the table."""


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    engine = connect(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def fill(connection: Connection, version: str) -> None:
    for row in ROWS[version].values():
        connection.execute(text(row), {"bytes": b"\x01"} if ":bytes" in row else {})


def read_all(connection: Connection, names: set[str]) -> dict[str, list[tuple[object, ...]]]:
    return {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))] for name in names}


def test_versions__each__has_a_row_in_this_test() -> None:
    assert tuple(ROWS) == VERSIONS
    assert {name for rows in ROWS.values() for name in rows} == set(METADATA.tables)


def test_upgrade__one_version_after_the_other__keeps_every_row(connection: Connection) -> None:
    expected: set[str] = set()
    for version in VERSIONS:
        before = read_all(connection, expected)
        versions.upgrade(connection, version)
        assert versions.read_version(connection) == version
        assert read_all(connection, expected) == before
        fill(connection, version)
        expected |= set(ROWS[version])
        assert tables(connection) == expected


def test_downgrade__one_version_after_the_other__keeps_the_rows_of_older_ones(connection: Connection) -> None:
    versions.upgrade(connection)
    for version in VERSIONS:
        fill(connection, version)
    expected = set(METADATA.tables)
    for version, older in zip(VERSIONS[::-1], [*VERSIONS[-2::-1], "base"], strict=True):
        expected -= set(ROWS[version])
        before = read_all(connection, expected)
        versions.downgrade(connection, older)
        assert read_all(connection, expected) == before
        assert tables(connection) == expected
    versions.upgrade(connection)
    assert tables(connection) == set(METADATA.tables)


def test_upgrade__all__makes_the_tables_that_the_package_describes(connection: Connection) -> None:
    versions.upgrade(connection)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, METADATA) == []


def test_upgrade__fails_in_the_middle__the_version_before_stays(connection: Connection) -> None:
    versions.upgrade(connection, VERSIONS[0])
    connection.execute(text("CREATE TABLE submissions (id INTEGER)"))  # in the way of the second table of the next one
    connection.commit()
    with pytest.raises(Exception, match="submissions"):
        versions.upgrade(connection, VERSIONS[1])
    connection.rollback()
    assert versions.read_version(connection) == VERSIONS[0]
    assert tables(connection) == {*ROWS[VERSIONS[0]], "submissions"}
