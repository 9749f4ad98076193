"""Coverage of Vyper statements: what a run on revm reached, and what it did not, in figures, text and a page."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import note_engine
from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.coverage import FileCoverage, Recorder, probe_contracts, summarise
from zklink.lab.coverage.page import build_page
from zklink.lab.coverage.report import join_lines, render
from zklink.lab.gates import read_project
from zklink.lab.pytest_coverage import CoveragePlugin
from zklink.lab.revm.engine import ENGINES

BOX = """# pragma version 0.4.3
# pragma nonreentrancy on
import steps

LIMIT: immutable(uint256)
count: public(uint256)

@deploy
def __init__(limit: uint256):
    LIMIT = limit
    if limit > 50:
        self.count = 1

@external
def add(amount: uint256) -> uint256:
    assert amount < LIMIT, "box: too much"
    if amount == 3:
        self.count += 1
    elif amount == 4:
        self.count += 2
    else:
        self.count += steps.double(amount)
    return amount

@external
@view
def sum_up(amount: uint256) -> uint256:
    total: uint256 = 0
    for i: uint256 in range(amount, bound=8):
        if i % 2 == 0:
            continue
        total += i
    return total if amount > 1 else 0

@external
def forget():
    self.count = 0
    self._note()

def _note():
    assert self.count == 0
"""
STEPS = """# pragma version 0.4.3

def double(amount: uint256) -> uint256:
    result: uint256 = amount
    result += amount
    return result

def never_used() -> uint256:
    return 7
"""
TEST = """
from pathlib import Path

import pytest

from zklink.lab.contracts import compile_vyper, deploy


@pytest.mark.parametrize("amount", [3, 5])
def test_add(lab_world, amount):
    box = deploy(lab_world.chain("left"), compile_vyper(Path("contracts/Box.vy")), 9)
    assert lab_world.send("left", box.functions.add(amount), 1).receipt()["status"] == 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    note_engine("revm")
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path / "cache"))
    for name in ("contracts", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "contracts" / "Box.vy").write_text(BOX)
    (tmp_path / "contracts" / "steps.vy").write_text(STEPS)
    (tmp_path / "tests" / "test_box.py").write_text(TEST)
    return tmp_path


def line_of(source: str, text: str) -> int:
    return source[: source.index(text)].count("\n") + 1


def test_recorder__each_way_through_a_contract__is_told_from_the_others(folder: Path) -> None:
    recorder = Recorder(tuple(probe_contracts(read_project(folder))))
    sender = {"from": funded_account(1).address, "gas": 200_000}

    def look() -> dict[str, FileCoverage]:
        recorder.gather()
        return {file.place: file for file in summarise(recorder)}

    recorder.start()
    try:
        with open_chains("revm", [ChainSpec("one", 81)]) as chains:
            chain = chains.by_name("one")
            assert look()["contracts/Box.vy"].statements == (0, 19)
            box = deploy(chain, compile_vyper(folder / "contracts" / "Box.vy"), 9)
            assert line_of(BOX, "LIMIT = limit") not in look()["contracts/Box.vy"].never_run
            assert line_of(BOX, "self.count = 1") in look()["contracts/Box.vy"].never_run
            true_gas = box.functions.add(3).estimate_gas(sender)  # type: ignore[arg-type]
            box.functions.add(3).transact(sender)  # type: ignore[arg-type]
            found = look()
            assert found["contracts/steps.vy"].statements == (0, 3)
            assert found["contracts/Box.vy"].one_sided[line_of(BOX, "assert amount")] == "never refuses"
            assert found["contracts/Box.vy"].one_sided[line_of(BOX, "if amount == 3")] == "never false"
            with pytest.raises(Exception, match="box: too much"):
                box.functions.add(9).call(sender)  # type: ignore[arg-type]
            box.functions.add(5).transact(sender)  # type: ignore[arg-type]
            box.functions.sum_up(5).call()
            found = look()
            assert found["contracts/steps.vy"].statements == (3, 3)
            missed = ("self.count = 1", "self.count += 2", "self.count = 0", "self._note", "assert self")
            assert found["contracts/Box.vy"].never_run == sorted(line_of(BOX, text) for text in missed)
            assert set(found["contracts/Box.vy"].one_sided) == {line_of(BOX, "if limit"), line_of(BOX, "elif")}
            box.functions.forget().transact(sender)  # type: ignore[arg-type]
            assert look()["contracts/Box.vy"].one_sided[line_of(BOX, "assert self")] == "never refuses"
        assert recorder.strays == 0 < recorder.messages
    finally:
        recorder.stop()
    with open_chains("revm", [ChainSpec("one", 81)]) as chains:
        box = deploy(chains.by_name("one"), compile_vyper(folder / "contracts" / "Box.vy"), 9)
        assert box.functions.add(3).estimate_gas(sender) == true_gas  # type: ignore[arg-type]


