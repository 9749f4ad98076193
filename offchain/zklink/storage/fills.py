"""The broker's books in a node's database."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

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
        query = select(fills).where(fills.c.standing != Standing.FINAL.value).order_by(fills.c.key)
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
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
