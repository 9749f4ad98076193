"""The pytest plugin, as a project that knows nothing of this system meets it: in its own folder, in a new process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import note_engine

TESTS = """
from hypothesis import strategies as st

from zklink.lab.faults import FaultPlan, Halt
from zklink.lab.machines import Machine, invariant, step
from zklink.lab.chain import ChainSpec
from zklink.lab.pytest_plugin import machine_test


class Counting(Machine):
    specs = (ChainSpec("one", 71, 2.0),)
    examples = 20
    round_weight = 0

    def set_up(self):
        self.count = 0

    @step()
    def add(self):
        self.count += self.number("amount", 0, 50)

    @invariant()
    def small(self):
        assert self.count < LIMIT, "too much"


test_counting = machine_test(Counting, shards=2)


def test_world(lab_world):
    assert [chain.name for chain in lab_world.chains] == ["left", "right"]
    lab_world.round(3)
    assert lab_world.chain("left").w3.eth.block_number == 3


def test_world__again__begins_anew(lab_world, lab_seed):
    assert lab_world.chain("left").w3.eth.block_number == 0
    print("seed is", lab_seed)


def test_hunt(lab_hunt):
    def play(world):
        world.round(2)
        assert world.chain("left").w3.eth.block_number >= LEAST

    lab_hunt(play, examples=20)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    note_engine("revm")
    write(tmp_path)
    return tmp_path


def write(folder: Path, limit: int = 10**9, least: int = 0) -> None:
    constants = f"LIMIT, LEAST = {limit}, {least}\n"
    (folder / "test_kit.py").write_text(constants + TESTS)


WITHOUT_APE = ("-p", "no:ape_test", "-p", "no:pytest_cov")
"""ape takes seconds to start; one test has it beside."""


def run(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "--tb=short", *options]
    done = subprocess.run([*command, "-v"], cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_plugin__whole_file__passes_and_the_header_says_what_runs(folder: Path) -> None:
    code, said = run(folder, "--lab-seed", "41")
    assert code == 0, said
    assert "lab: chains are revm, in this process; --lab-seed=41; ape's chain is revm\n" in said
    assert "seed is 41" in said
    assert "5 passed" in said


@pytest.mark.slow  # a counterexample is shrunk and played again, each in a process
def test_plugin__machine_fails__saved_and_replayed_alone(folder: Path) -> None:
    write(folder, limit=60)
    code, said = run(folder, *WITHOUT_APE, "-k", "shard1")
    file = folder / ".lab-crashes" / "Counting-1.json"
    assert code == 1
    assert f"found with --lab-seed=1; play it again with --lab-replay={file}" in said
    amounts = [draw for step in json.loads(file.read_text())["steps"] for draw in step["draws"]]
    assert sum(amount for _, amount in amounts) == 60
    assert len(amounts) == 2

    code, said = run(folder, *WITHOUT_APE, "--lab-replay", str(file))
    assert code == 1
    assert "1 failed, 4 deselected" in said
    assert f"only the crash in {file}" in said
    assert "AssertionError: too much" in said

    write(folder, limit=61)
    code, said = run(folder, *WITHOUT_APE, "--lab-replay", str(file))
    assert code == 0, said
    assert "1 passed, 4 deselected" in said


def test_plugin__hunt_fails__the_story_stands_below_the_line(folder: Path) -> None:
    write(folder, least=2)
    code, said = run(folder, *WITHOUT_APE, "-k", "hunt", "--lab-seed", "3")
    assert code == 1
    assert "It fails with this fault:" in said
    assert "found with --lab-seed=3" in said


def test_plugin__step_never_done__says_what_to_do_and_shows_none_of_the_kit(folder: Path) -> None:
    file, last = folder / "test_kit.py", "    @invariant()\n"
    never = "    @step(when=lambda self: False)\n    def fly(self):\n        self.count = 0\n\n"
    file.write_text(file.read_text().replace(last, never + last))
    code, said = run(folder, *WITHOUT_APE, "-k", "shard0")
    assert code == 1
    assert "Counting never succeeded in fly: loosen their conditions, give them more weight, or play more" in said
    assert "During handling of the above exception" not in said
    assert "machines/run.py" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lab-chains", "ganache"], "--lab-chains is one of revm, test, anvil, fork, not ganache"),
        (["--lab-coverage", "--lab-chains", "anvil"], "--lab-coverage sees what runs on revm, not on anvil: "),
        (
            ["--lab-gas", "--lab-chains", "test"],
            "--lab-gas sees what runs on revm, not on test: ",
        ),
        (["--lab-seed", "x"], "--lab-seed is a whole number from 0 on or 'random', not 'x'"),
        (["--lab-depth", "0"], "--lab-depth is a whole number from 1 on, not '0'"),
        (["--lab-replay", "none.json"], "none.json cannot be played again: No such file or directory"),
    ],
)
def test_plugin__bad_option__one_sentence(options: list[str], words: str, folder: Path) -> None:
    code, said = run(folder, *WITHOUT_APE, *options)
    assert code == 4
    assert f"ERROR: {words}" in said
    assert "Traceback" not in said


def test_plugin__crash_of_a_machine_that_is_not_there__one_sentence(folder: Path) -> None:
    file = folder / "crash.json"
    file.write_text('{"format": 1, "machine": "Other", "seed": 0, "steps": []}')
    code, said = run(folder, *WITHOUT_APE, "--lab-replay", str(file))
    assert code == 4
    assert f"{file} is of the machine Other, which none of these tests runs" in said


def test_plugin__fork_without_a_node__one_sentence_and_no_other_chains(folder: Path) -> None:
    code, said = run(folder, *WITHOUT_APE, "--lab-chains", "fork", "-k", "test_world or shard0")
    assert code == 1
    for chain in ("left", "one"):  # of the fixtures, and of the machine
        variable = f"{chain.upper()}_RPC"
        assert f"{chain}: a fork needs a node: put its address into {variable}, or choose another back end" in said
    assert "Traceback" not in said
    assert "open_chains" not in said
    assert "1 failed" in said
    assert "2 errors" in said