def test_contract_that_asks_how_much_gas_is_left__stray_message_is_told(folder: Path) -> None:
    asks = BOX.replace("    self.count = 0\n", "    self.count = 0\n    assert msg.gas < 200_000\n")
    (folder / "contracts" / "Box.vy").write_text(asks)
    recorder = Recorder(tuple(probe_contracts(read_project(folder))))
    recorder.start()
    try:
        with open_chains("revm", [ChainSpec("one", 81)]) as chains:
            box = deploy(chains.by_name("one"), compile_vyper(folder / "contracts" / "Box.vy"), 9)
            box.functions.forget().transact({"from": funded_account(1).address, "gas": 200_000})
    finally:
        recorder.stop()
    assert (recorder.strays, recorder.messages) == (1, 2)
    assert "1 of 2 message ends otherwise with probes: they may have run other lines" in list(
        render(summarise(recorder), recorder)
    )


def test_nothing_deployed__text_and_page_say_so(folder: Path) -> None:
    contracts = probe_contracts(read_project(folder))
    assert probe_contracts(read_project(folder)) == contracts  # from the cache
    recorder = Recorder(tuple(contracts))
    files = summarise(recorder)
    sentence = "never on a chain, because no test deploys them or they are compiled with other settings: "
    lines = list(render(files, recorder))
    assert lines[-1] == f"{sentence}contracts/Box.vy"
    assert [lines[1].split(), lines[2].strip()] == [["0/19", "0/12", "contracts/Box.vy"], "never run: all of it"]
    page = build_page(folder, files, recorder)
    assert sentence in page and '<span class="never"><i>  16</i>     assert amount &lt; LIMIT' in page


def test_lines__neighbours__are_spans() -> None:
    assert list(join_lines([1, 2, 3, 7, 9, 10])) == ["1-3", "7", "9-10"]
    assert list(join_lines([])) == []


def run(folder: Path, *options: str) -> tuple[int, str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:pytest_cov",
        "-p",
        "no:ape_test",
    ]
    done = subprocess.run([*command, "--rootdir", ".", *options], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow  # three processes
def test_plugin__two_processes__one_report_with_what_both_ran(folder: Path) -> None:
    code, said = run(folder, "--lab-coverage", "-n", "2", "--lab-coverage-page", "page/coverage.html")
    assert code == 0, said
    assert "2 passed" in said
    lines = said.splitlines()
    start = next(at for at, line in enumerate(lines) if "coverage of contracts on revm" in line)
    assert lines[start + 2].split() == ["8/19", "5/12", "contracts/Box.vy"]
    assert "never run: 12, 20, 28-33, 37-38, 41" in lines[start + 3]
    page = (folder / "page" / "coverage.html").read_text()
    assert '<span class="never"><i>  20</i>         self.count += 2</span>' in page
    assert '<span class="run"><i>  18</i>         self.count += 1</span>' in page


def test_plugin__no_contracts__one_sentence(folder: Path) -> None:
    for file in (folder / "contracts").iterdir():
        file.unlink()
    with pytest.raises(pytest.UsageError, match=r"--lab-coverage: .*there is no Vyper file in contracts"):
        CoveragePlugin(folder, folder / "page.html")
    assert len(ENGINES) == 1
