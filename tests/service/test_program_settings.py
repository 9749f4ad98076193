"""Settings of chains whose bridge is a program, and the keypairs that they name."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from solders.keypair import Keypair

from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import FileUnreadable, KeyFileInvalid, SettingsInvalid
from zklink.protocol.ids import ChainId
from zklink.service.programs import check_programs
from zklink.service.settings.source import read_settings
from zklink.solana.keys import load_keypair

NODE = """
deployment = "deployment.json"
[chains.polygon]
nodes = ["http://one"]
confirmations = 1
block_time_seconds = 2.0
[keys]
sequencer = "s.key"
[programs.solana]
nodes = ["https://node.example/secret-path-1234"]
payer = "payer.json"
"""
PROGRAM = ProgramDeployment(ChainId(5), "solana", "1" * 32, "1" * 32, "1" * 32, 1)


def deployment_of(*programs: ProgramDeployment) -> Deployment:
    """As far as it is looked at."""
    return cast("Deployment", SimpleNamespace(programs={each.chain_id: each for each in programs}))


def write(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    return path


def test_read_settings__program__files_are_beside_the_settings_and_nodes_secret(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, NODE), {})
    own = settings.programs["solana"]
    assert (own.payer, own.broker, own.commitment, own.unit_price) == (tmp_path / "payer.json", None, "confirmed", 0)
    assert "secret-path-1234" not in redact("no answer from https://node.example/secret-path-1234")
    check_programs(settings.programs, deployment_of(PROGRAM), "node.toml")


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('payer = "payer.json"', "programs.solana.payer"),
        ('nodes = ["https://node.example/secret-path-1234"]', "programs.solana.nodes"),
    ],
)
def test_read_settings__program_without_what_it_needs__refused(tmp_path: Path, line: str, place: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"{place}: it is missing"):
        read_settings(write(tmp_path, NODE.replace(line, "")), {})


def test_read_settings__signer_of_no_kind__commitment_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"programs\.solana\.commitment"):
        read_settings(write(tmp_path, f'{NODE}commitment = "processed"\n'), {})


def test_check_programs__others_than_the_deployments__refused(tmp_path: Path) -> None:
    programs = read_settings(write(tmp_path, NODE), {}).programs
    with pytest.raises(SettingsInvalid, match=r"programs\.solana: the deployment's programs are: none"):
        check_programs(programs, deployment_of(), "node.toml")
    with pytest.raises(SettingsInvalid, match=r"programs\.solana: the deployment has this program, and no node"):
        check_programs({}, deployment_of(PROGRAM), "node.toml")


def test_load_keypair__as_solana_keygen_or_a_wallet_writes_it__is_read(tmp_path: Path) -> None:
    keypair, path = Keypair.from_seed(bytes(range(32))), tmp_path / "key"
    for text in (json.dumps(list(bytes(keypair))), f"{keypair}\n"):
        path.write_text(text)
        assert load_keypair(path) == keypair


@pytest.mark.parametrize("data", [[1, 2, 3], [0] * 64, {"a": 1}, "nonsense-0OIl", [300] * 64])
def test_load_keypair__anything_else__refused_without_showing_it(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "key"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(KeyFileInvalid) as caught:
        load_keypair(path)
    assert "nonsense" not in str(caught.value) and "300" not in str(caught.value)


def test_load_keypair__no_file__said(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        load_keypair(tmp_path / "none")
