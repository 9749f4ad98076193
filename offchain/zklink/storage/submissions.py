"""What was sent to one chain and is not known to be mined, in a node's database."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from zklink.l1.transport.submission_log import KeptSubmission
from zklink.protocol.errors import RecordBroken
from zklink.protocol.ids import ChainId
from zklink.storage.database import Database
from zklink.storage.records import decode_record, encode_record
from zklink.storage.tables import submissions


class SqlSubmissionLog:
    """The SubmissionLog of a chain. Raises DatabaseFailed, DatabaseInUse; `load` also RecordBroken."""

    def __init__(self, database: Database, chain: ChainId) -> None:
        self._database, self._chain = database, chain

    def load(self, address: str) -> Sequence[KeptSubmission]:
        mine = (submissions.c.chain == self._chain) & (submissions.c.account == address)
        query = select(submissions).where(mine).order_by(submissions.c.nonce, submissions.c.id)
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
        return [_decode(row.id, row.submission) for row in rows]

    def keep(self, kept: KeptSubmission) -> None:
        row = {
            "id": kept.id,
            "chain": self._chain,
            "account": kept.account,
            "nonce": kept.nonce,
            "is_refused": kept.is_refused,
            "label": kept.label,
            "submission": encode_record(kept),
        }
        with self._database.transaction() as connection:
            connection.execute(delete(submissions).where(submissions.c.id == kept.id))
            connection.execute(insert(submissions).values(**row))

    def drop(self, id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(submissions).where(submissions.c.id == id))

    def clear(self) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(submissions).where(submissions.c.chain == self._chain))


def _decode(id: str, text: str) -> KeptSubmission:
    try:
        kept = decode_record(KeptSubmission, text)
        if kept.id != id:
            raise ValueError("it is another submission")
        return kept
    except ValueError as error:
        raise RecordBroken(submissions.name, id, str(error)) from error
