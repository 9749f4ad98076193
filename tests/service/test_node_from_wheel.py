"""A node from a wheel: an empty environment with the extra `node`, in a folder that is no clone of anything."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.node_process import NodeProcess, free_port
from tests.support.engines import note_engine
from tests.support.wheel import build_wheel, install_wheel
from zklink.devnet.profiles import AVALANCHE, BSC
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import USDC, token_by_id
from zklink.devnet.world import open_world
from zklink.l1.contract_artifacts import load_contract
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.key_folder import LIST_FILE, hash_file
from zklink.prover.source import Statement

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return install_wheel(build_wheel(folder), folder / "env", "[node]")


@pytest.fixture(scope="module")
def deployed() -> Iterator[LocalSystem]:
    with open_world("anvil", (BSC, AVALANCHE)) as world:
        system = deploy_local_system(world, MINIMAL, tokens=[token_by_id(USDC)])
        world.start_clocks()
        yield system
        world.stop_clocks()


@pytest.fixture
def process(python: Path, deployed: LocalSystem, tmp_path: Path) -> Iterator[NodeProcess]:
    note_engine("anvil")
    process = NodeProcess(deployed, tmp_path, free_port(), program=str(python.with_name("zklink")))
    yield process
    process.close()


def run(command: list[str | Path], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def place_keys(folder: Path) -> None:
    """The development keys, as an operator publishes others."""
    folder.mkdir()
    lines = []
    for statement in (Statement.SWAP, Statement.ACCOUNT):
        made = ensure_circuit(MINIMAL, statement=statement)
        for path, name in ((made.zkey, f"{made.name}.zkey"), (made.vk_path, f"{made.name}.vkey.json")):
            (folder / name).symlink_to(path)
            lines.append(f"{hash_file(path)}  {name}\n")
    (folder / LIST_FILE).write_text("".join(lines))


def test_wheel__contract_from_its_own_sources__the_code_of_this_checkout(python: Path, tmp_path: Path) -> None:
    program = (
        "from zklink.l1.contract_artifacts import CONTRACTS, load_contract; import sys;"
        "assert str(CONTRACTS).startswith(sys.prefix), CONTRACTS; print(load_contract('Timelock').bytecode.hex())"
    )
    done = run([python, "-c", program], tmp_path, ZKLINK_CACHE=str(tmp_path / "cache"))
    assert done.stdout.strip() == load_contract("Timelock").bytecode.hex(), done.stderr


def test_wheel__devnet_without_the_laboratory__one_line_that_says_what_to_install(python: Path, tmp_path: Path) -> None:
    done = run([python.with_name("zklink"), "devnet", "--port", "0"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("needs more packages: pip install 'zklink[ape]'"), done.stderr


def test_wheel__node__starts_and_tells_its_health(process: NodeProcess) -> None:
    process.start()
    process.wait_ready()
    health = process.ask("/health")
    assert health is not None and set(health.json()["parts"]) >= {"database", "sequencer", "chain bsc", "prover"}
    status = process.ask("/v1/status")
    assert status is not None and status.status_code == 200
    assert process.end() == 0


def test_wheel__node_with_published_keys__proves_with_them_or_says_what_is_missing(process: NodeProcess) -> None:
    settings = process.settings.read_text()
    process.settings.write_text(settings.replace("[prover]\n", '[prover]\nkeys = "keys"\n'))
    place_keys(process.folder / "keys")
    process.start()
    process.wait_ready()
    assert process.end() == 0
    (process.folder / "keys" / LIST_FILE).unlink()
    process.start()
    assert process.process is not None and process.process.wait(240) == 1
    assert (
        f"KeyFilesMissing: the keys of swap_block_minimal are not in {process.folder}/keys: no SHA256SUMS"
        in process.log
    )
