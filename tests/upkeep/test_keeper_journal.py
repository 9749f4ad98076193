"""A keeper's budget outlives it: what was spent is written before a transaction goes, and counts in the next run."""

import json
from pathlib import Path

import pytest

import zklink.cli.keeper as command
from tests.support.ending import K, Story
from zklink.devnet.system import LocalSystem
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import BudgetSpent, FileNotWritten, FileUnreadable
from zklink.upkeep.purse import Purse, PurseClient
from zklink.upkeep.purse_journal import PurseJournal

HASH = bytes([7] * 32)
COIN = 10**18


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keeper.json"


@pytest.fixture
def story(credulous: LocalSystem) -> Story:
    return Story(credulous)


def open_client(story: Story, path: Path, budget: int, ceiling: int) -> PurseClient:
    """As a process has it that begins."""
    purses = {"polygon": Purse(budget, ceiling)}
    command.keep_purses(purses, PurseJournal(path, HASH))
    client = story.bridge(K).client
    return PurseClient(client.profile, client.w3, purses["polygon"])


def test_journal__runs_after_each_other__spend_one_budget(story: Story, path: Path) -> None:
    account = story.system.world.roles.stranger
    before, ceiling = story.bridge(K).client.balance(account.address), COIN // 10
    runs = 0
    while True:
        client = open_client(story, path, 2 * ceiling - 1, ceiling)
        try:
            client.transfer(account, account.address, COIN // 20)
        except BudgetSpent:
            break
        runs += 1
        assert runs < 5
    spent = PurseJournal(path, HASH).spent_wei("polygon")
    assert runs == 1 and spent == before - client.balance(account.address) + COIN // 20


def test_send__killed_in_the_middle__counts_with_its_ceiling_in_the_next_run(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[str]()

    def die(*given: object, **named: object) -> None:
        seen.append(json.loads(path.read_text())["spent_wei"]["polygon"])
        raise KeyboardInterrupt

    monkeypatch.setattr(ChainClient, "send", die)
    client = open_client(story, path, COIN, COIN // 10)
    with pytest.raises(KeyboardInterrupt):
        client.send(story.system.world.roles.stranger, Call(story.bridge(K).address, b"", "x"))
    assert seen == [str(COIN // 10)] and open_client(story, path, COIN, COIN // 10).purse.spent_wei == COIN // 10


def test_send__the_journal_cannot_be_written__nothing_is_sent(
    story: Story, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, account = open_client(story, path, COIN, COIN // 10), story.system.world.roles.stranger
    nonce = client.nonce(account.address)

    def refuse(path: Path, content: str) -> None:
        raise FileNotWritten(str(path), "the disk is full")

    monkeypatch.setattr("zklink.upkeep.purse_journal.write_file", refuse)
    with pytest.raises(FileNotWritten):
        client.transfer(account, account.address, 0)
    assert client.nonce(account.address) == nonce and client.purse.spent_wei == 0


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "zklink.keeper.1", "deployment_hash": "0x00", "spent_wei": {}}'],
)
def test_journal__of_another_deployment_or_none__refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(FileUnreadable, match="no keeper's journal"):
        PurseJournal(path, HASH)
    assert path.read_text() == text


def test_journal__a_negative_sum__refused(path: Path) -> None:
    PurseJournal(path, HASH).keeper_of("bsc")(5)
    path.write_text(path.read_text().replace('"5"', '"-5"'))
    with pytest.raises(FileUnreadable, match="a negative sum"):
        PurseJournal(path, HASH)
