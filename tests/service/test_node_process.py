"""A node as a process: it starts, works, says how it is, ends in order, and survives kill -9 at any time."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import run

import pytest

from tests.service.node_process import PROGRAM, NodeProcess, free_port, wait_for
from tests.support.chains import send_deposit
from tests.support.engines import note_engine
from zklink.devnet.profiles import AVALANCHE, BSC
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import USDC, token_by_id
from zklink.devnet.world import open_world
from zklink.protocol.ids import ChainId, Lane
from zklink.protocol.presets import MINIMAL
from zklink.sequencer.journal import decode_entry

USD = 10**6
KILLS = 4
SEALED = '"event": "block sealed"'


@pytest.fixture(scope="module")
def deployed() -> Iterator[LocalSystem]:
    """Two anvils at their own pace, with verifiers that ask for real proofs."""
    with open_world("anvil", (BSC, AVALANCHE)) as world:
        system = deploy_local_system(world, MINIMAL, tokens=[token_by_id(USDC)])
        world.start_clocks()
        yield system
        world.stop_clocks()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the operator keeps the node's database, from one start to the next."""
    return tmp_path_factory.mktemp("node")


@pytest.fixture
def process(deployed: LocalSystem, folder: Path, request: pytest.FixtureRequest) -> Iterator[NodeProcess]:
    note_engine("anvil")
    process = NodeProcess(deployed, folder, free_port(), processes=getattr(request, "param", 1))
    yield process
    process.close()


def deposit(system: LocalSystem) -> None:
    """The depositor brings money in on BSC."""
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)


def tips(system: LocalSystem) -> dict[ChainId, int]:
    """The last block that each chain has accepted."""
    return {chain: bridge.history.tip().number for chain, bridge in system.bridges.items()}


def count_deposits(system: LocalSystem) -> int:
    """How many deposits BSC has queued."""
    return system.bridges[BSC.chain_id].request_counts(Lane.ACCOUNT).total


