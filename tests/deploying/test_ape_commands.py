"""`ape run deploy` and `ape run verify-deployment` on four anvils with the ids of test networks, killed on the way."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from tests.deploying.testnets import GOVERNOR, MEMBERS
from zklink.devnet.world import World, open_world
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.protocol.ids import ChainId
from zklink.prover.cache import project_root

pytestmark = pytest.mark.slow
ROOT = project_root()
PASSPHRASE = "a phrase for a test"
DEPLOYER = Account.from_key(b"\x71" * 32)
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
    text = (ROOT / "deployments" / "testnets.toml").read_text()
    for key, value in (
        ("operator", world.roles.operator.address),
        ("governor", GOVERNOR.address),
        ("setter", world.roles.setter.address),
        ("fee_recipient", world.roles.treasury.address),
    ):
        text = text.replace(f'{key} = ""', f'{key} = "{value}"')
    for members in (MEMBERS[:3], MEMBERS[3:]):
        text = text.replace("members = []", f"members = {json.dumps(members)}", 1)
    text = text.replace('"compact"', '"minimal"')
    lines = []
    for line in text.splitlines():
        name, _, place = line.partition(" = ")
        if name in ("wrapped", "permit2"):
            continue
        if place.startswith('"0x') and name in {profile.name for profile in NETWORKS}:
            client = next(chain.client for chain in world if chain.name == name)
            token = client.deploy(world.roles.stranger, load_contract("TestToken"), "USD Coin", "USDC", 6)
            line = f'{name} = "{token}"'
        lines.append(line)
    file = folder / "four.toml"
    file.write_text("\n".join(lines))
    accounts = folder / "home" / "accounts"
    accounts.mkdir(parents=True)
    (accounts / "deployer.json").write_text(json.dumps(Account.encrypt(DEPLOYER.key, PASSPHRASE, iterations=2)))
    return file


def start(world: World, file: Path, *arguments: str) -> "subprocess.Popen[str]":
    """An ape command in a process of its own."""
    nodes = {f"{chain.name.upper().replace('-', '_')}_RPC": str(chain.node_url) for chain in world}
    home = {"APE_DATA_FOLDER": str(file.parent / "home"), "APE_ACCOUNTS_deployer_PASSPHRASE": PASSPHRASE}
    return subprocess.Popen(
        ["ape", "run", *arguments],
        cwd=ROOT,
        env={**os.environ, **nodes, **home},
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
