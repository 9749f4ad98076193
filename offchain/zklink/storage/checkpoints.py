"""A node's checkpoints in its database: the newest two, each in parts that a database takes easily."""

import hashlib
import logging
from collections.abc import Iterator
from typing import Final

from sqlalchemy import delete, insert, select

from zklink.protocol.ids import BlockNumber
from zklink.storage.database import Database
from zklink.storage.tables import checkpoints

log = logging.getLogger(__name__)

PART_BYTES: Final = 4 << 20
KEPT: Final = 2


class SqlCheckpoints:
    """A CheckpointStore (see `zklink.node.ports`). Raises DatabaseFailed, DatabaseInUse."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, number: BlockNumber, data: bytes) -> None:
        digest = hashlib.sha256(data).digest()
        parts = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)]
        rows = [{"block": number, "part": i, "digest": digest, "data": part} for i, part in enumerate(parts)]
        with self._database.transaction() as connection:
            connection.execute(delete(checkpoints).where(checkpoints.c.block >= number))
            connection.execute(insert(checkpoints), rows)
            found = connection.execute(select(checkpoints.c.block).distinct().order_by(checkpoints.c.block.desc()))
            for old in found.scalars().all()[KEPT:]:
                connection.execute(delete(checkpoints).where(checkpoints.c.block == old))

    def load(self) -> Iterator[tuple[BlockNumber, bytes]]:
        with self._database.reading() as connection:
            found = select(checkpoints.c.block).distinct().order_by(checkpoints.c.block.desc())
            numbers = connection.execute(found).scalars().all()
        for number in numbers:
            with self._database.reading() as connection:
                query = select(checkpoints).where(checkpoints.c.block == number).order_by(checkpoints.c.part)
                rows = connection.execute(query).all()
            data = b"".join(bytes(row.data) for row in rows)
            if hashlib.sha256(data).digest() == bytes(rows[0].digest):
                yield BlockNumber(number), data
            else:
                log.warning("the checkpoint of block %d is damaged, and is not used", number)
