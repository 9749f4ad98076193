"""What others do meanwhile, and what is wrong with journals and funds, is named before more is spent."""

import json
from pathlib import Path

import pytest

from tests.deploying.testnets import GOVERNOR, SEPOLIA, Networks
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.works import Works
from zklink.l1.transport.client import encode_creation
from zklink.protocol.errors import CodeUnexpected, FundsShort, JournalUnfit, NonceSpent
from zklink.service.deploying.building import Prepared, build

HERE = SEPOLIA.chain_id
FIRST = "Timelock"


class Stopped(Exception):
    """Somebody ended the process."""


def begin(networks: Networks, folder: Path) -> Prepared:
    """A deployment that is killed when it has fixed its nonces, before its first transaction."""
    prepared = networks.prepare(folder)

    def stop(chain: str, step: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        build(prepared, networks.deployer, stop)
    return prepared


def go_on(networks: Networks, folder: Path) -> None:
    networks.deploy(folder)


def test_build__nonce_used_by_a_transfer__is_named(networks: Networks, tmp_path: Path) -> None:
    begin(networks, tmp_path)
    networks.clients[HERE].transfer(networks.deployer, GOVERNOR.address, 1)
    with pytest.raises(NonceSpent, match=f"sepolia: nonce .* which creates {FIRST}, is used by another transaction"):
        go_on(networks, tmp_path)


def test_build__nonce_used_by_another_contract__is_named(networks: Networks, tmp_path: Path) -> None:
    prepared = begin(networks, tmp_path)
    other = networks.clients[HERE].deploy(networks.deployer, load_contract("WrappedCoin"))
    assert other == prepared.rehearsed[HERE][0].creation.address
    with pytest.raises(CodeUnexpected, match=f"sepolia: the contract at {other} is not {FIRST}"):
        go_on(networks, tmp_path)


def test_build__nonce_waits_in_the_pool__is_named_and_nothing_is_sent(networks: Networks, tmp_path: Path) -> None:
    begin(networks, tmp_path)
    chain = networks.world[HERE]
    chain.set_automine(False)
    before = networks.clients[HERE].nonce(networks.deployer.address)
    call = encode_creation(load_contract("WrappedCoin"))
    try:
        networks.clients[HERE].submit(networks.deployer, call, gas=2_000_000)
        with pytest.raises(NonceSpent, match="another transaction, which waits in the node's pool"):
            go_on(networks, tmp_path)
        assert len(chain.waiting()) == 1
    finally:
        chain.set_automine(True)
    assert networks.clients[HERE].nonce(networks.deployer.address) == before + 1


def test_prepare__empty_account__named_with_what_is_missing(networks: Networks, tmp_path: Path) -> None:
    networks.world[HERE].set_balance(networks.deployer.address, 10**15)
    prepared = networks.prepare(tmp_path)
    with pytest.raises(
        FundsShort, match=r"sepolia: 0x\w+ has 0\.001000 ETH, and the deployment takes up to 0\.0"
    ) as caught:
        prepared.check_funds()
    assert caught.value.needs_wei > 10**15
    assert [cost.is_enough for cost in prepared.costs] == [False, True]


@pytest.mark.parametrize(
    "changes", [{"cap = 1_000_000_000_000_000_000_000": "cap = 5"}, {"blocks_per_day = 7000": "blocks_per_day = 6999"}]
)
def test_prepare__environment_changed_since__journal_refused(
    networks: Networks, tmp_path: Path, changes: dict[str, str]
) -> None:
    begin(networks, tmp_path)
    with pytest.raises(JournalUnfit, match="the environment file, the keys or the sources have changed since"):
        networks.prepare(tmp_path, changes)


def test_journal__another_account__refused(networks: Networks, tmp_path: Path) -> None:
    prepared = begin(networks, tmp_path)
    stranger = networks.world.roles.stranger
    blueprint = prepared.blueprint
    object.__setattr__(blueprint, "deployer", stranger.address)
    journal = Journal(prepared.journal.path)
    with pytest.raises(JournalUnfit, match="it was begun by"):
        Works(blueprint, networks.clients, stranger, prepared.project.governor, journal).run()


def test_journal__torn_last_line__is_cut_off(networks: Networks, tmp_path: Path) -> None:
    path = begin(networks, tmp_path).journal.path
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"entry": "do')
    assert Journal(path).begun == Journal(path).begun is not None
    assert path.read_bytes() == whole


@pytest.mark.parametrize("line", ["[]", "{}", '{"entry": "eaten", "chain_id": 1}', '{"entry": "begun", "format": "x"}'])
def test_journal__line_that_is_none__refused_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pair.journal"
    path.write_text(f"{line}\n")
    with pytest.raises(JournalUnfit, match="line 1 cannot be read"):
        Journal(path)


def test_journal__lines__are_json_with_what_was_intended_first(networks: Networks, tmp_path: Path) -> None:
    networks.deploy(tmp_path)
    entries = [json.loads(line) for line in (tmp_path / "pair.journal").read_text().splitlines()]
    assert entries[0]["entry"] == "begun"
    begun: set[tuple[int, str]] = set()
    for entry in entries:
        if entry["entry"] == "intended":
            begun.add((entry["chain_id"], entry["step"]))
        if entry["entry"] == "done":
            assert (entry["chain_id"], entry["step"]) in begun
            assert entry["transaction"].startswith("0x") and entry["block"] > 0 and entry["gas"] > 21_000
    assert len(begun) == 2 * (12 + 2 + 2)
