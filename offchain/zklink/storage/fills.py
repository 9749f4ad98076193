"""The broker's books in a node's database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select

from zklink.broker.books import Kept, Standing
from zklink.broker.records import Position
from zklink.protocol.errors import RecordBroken
from zklink.storage.database import Database
from zklink.storage.records import decode_record, encode_record
from zklink.storage.tables import fills


class SqlFillBooks:
    """FillBooks (see there). Raises DatabaseFailed, DatabaseInUse; `load` also RecordBroken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> Sequence[Kept]:
        return self._read(fills.c.standing != Standing.FINAL.value)

    def load_final(self) -> Sequence[Position]:
        return [kept.position for kept in self._read(fills.c.standing == Standing.FINAL.value)]

    def _read(self, condition: ColumnElement[bool]) -> Sequence[Kept]:
        with self._database.reading() as connection:
            rows = connection.execute(select(fills).where(condition).order_by(fills.c.key)).all()
        kept = [_decode(bytes(row.key), row.standing, row.fill) for row in rows]
        return sorted(kept, key=lambda item: item.position.candidate.block)

    def keep(self, kept: Kept) -> None:
        row = {
            "key": kept.position.key,
            "chain": kept.position.candidate.payout.chain,
            "standing": kept.standing.value,
            "fill": encode_record(kept.position),
        }
        with self._database.transaction() as connection:
            connection.execute(delete(fills).where(fills.c.key == kept.position.key))
            connection.execute(insert(fills).values(**row))

    def drop(self, key: bytes) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(fills).where(fills.c.key == key))


def _decode(key: bytes, standing: str, text: str) -> Kept:
    try:
        kept = Kept(decode_record(Position, text), Standing(standing))
        if kept.position.key != key:
            raise ValueError("it is about another payout")
        return kept
    except ValueError as error:
        raise RecordBroken(fills.name, key.hex(), str(error)) from error
