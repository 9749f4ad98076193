"""Signers' journals in a database: what each has signed, which it must not contradict after a restart."""

from sqlalchemy import delete, insert, select

from zklink.protocol.errors import RecordBroken
from zklink.signers.journal import Given, decode_given, encode_given
from zklink.storage.database import Database
from zklink.storage.tables import signers


class SqlSignerJournal:
    """The SignerJournal of one address. Raises DatabaseFailed, DatabaseInUse; `load` also RecordBroken."""

    def __init__(self, database: Database, address: str) -> None:
        self._database, self._address = database, address

    def load(self) -> Given | None:
        with self._database.transaction() as connection:
            query = select(signers.c.word).where(signers.c.address == self._address)
            word = connection.execute(query).scalar_one_or_none()
        try:
            return None if word is None else decode_given(word)
        except ValueError as error:
            raise RecordBroken(signers.name, self._address, str(error)) from error

    def save(self, given: Given) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(signers).where(signers.c.address == self._address))
            connection.execute(insert(signers).values(address=self._address, word=encode_given(given)))
