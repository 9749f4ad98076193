"""`ape run deploy` and `ape run verify-deployment` on four anvils with the ids of test networks, killed on the way."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploying.filled import ALIAS, DEPLOYER, PASSPHRASE, ROOT, fill_template, keep_keystore, name_nodes
from tests.deploying.testnets import GOVERNOR
from zklink.devnet.world import World, open_world
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.protocol.ids import ChainId

pytestmark = pytest.mark.slow
NETWORKS = (
    ChainProfile("sepolia", ChainId(1), 11155111, 12.0, 6, "ETH"),
    ChainProfile("amoy", ChainId(2), 80002, 2.0, 32, "POL"),
    ChainProfile("bsc-testnet", ChainId(3), 97, 0.75, 20, "BNB"),
    ChainProfile("fuji", ChainId(4), 43113, 2.0, 2, "AVAX"),
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Four anvils, on which the deployer has coins."""
    with open_world("anvil", NETWORKS) as world:
        for chain in world:
            chain.client.transfer(world.roles.stranger, DEPLOYER.address, 10**18)
        yield world


@pytest.fixture(scope="module")
def environment(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of the repository, filled in for these chains; deployer's keystore beside it."""
    folder = tmp_path_factory.mktemp("ape")
    file = folder / "four.toml"
    file.write_text(fill_template(world, {}))
    keep_keystore(folder / "home")
    return file


def start(world: World, file: Path, *arguments: str) -> "subprocess.Popen[str]":
    """An ape command in a process of its own."""
    home = {"APE_DATA_FOLDER": str(file.parent / "home"), f"APE_ACCOUNTS_{ALIAS}_PASSPHRASE": PASSPHRASE}
    return subprocess.Popen(
        ["ape", "run", *arguments],
        cwd=ROOT,
        env={**os.environ, **name_nodes(world), **home},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(world: World, file: Path, *arguments: str, code: int = 0) -> str:
    """The output of an ape command that ends with this code."""
    with start(world, file, *arguments) as process:
        output, _ = process.communicate()
    assert process.returncode == code, output
    return output


def test_ape_run_deploy__killed_at_a_history__goes_on_and_is_verified(world: World, environment: Path) -> None:
    deploy = ("deploy", "--environment", str(environment), "--account", "deployer")
    before = {chain.name: chain.client.nonce(DEPLOYER.address) for chain in world}
    output = run(world, environment, *deploy, "--dry-run")
    assert "the dry run of four is complete" in output
    assert {chain.name: chain.client.nonce(DEPLOYER.address) for chain in world} == before
    assert not environment.with_suffix(".journal").exists()

    with start(world, environment, *deploy, "--yes") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split() == ["amoy", "MemberHistory"]:
                process.kill()
                break
        process.stdout.read()
    assert not environment.with_suffix(".json").exists()

    output = run(world, environment, *deploy, "--yes")
    assert "Timelock" in output and "done" in output
    record = environment.with_suffix(".json")
    dossier = Dossier.from_json(record.read_text())
    for chain in world:
        assert chain.client.nonce(DEPLOYER.address) == before[chain.name] + 12 + len(dossier.deployment.tokens) + 2

    output = run(world, environment, "verify-deployment", str(record), code=1)
    assert f"{GOVERNOR.address} has not called accept_ownership() yet" in output
    for k, place in dossier.deployment.chains.items():
        client = ChainClient(world[k].profile, world[k].w3)
        client.transfer(world.roles.stranger, GOVERNOR.address, 10**18)
        TimelockClient(client, place.timelock).accept_ownership(GOVERNOR)
    output = run(world, environment, "verify-deployment", str(record))
    assert "NOBODY CAN BE TRUSTED HERE" in output
    assert output.rstrip().endswith("agrees with the chains and these sources")

    chain = world[ChainId(2)]
    bridge = dossier.deployment.chains[ChainId(2)].bridge
    chain.rpc("anvil_setCode", bridge, f"0x{chain.client.code(bridge)[:-1].hex()}ff")
    output = run(world, environment, "verify-deployment", str(record), code=1)
    assert "WRONG Bridge: code" in output


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--account", "nobody"), "ape knows no account 'nobody'"),
        ((), "either --account ALIAS or --impersonate ADDRESS"),
        (("--impersonate", "0x12"), "is not an address"),
    ],
)
def test_ape_run_deploy__no_such_account__says_what_to_do(
    world: World, environment: Path, arguments: tuple[str, ...], said: str
) -> None:
    with start(world, environment, "deploy", "--environment", str(environment), *arguments) as process:
        output, _ = process.communicate()
    assert process.returncode != 0
    assert said in output
