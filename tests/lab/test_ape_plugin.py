"""ape's plugin: the provider revm in a project that knows nothing of this system, as default where none is named."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from tests.support.engines import note_engine
from zklink.cli.ape_command import cli
from zklink.lab import ape_plugin

ROOT: Final = Path(__file__).resolve().parents[2]
BOX: Final = """# pragma version 0.4.3
# pragma nonreentrancy on
count: public(uint256)


@external
def add(amount: uint256):
    \"\"\"
    @notice Adds.
    @param amount How much
    \"\"\"
    assert amount != 7, "box: seven"
    self.count += amount
"""
TESTS: Final = """
import ape
import pytest


@pytest.fixture
def box(accounts, project):
    return accounts[0].deploy(project.Box)


def test_add(box, accounts, chain):
    box.add(5, sender=accounts[1])
    assert box.count() == 5
    with ape.reverts("box: seven"):
        box.add(7, sender=accounts[1])
    assert accounts[2].balance >= 10**18
    print("this is", chain.provider.name, chain.provider.chain_id)


def test_isolation(box):
    assert box.count() == 0
"""
OTHER_ACCOUNTS: Final = """
test:
  mnemonic: legal winner thank year wave sausage worth useful legal winner thank yellow
  balance: 3000000000000000000
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    note_engine("revm")
    for name, text in {"contracts/Box.vy": BOX, "tests/test_box.py": TESTS, "ape-config.yaml": "name: box\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *command: str) -> str:
    binary = Path(sys.executable).parent / command[0]
    done = subprocess.run([str(binary), *command[1:]], cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_ape_test__nothing_is_configured__runs_on_revm_and_says_so(folder: Path) -> None:
    said = run(folder, "ape", "test", "-s")
    assert "ape's chain is revm" in said
    assert "this is revm 1337" in said
    assert "2 passed" in said


@pytest.mark.slow
def test_ape_test__accounts_of_another_mnemonic__have_coins(folder: Path) -> None:
    (folder / "ape-config.yaml").write_text(f"name: box\n{OTHER_ACCOUNTS}")
    assert "2 passed" in run(folder, "ape", "test", "-s")


@pytest.mark.slow
@pytest.mark.parametrize(("network", "is_revm"), [("ethereum:local:test", False), ("ethereum:local:revm", True)])
def test_ape_test__network_is_named__runs_on_it(folder: Path, network: str, is_revm: bool) -> None:
    said = run(folder, "ape", "test", "-s", "--network", network)
    assert f"this is {'revm' if is_revm else 'test'} 1337" in said
    assert "ape's chain is revm" not in said


@pytest.mark.parametrize(
    ("file", "text", "is_named"),
    [
        ("ape-config.yaml", "ethereum:\n  local:\n    default_provider: test\n", True),
        ("ape-config.yaml", "ethereum:\n  local:\n    block_time: 1\n", False),
        ("ape-config.json", '{"ethereum": {"local": {"default_provider": "foundry"}}}', True),
        ("pyproject.toml", '[tool.ape.ethereum.local]\ndefault_provider = "test"\n', True),
        ("ape-config.yaml", "ethereum: [", False),
        ("README.md", "", False),
    ],
)
def test_default__project_names_a_provider__is_left_alone(tmp_path: Path, file: str, text: str, is_named: bool) -> None:
    (tmp_path / file).write_text(text)
    assert ape_plugin._names_provider(tmp_path, "ethereum") is is_named


def test_default__this_project__runs_ape_on_what_its_configuration_says() -> None:
    assert not ape_plugin.make_default(ROOT)


def test_providers__local_networks__have_revm() -> None:
    import ape

    ape_plugin.register()
    assert {name for name, _, _ in ape_plugin.providers()} >= {"ethereum", "polygon", "bsc", "avalanche"}
    assert "revm" in ape.networks.ethereum.local.providers


def test_command__ape_zklink__has_the_laboratory() -> None:
    said = CliRunner().invoke(cli, ["--help"]).output
    assert all(f"\n  {name} " in said for name in ("check", "mutate", "new", "promise"))


def test_distribution__that_ape_finds__has_its_name_and_the_version_of_this_one() -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    theirs = tomllib.loads((ROOT / "packages/ape-zklink/pyproject.toml").read_text())["project"]
    assert (theirs["name"], theirs["version"]) == ("ape-zklink", ours["version"])
    assert theirs["dependencies"] == [f"zklink[lab]=={ours['version']}"]
    assert ours["entry-points"]["ape_cli_subcommands"]["zklink"] == f"{cli.callback.__module__}:cli"
