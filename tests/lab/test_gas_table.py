"""Gas by test and by function, from the blocks of chains on revm."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.engines import note_engine
from zklink.cli.main import main
from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.gas_table import GasTable
from zklink.lab.revm.chain import WATCHERS

BOX = """# pragma version 0.4.3
count: public(uint256)

@external
def gas_table_add(amount: uint256):
    self.count += amount
"""
TEST = """
from pathlib import Path

from zklink.lab.contracts import compile_vyper, deploy


def test_box(lab_world):
    left = lab_world.chain("left")
    box = deploy(left, compile_vyper(Path("Box.vy")))
    lab_world.send("left", box.functions.gas_table_add(5), 1)


def test_nothing():
    assert True
"""


def test_table__a_test_that_sends__has_its_transactions_by_function(tmp_path: Path) -> None:
    note_engine("revm")
    (tmp_path / "Box.vy").write_text(BOX)
    table = GasTable()
    WATCHERS.append(table.see)
    try:
        with open_chains("revm", [ChainSpec("one", 81)]) as chains:
            chain = chains.by_name("one")
            box = deploy(chain, compile_vyper(tmp_path / "Box.vy"))
            assert table.figures() == {}
            table.test = "test_a"
            sender = {"from": funded_account(1).address, "gas": 100_000}
            hashes = [box.functions.gas_table_add(amount).transact(sender) for amount in (1, 2)]  # type: ignore[arg-type]
            paid = [chain.w3.eth.get_transaction_receipt(each)["gasUsed"] for each in hashes]
    finally:
        WATCHERS.remove(table.see)
    assert paid[0] > paid[1]
    assert table.figures() == {"test_a": sum(paid)}
    assert table.functions() == {"Box.gas_table_add": paid[0]}
    lines = list(table.render())
    assert lines[1].split() == ["2", f"{sum(paid):,}", f"{max(paid):,}", "test_a"]
    assert lines[-1].split() == ["2", f"{paid[1]:,}", f"{paid[1]:,}", f"{paid[0]:,}", "Box.gas_table_add"]


def test_plugin__lab_gas__prints_tables_and_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note_engine("revm")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "Box.vy").write_text(BOX)
    (tmp_path / "test_box.py").write_text(TEST)
    options = ["-p", "zklink.lab.pytest_plugin", "-p", "no:cacheprovider", "--lab-gas", "--lab-gas-file", "gas.json"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (gas,) = json.loads((tmp_path / "gas.json").read_text()).values()
    assert f"2 {gas:>12,}" in done.stdout
    assert "Box.gas_table_add" in done.stdout and "a contract's creation" in done.stdout
    assert "test_nothing" not in done.stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    note_engine("revm")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:ape_test -p no:pytest_cov")
    for name, text in {
        "contracts/Box.vy": BOX,
        "tests/test_box.py": TEST.replace('"Box.vy"', '"contracts/Box.vy"'),
        "pyproject.toml": '[tool.zklink.lab]\ngas = "gas.json"\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def check(folder: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["lab", "check", str(folder), "--gate", "gas", *options])
    return result.exit_code, result.output


def test_gate__nothing_accepted_yet__says_how(project: Path) -> None:
    words = "gas.json gas: no gas was accepted yet; to accept: zklink lab check --gate gas --accept\n1 finding\n"
    assert check(project) == (1, words)
    (project / "pyproject.toml").write_text("")
    assert check(project) == (0, "0 findings\n")
    code, said = check(project, "--accept")
    assert code == 2 and "name a file for code_sizes or gas in pyproject.toml" in said


@pytest.mark.slow  # the project's tests run again and again
def test_gate__function_became_dearer__one_sentence(project: Path) -> None:
    assert check(project, "--accept") == (0, "0 findings\n")
    (gas,) = json.loads((project / "gas.json").read_text()).values()
    box = project / "contracts" / "Box.vy"
    box.write_text(BOX.replace("+= amount\n", "+= amount\n    assert self.count != 77\n"))
    assert check(project) == (0, "0 findings\n")  # a warm read is below one percent
    dearer = BOX.replace("+= amount\n", "+= amount\n    self.last = amount\n")
    box.write_text(f"{dearer}\nlast: uint256\n")
    code, said = check(project)
    now = json.loads(run_functions(project))["Box.gas_table_add"]
    more = f"{(now - gas) / gas:.1%} more than the {gas:,} that were accepted"
    how = "to accept: zklink lab check --gate gas --accept"
    assert (code, said) == (1, f"gas.json gas: Box.gas_table_add costs up to {now:,} gas, {more}; {how}\n1 finding\n")
    (project / "gas.json").write_text(json.dumps({"Box.gas_table_add": now + 1, "Box.gone": 1}))
    assert check(project) == (0, "0 findings\n")
    (project / "tests" / "test_box.py").write_text("def test_no():\n    assert False\n")
    code, said = check(project)
    assert code == 2 and "gas is compared of tests that pass; these say: 1 failed in" in said


def run_functions(project: Path) -> str:
    """What `--lab-gas-functions` writes, from the tests run by hand."""
    command = [sys.executable, "-m", "pytest", "-q", "--lab-gas-functions", "by-hand.json", "tests"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    return (project / "by-hand.json").read_text()
