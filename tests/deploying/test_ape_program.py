"""`ape run deploy` and `ape run verify-deployment` with two anvils and a Solana chain over HTTP, killed on the way; and
on Surfpool's network.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploying.filled import DEPLOYER, keep_keystore
from tests.deploying.solana import OWNER, SOL, add_program, open_solana, prepare_chain, write_keys
from tests.deploying.test_ape_commands import run, start
from tests.deploying.testnets import FUJI, GOVERNOR, SEPOLIA, fill_text
from zklink.devnet.world import World, open_world
from zklink.l1.deployment.dossier import Dossier
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.surfnet import open_surfnet

pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> Iterator[World]:
    """Two anvils, on which the deployer has coins."""
    with open_world("anvil", (SEPOLIA, FUJI)) as world:
        for chain in world:
            chain.client.transfer(world.roles.stranger, DEPLOYER.address, 10**18)
        yield world


def test_ape_run_deploy__with_solana_killed_at_its_bridge__goes_on_and_is_verified(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solana, mint = open_solana(SolanaSpec("solana", block_time_seconds=0.05, confirmed_slots=2, finalized_slots=6))
    file = tmp_path / "pair.toml"
    file.write_text(add_program(fill_text(world), solana, mint))
    write_keys(tmp_path)
    keep_keystore(tmp_path / "home")
    deploy = ("deploy", "--environment", str(file), "--account", "deployer")
    with closing(solana), solana.serve_http() as node:
        solana.start_clock()
        monkeypatch.setenv("SOLANA_RPC", node.url)
        before = len(solana.ledger.entries)
        output = run(world, file, *deploy, "--dry-run")
        assert "solana: took " in output and "the dry run of pair is complete" in output
        assert len(solana.ledger.entries) == before

        with start(world, file, *deploy, "--yes") as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.split() == ["solana", "init"]:
                    process.kill()
                    break
            process.stdout.read()
        assert not file.with_suffix(".json").exists()

        output = run(world, file, *deploy, "--yes")
        assert "swap queue" in output and "done" in output
        record = file.with_suffix(".json")
        assert Dossier.from_json(record.read_text()).deployment.programs

        output = run(world, file, "verify-deployment", str(record), code=1)
        assert f"{GOVERNOR.address} has not called accept_ownership() yet" in output
        assert "has not accepted yet" in output
        assert output.count("WRONG") == 3, "the owners of three timelocks have not accepted"
        assert "On solana the owner of the timelock" in output
        assert output.rstrip().endswith("DOES NOT AGREE with the chains and these sources")

        key = tmp_path / "owner.json"
        key.write_text(json.dumps(list(bytes(OWNER))))
        solana.rpc("requestAirdrop", str(OWNER.pubkey()), SOL)
        run(world, file, "govern", "program", "accept-ownership", "--keypair", str(key), str(record))
        output = run(world, file, "verify-deployment", str(record), code=1)
        assert output.count("WRONG") == 2 and "has not accepted yet" not in output


def test_ape_run_deploy__on_surfpools_network__is_verified_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = tmp_path / "pair.toml", tmp_path / "owner.json"
    key.write_text(json.dumps(list(bytes(OWNER))))
    keep_keystore(tmp_path / "home")
    write_keys(tmp_path)
    with closing(open_surfnet(SolanaSpec("solana", runs_on="surfnet"))) as solana:
        file.write_text(add_program(fill_text(world), solana, prepare_chain(solana)))
        monkeypatch.setenv("SOLANA_RPC", solana.node_url)
        solana.start_clock()
        output = run(world, file, "deploy", "--environment", str(file), "--account", "deployer", "--yes")
        record = file.with_suffix(".json")
        assert Dossier.from_json(record.read_text()).deployment.programs, output
        output = run(world, file, "verify-deployment", str(record), code=1)
        assert output.count("WRONG") == 3 and "has not accepted yet" in output

        solana.rpc("requestAirdrop", str(OWNER.pubkey()), SOL)
        run(world, file, "govern", "program", "accept-ownership", "--keypair", str(key), str(record))
        output = run(world, file, "verify-deployment", str(record), code=1)
        assert output.count("WRONG") == 2 and "has not accepted yet" not in output
