"""The journal: what is written survives, what a crash cut off does not count."""

from pathlib import Path

import pytest

from tests.sequencer.conftest import DOMAIN
from tests.sequencer.operations import EVERY_KIND
from tests.support.full_disk import install_disk
from zklink.operations.operation_id import compute_id
from zklink.protocol.errors import FileNotWritten, JournalBroken
from zklink.protocol.ids import BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.journal import FileJournal, Journal, JournalEntry, MemoryJournal
from zklink.sequencer.operation_queue import Pending


def entry(number: int) -> JournalEntry:
    requests = (ChainId(1), RequestId(number)), (ChainId(2), RequestId(7))
    return JournalEntry(BlockNumber(number), Lane.SWAP, 1_000 + number, requests, bytes([number]) * 32)


@pytest.fixture(params=["memory", "file"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    return MemoryJournal() if request.param == "memory" else FileJournal(tmp_path / "journal.jsonl")


def test_append__some_entries__read_back_in_order(journal: Journal) -> None:
    assert list(journal.entries()) == []
    for number in (1, 2):
        journal.append(entry(number))
    assert list(journal.entries()) == [entry(1), entry(2)]


def test_cut__after_a_block__later_ones_are_gone(journal: Journal) -> None:
    for number in (1, 2, 3):
        journal.append(entry(number))
    journal.cut(BlockNumber(1))
    journal.append(entry(2))
    assert list(journal.entries()) == [entry(1), entry(2)]


def test_append__signed_operations_of_every_kind__read_back_in_full(journal: Journal) -> None:
    pendings = tuple(
        Pending(compute_id(operation, DOMAIN), operation, b"\x07" * 65, bytes(32)) for operation in EVERY_KIND
    )
    mixed = JournalEntry(BlockNumber(1), Lane.ACCOUNT, 1_000, (*entry(1).items, *pendings), bytes(32))
    journal.append(mixed)
    assert list(journal.entries()) == [mixed]
    assert mixed.requests == entry(1).requests


def test_file__half_a_line_after_a_crash__is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    FileJournal(path).append(entry(1))
    with path.open("a") as file:
        file.write("[2, 1, 10")
    journal = FileJournal(path)
    assert list(journal.entries()) == [entry(1)]
    journal.append(entry(2))
    assert list(FileJournal(path).entries()) == [entry(1), entry(2)]


@pytest.mark.parametrize(
    "line",
    [
        '[2, 1, 1000, [], "00"]',
        "nonsense",
        "[1, 1, 1000, []]",
        '[1, 3, 1000, [], "00"]',
        '[1, 1, 1000, [["a", 1]], "00"]',
        '[1, 2, 1000, [{"id": "00"}], "00"]',
        '[1, 2, 1000, [{"id": "00", "consent": "", "operation": {"type": "Transfer"}}], "00"]',
        '[1, 1, 1000, [], "0x"]',
        '[1, 1, 1000, [{"id": "00", "consent": "", "owner": "", "operation": 7}], "00"]',
        '["1", 1, 1000, [], "00"]',
        " ",
    ],
)
def test_file__line_that_is_no_entry__is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(JournalBroken) as error:
        FileJournal(path).entries()
    assert (error.value.path, error.value.line, error.value.position) == (str(path), 1, 0)


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\x00", b"\x80 [2, 1, 1000]", b"\0" * 40, b'[2, 1, 10[2, 1, 1002, [], "00"]']
)
def test_file__garbage_in_the_middle__named_with_file_line_and_position(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)
    for number in (1, 2):
        journal.append(entry(number))
    first, second = path.read_bytes().splitlines(keepends=True)
    size = len(first)
    path.write_bytes(first + garbage + b"\n" + second)
    with pytest.raises(JournalBroken, match=r"journal\.jsonl, line 2") as error:
        FileJournal(path).entries()
    assert (error.value.line, error.value.position) == (2, size)


def test_append__disk_full_after_30_bytes_then_space_again__restart_reads_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, disk = tmp_path / "journal.jsonl", install_disk(monkeypatch)
    journal = FileJournal(path)
    journal.append(entry(1))
    disk.space = 30
    with pytest.raises(FileNotWritten, match=r"journal\.jsonl"):
        journal.append(entry(2))
    disk.mend()
    journal.append(entry(2))
    assert list(FileJournal(path).entries()) == [entry(1), entry(2)]


def test_cut__disk_full__nothing_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, disk = tmp_path / "journal.jsonl", install_disk(monkeypatch)
    journal = FileJournal(path)
    for number in (1, 2):
        journal.append(entry(number))
    disk.space = 30
    with pytest.raises(FileNotWritten):
        journal.cut(BlockNumber(1))
    assert list(FileJournal(path).entries()) == [entry(1), entry(2)]