def read_requests(process: NodeProcess) -> list[int]:
    """The deposits in sealed blocks, as the node's database has them; none before the node has made its tables."""
    try:
        with closing(sqlite3.connect(f"file:{process.folder}/node.db?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT number, entry FROM blocks ORDER BY number").fetchall()
    except sqlite3.OperationalError as error:
        assert "unable to open" in str(error) or "no such table" in str(error), error
        return []
    return [request for number, text in rows for _, request in decode_entry(text, number).requests]


def is_done(process: NodeProcess) -> bool:
    """Whether every deposit is in a block that all chains have accepted."""
    found = set(tips(process.system).values())
    return set(read_requests(process)) == set(range(1, count_deposits(process.system) + 1)) and len(found) == 1


def wait_for_log(process: NodeProcess, length: int) -> None:
    """Wait until the process has logged so many characters more, or has nothing to do."""
    start = len(process.log)
    wait_for(lambda: len(process.log) - start > length or is_done(process), process.describe)


def heights(system: LocalSystem) -> dict[ChainId, int]:
    return {chain.profile.chain_id: chain.client.head().number for chain in system.world}


def check_nothing_twice(system: LocalSystem, after: dict[ChainId, int]) -> None:
    """The sequencer has sent no call twice, and none has failed."""
    sequencer = system.world.roles.sequencer.address
    for chain in system.world:
        calls: Counter[bytes] = Counter()
        for number in range(after[chain.profile.chain_id] + 1, chain.client.head().number + 1):
            for sent in chain.w3.eth.get_block(number, full_transactions=True)["transactions"]:
                assert not isinstance(sent, bytes)
                if sent["from"] == sequencer:
                    assert chain.w3.eth.get_transaction_receipt(sent["hash"])["status"] == 1
                    calls[bytes(sent["input"])] += 1
        assert set(calls.values()) <= {1}


@pytest.mark.slow  # a node and a prover, each a process of its own
@pytest.mark.parametrize("process", [0], indirect=True)
def test_node__a_prover_of_another_process__blocks_reach_every_chain_and_it_ends_in_order(
    process: NodeProcess,
) -> None:
    system, before = process.system, tips(process.system)
    deposit(system)
    process.start()
    process.wait_ready()
    process.start_prover("far")
    wait_for(lambda: all(tip > before[chain] for chain, tip in tips(system).items()), process.describe)
    blocks = process.ask("/v1/blocks")
    assert blocks is not None and blocks.status_code == 200 and blocks.json()
    metrics = process.ask("/metrics")
    assert metrics is not None and 'zklink_requests_confirmed_total{chain="bsc",lane="account"}' in metrics.text
    health = process.ask("/health")
    assert health is not None and set(health.json()["parts"]) >= {"database", "sequencer", "chain bsc", "prover"}
    assert process.end() == 0
    log = process.log
    keys = [(process.folder / name).read_text() for name in ("sequencer", "validator0", "watcher0")]
    assert SEALED in log and not any(key.removeprefix("0x") in log for key in keys)


@pytest.mark.slow
def test_node__killed_when_its_block_is_sealed__the_next_process_goes_on(process: NodeProcess) -> None:
    system, before, since = process.system, tips(process.system), heights(process.system)
    process.start()
    process.wait_ready()
    sealed = process.log.count(SEALED)
    deposit(system)
    wait_for(lambda: process.log.count(SEALED) > sealed, process.describe)
    process.kill()
    process.start()
    wait_for(lambda: process.ask("/health") is not None, process.describe)
    blocks = process.ask("/v1/blocks")
    assert blocks is not None and blocks.json()["blocks"], "the history is there before anything is sealed again"
    wait_for(lambda: all(tip > before[chain] for chain, tip in tips(system).items()), process.describe)
    assert process.end() == 0
    check_nothing_twice(system, since)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_node__killed_at_random_under_load__nothing_lost_and_nothing_twice(process: NodeProcess, seed: int) -> None:
    system, since, chance = process.system, heights(process.system), random.Random(seed)
    for _ in range(KILLS):
        deposit(system)
        process.start()
        wait_for_log(process, chance.randrange(400, 5_000))
        process.kill()
        deposit(system)
    process.start()
    process.wait_ready()
    wait_for(lambda: is_done(process), process.describe)
    assert process.end() == 0
    requests = read_requests(process)
    assert sorted(requests) == list(range(1, count_deposits(system) + 1))
    check_nothing_twice(system, since)


@pytest.mark.slow
def test_node__killed_with_checkpoints__the_next_process_goes_on_from_one(process: NodeProcess) -> None:
    system = process.system
    process.settings.write_text(process.settings.read_text() + "[pace]\nkept_blocks = 1\ncheckpoint_blocks = 1\n")
    process.start()
    process.wait_ready()
    for _ in range(3):
        before = tips(system)
        deposit(system)
        wait_for(lambda before=before: all(tip > before[k] for k, tip in tips(system).items()), process.describe)  # type: ignore[misc]
    process.kill()
    process.start()
    process.wait_ready()
    assert "the node goes on from its checkpoint at block" in process.log
    before = tips(system)
    deposit(system)
    wait_for(lambda: all(tip > before[chain] for chain, tip in tips(system).items()), process.describe)
    assert process.end() == 0
    assert sorted(read_requests(process)) == list(range(1, count_deposits(system) + 1))


def test_node__settings_that_do_not_fit__one_line_that_names_the_key(process: NodeProcess) -> None:
    process.settings.write_text(process.settings.read_text().replace("[chains.bsc]", "[chains.gnosis]"))
    done = run([PROGRAM, "node", "--config", str(process.settings)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert "SettingsInvalid" in line and "node.toml: chains.gnosis: the deployment has avalanche, bsc" in line


def test_check__everything_answers__said(process: NodeProcess) -> None:
    command = [PROGRAM, "node", "--config", str(process.settings), "--check"]
    done = run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the settings fit the deployment" in done.stdout and "the database has " in done.stdout
