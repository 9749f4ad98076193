"""A run says what its chains are, and how many tests did not follow `--chains`."""

import subprocess
import sys
from pathlib import Path

from tests.support.engines import describe_use

ROOT = Path(__file__).resolve().parents[2]
FOLLOWS = "tests/devnet/test_world.py::test_open__four_chains__have_their_real_ids"
OWN = "tests/lab/test_clock.py::test_restore__a_block_was_begun_and_not_finished__it_is_forgotten"
NEITHER = "tests/lab/test_engines.py::test_describe_use__no_engine_of_its_own__says_nothing_of_any"


def test_run__anvil_asked_for__counts_who_followed_and_who_did_not() -> None:
    command = [sys.executable, "-m", "pytest", "--chains", "anvil", FOLLOWS, OWN, NEITHER]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "chains: one anvil per chain\n" in run.stdout
    own = "on engines of their own, whatever --chains says: 1 (py-evm 1)"
    assert f"tests on --chains anvil (anvil): 1; {own}\n" in run.stdout


def test_run__only_those_that_follow__are_chosen_by_their_mark() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "on_chains", FOLLOWS, OWN, NEITHER]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert f"{FOLLOWS}\n" in run.stdout
    assert "1/3 tests collected (2 deselected)" in run.stdout


def test_describe_use__several_engines__the_most_used_first() -> None:
    said = describe_use(["revm", "--chains", "py-evm", "revm", "revm"], "fork")
    assert said == (
        "tests on --chains fork (forks): 1; on engines of their own, whatever --chains says: 4 (revm 3, py-evm 1)"
    )


def test_describe_use__no_engine_of_its_own__says_nothing_of_any() -> None:
    assert describe_use(["--chains", "--chains"], "test") == "tests on --chains test (py-evm): 2"
