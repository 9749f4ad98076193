"""`lab_faults`: faults as a fixture, and what a failed test says of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.test_plugin import WITHOUT_APE, run
from tests.support.engines import note_engine
from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.errors import FaultUnavailable, PlanInapplicable
from zklink.lab.faults import FaultPlan, Halt, MissedBlocks, Reorg
from zklink.lab.pytest_faults import LabFaults
from zklink.lab.world import LabWorld

SPECS = (ChainSpec("left", 31_001, 2.0), ChainSpec("right", 31_002, 2.0))

TESTS = """
from zklink.lab.faults import Halt


def test_now(lab_world, lab_faults):
    lab_faults.strike(Halt("left", 2))
    lab_world.round(3)
    assert lab_world.chain("left").w3.eth.block_number == 1


def test_again__the_last_tests_fault_is_gone(lab_world):
    lab_world.round(3)
    assert lab_world.chain("left").w3.eth.block_number == 3


def test_drawn(lab_world, lab_faults):
    lab_faults.draw([Halt], rounds=1, most=1)
    lab_world.round(3)
    heights = [lab_world.chain(name).w3.eth.block_number for name in ("left", "right")]
    assert heights == [3, 3], "a chain is late"


def test_no_fault(lab_world):
    lab_world.tell("left", "alice waits")
    assert not lab_world.story.lines
"""


@pytest.fixture
def world() -> Iterator[LabWorld]:
    note_engine("revm")
    with LabWorld(open_chains("revm", SPECS)) as opened, opened.isolated():
        yield opened


def heights(world: LabWorld) -> list[int]:
    return [chain.height() for chain in world.chains]


def test_play__in_the_middle__its_first_round_is_the_next(world: LabWorld) -> None:
    faults = LabFaults(world, 0)
    faults.play(FaultPlan())
    world.round(2)
    faults.play(FaultPlan.of((1, Halt("left", 1))))
    world.round()
    assert heights(world) == [2, 3]
    assert str(faults.plan) == "round 3: left halts for 1 round"
    faults.close()
    world.round()
    assert heights(world) == [3, 4]


def test_strike__then_close__transactions_wait_no_longer(world: LabWorld) -> None:
    faults = LabFaults(world, 0)
    faults.strike(Halt("left", 2))
    world.send("left", {"to": funded_account(1).address, "value": 1}, 0)
    assert heights(world) == [0, 0]
    assert str(faults.plan) == "round 0: left halts for 2 rounds"
    faults.close()
    assert heights(world) == [1, 0]


def test_draw__seed__the_same_plans_and_not_one_for_all(world: LabWorld) -> None:
    plans = [LabFaults(world, number).draw() for number in (1, 1, 2, 3, 4)]
    assert plans[0] == plans[1]
    assert len(set(plans)) > 2
    kinds = {type(each.fault) for n in range(8) for each in LabFaults(world, n).draw([Halt, MissedBlocks]).strikes}
    assert kinds == {Halt, MissedBlocks}


def test_play__plan_that_cannot_be__one_sentence_and_nothing_strikes(world: LabWorld) -> None:
    faults = LabFaults(world, 0)
    with pytest.raises(PlanInapplicable, match="Halt cannot be played: rounds is at least 1, not 0"):
        faults.play(FaultPlan.of((1, Halt("left", 0))))
    assert not world.strikes
    note_engine("test")
    with LabWorld(open_chains("test", SPECS[:1])) as old, pytest.raises(FaultUnavailable, match="Reorg needs chains"):
        LabFaults(old, 0).strike(Reorg("left", 1))


def test_plugin__lab_faults__strike_and_a_failure_says_what_struck(tmp_path: Path) -> None:
    note_engine("revm")
    (tmp_path / "test_kit.py").write_text(TESTS)
    code, said = run(tmp_path, *WITHOUT_APE, "--lab-seed", "5", "--lab-depth", "2")
    assert code == 1
    assert "PASSED test_kit.py::test_now[faults1]" in said and "3 failed, 3 passed" in said
    assert "It fails with this fault:" in said and " halts for " in said
    assert "FAULT: " in said
    assert "play it again with --lab-seed=5" in said and "play it again with --lab-seed=6" in said
    assert "The story:\nround 0   left  alice waits" in said
