"""A deployment's life by the commands alone, on four anvils with the ids of test networks: deployed, verified, in use,
governed, its operator's machine lost and restored, and left by proofs in the end.
"""

import json
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from eth_account import Account

from tests.deploying.filled import keep_keystore
from tests.deploying.life import AMOY, SEPOLIA, USD, USDC, Life
from tests.deploying.operation import Member, Operation
from tests.deploying.stage import NETWORKS, Stage
from tests.deploying.testnets import GOVERNOR
from tests.support.engines import note_engine
from zklink.devnet.world import open_world
from zklink.l1.contracts.bridge_structs import DepositOrder, universal_address
from zklink.protocol.facts import Group
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS

KEYS = [Account.from_key(bytes([0x60 + i]) * 32) for i in range(6)]
VALIDATORS = [Member("validator", key) for key in KEYS[:2]]
WATCHERS = [Member("watcher", key) for key in KEYS[3:5]]
"""Two of three of each group; nobody has the keys of the third ones."""
NEWCOMER = Member("validator", Account.from_key(b"\x70" * 32))
LONGEST_DAYS = 8
"""docs/leave.md, "How long it takes"."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    note_engine("anvil")
    with open_world("anvil", NETWORKS) as world:
        stage = Stage(world, tmp_path, keep_keystore(tmp_path / "home"))
        yield stage
        stage.close()


def test_deployment__by_the_commands_alone__lives_and_ends_and_nobody_loses_a_unit(stage: Stage) -> None:
    life = Life(stage)
    life.deploy()
    provider, depositor = life.roles.provider, life.roles.depositor
    life.mint(AMOY, provider, 1_000)
    life.mint(SEPOLIA, depositor, 1_000)
    stage.world.start_clocks()
    operation = Operation(stage, life.record)
    operation.start_signers([*VALIDATORS, *WATCHERS])
    machine = stage.folder / "operator"
    operation.write_node(machine, life.roles.sequencer)
    operation.start_node(machine)
    life.deposit(operation.url, AMOY, provider, 100)
    life.swap(operation.url, SEPOLIA, depositor, AMOY, 20)
    rotate_a_validator(life)
    look_after(life, machine)
    lose_and_restore_the_machine(life, operation, machine)
    life.swap(operation.url, AMOY, provider, SEPOLIA, 10)
    assert stage.end("node") == 0
    end_by_exodus(life, machine)
    assert life.count(provider) == 990 * USD
    assert life.count(depositor) == 980 * USD
    assert life.count(life.roles.recipient) == 30 * USD
    assert [token.balance(life.bridges[k].address) for k, token in life.tokens.items()] == [0] * len(life.tokens)


def rotate_a_validator(life: Life) -> None:
    """A newcomer takes the place of the third validator, 55 days after the governor has announced it."""
    members = [member.key.address for member in (*VALIDATORS, NEWCOMER)]
    options = [word for member in members for word in ("--member", member)]
    act = ("members", "--group", "validators", *options, "--threshold", "2", "--account", life.key(GOVERNOR))
    assert life.stage.ape("govern", *act, str(life.record)).count(": done") == 4
    assert "announced: 3 validators, of whom 2 sign" in life.stage.ape("proposals", str(life.record))
    life.live(GROUP_DELAY_SECONDS)
    said = life.stage.ape("govern", "execute", "--account", life.key(life.roles.stranger), str(life.record))
    assert said.count(": in their place: 3 validators") == 4
    for bridge in life.bridges.values():
        assert {*bridge.groups.members(Group.VALIDATORS).members} == {*members}
    assert "is brought up to date" in life.stage.ape("govern", "record", str(life.record))
    assert life.stage.zklink("verify-deployment", str(life.record)).rstrip().endswith("these sources")


def look_after(life: Life, machine: Path) -> None:
    """A keeper does what is due; then nothing is wrong, and every custody is what the replayed state says."""
    signers = ("--signers", str(machine / "node.toml"))
    payer = life.key(life.roles.stranger)
    life.stage.ape("keeper", "--once", "--budget", "1", "--account", payer, *signers, str(life.record))
    life.stage.wait(
        lambda: {bridge.history.tip().number for bridge in life.bridges.values()} == {life.height}, "imports"
    )
    found = json.loads(life.stage.ape("status", "--json", "--reserves", str(life.record)))
    custody = {chain["name"]: token["custody"] for chain in found["chains"] for token in chain["tokens"][:1]}
    assert (custody["sepolia"], custody["amoy"]) == (str(20 * USD), str(80 * USD))


def lose_and_restore_the_machine(life: Life, operation: Operation, machine: Path) -> None:
    """Of the operator's machine is left a copy of the database; a validator stops, so that the newcomer is needed."""
    copy = life.stage.folder / "copy.db"
    with closing(sqlite3.connect(machine / "node.db")) as database, closing(sqlite3.connect(copy)) as target:
        database.backup(target)
    life.stage.end("node", signal.SIGKILL)
    shutil.rmtree(machine)
    operation.end_signer(VALIDATORS[1])
    operation.start_signers([NEWCOMER])
    operation.write_node(machine, life.roles.sequencer)
    copy.rename(machine / "node.db")
    said = life.stage.run("zklink", "node", "--config", str(machine / "node.toml"), "--check")
    assert f"the database has blocks up to {life.height}" in said
    operation.start_node(machine)


def end_by_exodus(life: Life, machine: Path) -> None:
    """The operator has ended, the signers have not. A deposit is in no block, and is paid back."""
    bridge, depositor, provider = life.bridges[SEPOLIA], life.roles.depositor, life.roles.provider
    life.tokens[SEPOLIA].ensure_allowance(depositor, bridge.address, 7 * USD)
    bridge.deposit(depositor, DepositOrder(USDC, 7 * USD, universal_address(depositor.address)))
    end = ("exit", *life.reach, "--signers", str(machine / "node.toml"), "--account")
    for _ in range(LONGEST_DAYS):
        life.pass_time(DAY)
        code, said = life.stage.try_ape(*end, life.key(life.roles.stranger))
        if code == 0:
            break
    assert code == 0, said
    exits = str(life.stage.folder / "exits.json")
    life.stage.zklink("recover", "--from-l1", *life.reach, "--owner", provider.address, "--out", exits)
    life.stage.ape(*end, life.key(provider), "--exits", exits)
