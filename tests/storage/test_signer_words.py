"""A signer's journal: what is saved is there after a restart, and no word leaves before it is saved."""

import pytest
from sqlalchemy import update

from tests.signers.chains import GENESIS, NOW, World, draft
from tests.storage.conftest import Open, Outage
from zklink.protocol.errors import AlreadySealed, DatabaseFailed, RecordBroken
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber
from zklink.signers.journal import Given, MemorySignerJournal, Sealed, SignerJournal
from zklink.storage.database import Database
from zklink.storage.signer_words import SqlSignerJournal
from zklink.storage.tables import signers

PLACE = Accepted(BlockNumber(7), bytes([7]) * 32)
SEALED = Sealed(BlockNumber(8), NOW, bytes([7]) * 32, bytes([8]) * 32)
ADDRESS, OTHER = f"0x{'a' * 40}", f"0x{'b' * 40}"


@pytest.fixture(params=["memory", "sql"])
def journal(request: pytest.FixtureRequest) -> SignerJournal:
    if request.param == "memory":
        return MemorySignerJournal()
    return SqlSignerJournal(request.getfixturevalue("database"), ADDRESS)


@pytest.mark.parametrize("given", [Given(GENESIS), Given(PLACE, (SEALED, SEALED)), Given(PLACE, (), PLACE)])
def test_save__any_word__is_loaded_as_it_was(journal: SignerJournal, given: Given) -> None:
    assert journal.load() is None
    for word in (Given(GENESIS), given):
        journal.save(word)
        assert journal.load() == word


def test_sql__two_signers__each_has_its_own_word(database: Database) -> None:
    SqlSignerJournal(database, ADDRESS).save(Given(PLACE))
    SqlSignerJournal(database, OTHER).save(Given(GENESIS))
    assert SqlSignerJournal(database, ADDRESS).load() == Given(PLACE)


def test_sql__restart__keeps_its_word(reopen: Open) -> None:
    world = World()
    world.validator(journal=SqlSignerJournal(reopen(), ADDRESS)).seal(draft().proposal)
    with pytest.raises(AlreadySealed):
        world.validator(journal=SqlSignerJournal(reopen(), ADDRESS)).seal(draft(mark=1).proposal)


def test_seal__database_fails__no_word_is_given(database: Database, outage: Outage) -> None:
    validator = World().validator(journal=SqlSignerJournal(database, ADDRESS))
    with outage(), pytest.raises(DatabaseFailed):
        validator.seal(draft().proposal)
    assert validator.seal(draft(mark=1).proposal)


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}", '{"accepted": [1, "00"], "seals": [], "end": null}', '{"accepted": 7}']
)
def test_sql__text_that_is_no_word__refused_with_table_and_address(database: Database, text: str) -> None:
    journal = SqlSignerJournal(database, ADDRESS)
    journal.save(Given(PLACE))
    with database.transaction() as connection:
        connection.execute(update(signers).values(word=text))
    with pytest.raises(RecordBroken, match=f"table signers, row {ADDRESS}: no word of a signer"):
        journal.load()
