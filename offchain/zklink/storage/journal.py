"""The sequencer's journal in a node's database: sealed blocks, and what waits."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from zklink.operations.operation_id import OperationId
from zklink.protocol.errors import RecordBroken
from zklink.protocol.ids import BlockNumber
from zklink.sequencer.journal import FIRST, JournalEntry, decode_entry, decode_item, encode_entry, encode_item
from zklink.sequencer.operation_queue import Pending
from zklink.storage.database import Database
from zklink.storage.tables import blocks, waiting


class SqlJournal:
    """A Journal (see there). Every method raises DatabaseFailed and DatabaseInUse; those that read, RecordBroken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, after: BlockNumber = FIRST) -> Sequence[JournalEntry]:
        with self._database.transaction() as connection:
            return _read_entries(connection, after)

    def height(self) -> int:
        """The number of the last block; 0 if there is none."""
        with self._database.transaction() as connection:
            return int(connection.execute(select(func.max(blocks.c.number))).scalar() or 0)

    def append(self, entry: JournalEntry) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(blocks).where(blocks.c.number >= entry.number))
            connection.execute(insert(blocks).values(number=entry.number, entry=encode_entry(entry)))
            _forget(connection, [pending.id for pending in entry.signed])

    def cut(self, last: BlockNumber) -> None:
        with self._database.transaction() as connection:
            entries = _read_entries(connection, last)
            returned = {pending.id: pending for entry in entries for pending in entry.signed}
            _forget(connection, list(returned))
            _insert(connection, _bound(connection, is_first=True) - len(returned), list(returned.values()))
            connection.execute(delete(blocks).where(blocks.c.number > last))

    def waiting(self) -> Sequence[Pending]:
        with self._database.transaction() as connection:
            rows = connection.execute(select(waiting.c.id, waiting.c.item).order_by(waiting.c.sequence)).all()
        return tuple(_decode(bytes(row.id), row.item) for row in rows)

    def keep(self, pending: Pending) -> None:
        with self._database.transaction() as connection:
            _forget(connection, [pending.id])
            _insert(connection, _bound(connection, is_first=False) + 1, [pending])

    def forget(self, ids: Iterable[OperationId]) -> None:
        with self._database.transaction() as connection:
            _forget(connection, list(ids))


def _read_entries(connection: Connection, after: BlockNumber) -> tuple[JournalEntry, ...]:
    """The entries of blocks after `after`. Raises RecordBroken, also for a block that is missing between others."""
    rows = connection.execute(select(blocks).where(blocks.c.number > after).order_by(blocks.c.number)).all()
    entries = []
    for number, row in enumerate(rows, start=after + 1):
        try:
            if row.number != number:
                raise ValueError(f"it is missing, and block {row.number} is there")
            entries.append(decode_entry(row.entry, number))
        except ValueError as error:
            raise RecordBroken(blocks.name, str(number), str(error)) from error
    return tuple(entries)


def _decode(id: bytes, text: str) -> Pending:
    try:
        item = decode_item(json.loads(text))
        if not isinstance(item, Pending) or item.id != id:
            raise ValueError("it is about another operation")
        return item
    except ValueError as error:
        raise RecordBroken(waiting.name, id.hex(), str(error)) from error


def _bound(connection: Connection, *, is_first: bool) -> int:
    """The lowest or the highest place of those that wait; 0 if nothing does."""
    function = func.min if is_first else func.max
    return int(connection.execute(select(function(waiting.c.sequence))).scalar_one_or_none() or 0)


def _insert(connection: Connection, first: int, pendings: Sequence[Pending]) -> None:
    rows = [
        {"id": pending.id, "sequence": first + place, "item": json.dumps(encode_item(pending))}
        for place, pending in enumerate(pendings)
    ]
    if rows:
        connection.execute(insert(waiting), rows)


def _forget(connection: Connection, ids: Sequence[OperationId]) -> None:
    if ids:
        connection.execute(delete(waiting).where(waiting.c.id.in_(ids)))
