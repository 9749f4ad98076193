"""A signer's journal: what is saved is there after a restart, and no word leaves before it is saved."""

import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.signers.chains import GENESIS, NOW, World, draft
from tests.support.full_disk import install_disk
from zklink.protocol.errors import AlreadySealed, FileInUse, FileNotWritten, SignerJournalBroken
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber
from zklink.signers.journal import FileSignerJournal, Given, MemorySignerJournal, Sealed, SignerJournal

HOLD = """
import sys
from pathlib import Path
from zklink.signers.journal import FileSignerJournal
FileSignerJournal(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
"""Has a journal until its input ends."""

PLACE = Accepted(BlockNumber(7), bytes([7]) * 32)
SEALED = Sealed(BlockNumber(8), NOW, bytes([7]) * 32, bytes([8]) * 32)


@pytest.fixture(params=["memory", "file"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> SignerJournal:
    return MemorySignerJournal() if request.param == "memory" else FileSignerJournal(tmp_path / "signer.json")


@pytest.mark.parametrize("given", [Given(GENESIS), Given(PLACE, (SEALED, SEALED)), Given(PLACE, (), PLACE)])
def test_save__any_word__is_loaded_as_it_was(journal: SignerJournal, given: Given) -> None:
    assert journal.load() is None
    journal.save(given)
    assert journal.load() == given


def test_file__restart__keeps_its_word(tmp_path: Path) -> None:
    world, path = World(), tmp_path / "signer.json"
    world.validator(journal=FileSignerJournal(path)).seal(draft().proposal)
    with pytest.raises(AlreadySealed):
        world.validator(journal=FileSignerJournal(path)).seal(draft(mark=1).proposal)


def test_seal__disk_full__no_word_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, disk = World(), install_disk(monkeypatch)
    validator = world.validator(journal=FileSignerJournal(tmp_path / "signer.json"))
    disk.space = 30
    with pytest.raises(FileNotWritten):
        validator.seal(draft().proposal)
    disk.mend()
    assert validator.seal(draft(mark=1).proposal)


def test_file__another_process_has_it__refused(tmp_path: Path) -> None:
    path = tmp_path / "signer.json"
    with Popen([sys.executable, "-c", HOLD, str(path)], stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(FileInUse, match=r"signer\.json"):
            FileSignerJournal(path)
        other.communicate()
    assert FileSignerJournal(path).load() is None


def test_file__no_folder__is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotWritten, match=r"signer\.json"):
        FileSignerJournal(tmp_path / "nowhere" / "signer.json")


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}", '{"accepted": [1, "00"], "seals": [], "end": null}', '{"accepted": 7}']
)
def test_file__no_journal__is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "signer.json"
    path.write_text(text)
    with pytest.raises(SignerJournalBroken, match=r"signer\.json"):
        FileSignerJournal(path).load()
