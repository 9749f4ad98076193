"""The relayer's books in a node's database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select

from zklink.protocol.errors import RecordBroken
from zklink.relayer.records import RelayedOrder, Standing
from zklink.storage.database import Database
from zklink.storage.records import decode_record, encode_record
from zklink.storage.tables import relays


class SqlRelayBooks:
    """RelayBooks (see there). Raises DatabaseFailed, DatabaseInUse, and RecordBroken for a row that is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, id: bytes) -> RelayedOrder | None:
        return next(iter(self._read(relays.c.id == id)), None)

    def load_open(self) -> Sequence[RelayedOrder]:
        return self._read(relays.c.standing == Standing.OPEN.value)

    def load_failed(self, since: int) -> Sequence[RelayedOrder]:
        return self._read((relays.c.standing == Standing.FAILED.value) & (relays.c.taken_at >= since))

    def keep(self, order: RelayedOrder) -> None:
        row = {
            "id": order.id,
            "standing": order.standing.value,
            "taken_at": order.taken_at,
            "relay": encode_record(order),
        }
        with self._database.transaction() as connection:
            connection.execute(delete(relays).where(relays.c.id == order.id))
            connection.execute(insert(relays).values(**row))

    def _read(self, condition: ColumnElement[bool]) -> Sequence[RelayedOrder]:
        with self._database.reading() as connection:
            rows = connection.execute(select(relays).where(condition).order_by(relays.c.taken_at, relays.c.id)).all()
        return [_decode(bytes(row.id), row.relay) for row in rows]


def _decode(id: bytes, text: str) -> RelayedOrder:
    try:
        order = decode_record(RelayedOrder, text)
        if order.id != id:
            raise ValueError("it is another order")
        return order
    except ValueError as error:
        raise RecordBroken(relays.name, id.hex(), str(error)) from error
