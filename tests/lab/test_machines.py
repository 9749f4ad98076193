"""Machines: chance with teeth. What breaks is found, made small, told, saved, and breaks again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.letters import SPECS, WAY, Letters
from tests.support.engines import note_engine
from zklink.devnet.anvil_command import anvil_path
from zklink.lab.errors import MachineUnusable, ReplayUnusable, StepsNeverDone
from zklink.lab.faults import Delayed, FaultPlan, Halt, Lost, Repeated
from zklink.lab.faults.strategies import plans
from zklink.lab.machines import Machine, Run, invariant, run_machine, step
from zklink.lab.machines.draws import decode, encode
from zklink.lab.places import Places


class Sound(Machine):
    """People talk; what is heard was said. The hearer checks."""

    specs = SPECS
    examples = 15
    most_steps = 12
    fault_weight = 1
    fault_kinds = (Repeated, Halt, Delayed)
    checks_twice = True

    def deploy(self) -> None:
        self.letters = Letters(self.world, checks_twice=self.checks_twice)

    def set_up(self) -> None:
        self.spoken = 0

    @step(weight=4)
    def say(self) -> None:
        amount = self.number("amount", 1, 1_000)
        speaker = self.actor()
        self.spoken += amount
        self.letters.say(amount, self.actors.index(speaker))

    @step(weight=3, when=lambda self: self.spoken > 500)
    def whisper(self) -> bool:
        """Only when there is noise."""
        self.letters.say(0)
        return True

    @invariant()
    def heard_was_said(self) -> None:
        assert self.letters.heard <= self.letters.said, "heard more than was said"

    @invariant(every=5)
    def said_was_spoken(self) -> None:
        assert self.letters.said <= self.spoken


class CountsTwice(Sound):
    """The same, with a hearer that does not check."""

    examples = 60
    checks_twice = False


def fail(machine: type[Machine], run: Run) -> AssertionError:
    note_engine(run.backend)
    with pytest.raises(AssertionError, match="heard more than was said") as caught:
        run_machine(machine, run)
    return caught.value


def test_machine__sound__every_step_succeeds() -> None:
    note_engine("revm")
    done = run_machine(Sound)
    assert min(done[name] for name in ("say", "whisper", "rounds_pass", "something_goes_wrong", "set_up")) > 0


def test_machine__planted_bug__shrinks_to_the_least_and_tells_it(tmp_path: Path) -> None:
    error = fail(CountsTwice, Run(seed=4, crashes=tmp_path))
    story, where = error.__notes__
    assert story.strip().splitlines() == [
        "The story:",
        "round 0   step           something goes wrong: left -> right: the next message is brought twice, at once",
        "          step           say: amount 1, who alice",
        "          left           somebody says 1",
        "round 1   left -> right  Said 1: number 1, amount 1",
        "          left -> right  FAULT: Said 1 is carried twice",
        "round 2   right          Said 1 arrives",
        "          right          Said 1 arrives again",
    ]
    assert where == f"found with --lab-seed=4; play it again with --lab-replay={tmp_path / 'CountsTwice-4.json'}"


def test_replay__saved_crash__fails_again_and_the_mended_one_does_not(tmp_path: Path) -> None:
    fail(CountsTwice, Run(seed=4, crashes=tmp_path))
    file = tmp_path / "CountsTwice-4.json"
    assert json.loads(file.read_text())["error"].startswith("AssertionError: heard more than was said")
    again = fail(CountsTwice, Run(replay=file))
    assert "say: amount 1, who alice" in again.__notes__[0]
    file.write_text(file.read_text().replace('"CountsTwice"', '"Sound"'))
    assert run_machine(Sound, Run(replay=file))["say"] == 1


def test_replay__on_anvil__fails_again(tmp_path: Path) -> None:
    fail(CountsTwice, Run(seed=4, crashes=tmp_path))
    fail(CountsTwice, Run("anvil", replay=tmp_path / "CountsTwice-4.json", find_anvil=anvil_path))


def test_machine__same_seed__same_steps() -> None:
    note_engine("revm")
    first, again, other = (run_machine(Sound, Run(seed=number)) for number in (9, 9, 10))
    assert first == again != other


def test_machine__depth__plays_more() -> None:
    note_engine("revm")
    assert run_machine(Sound, Run(depth=2))["set_up"] > run_machine(Sound)["set_up"] * 1.5


def test_machine__example_before__leaves_nothing_behind() -> None:
    note_engine("revm")
    totals: set[int] = set()

    class Watching(Sound):
        def set_up(self) -> None:
            super().set_up()
            totals.add(self.letters.said + len(self.world.story.lines) + len(self.world.courier.arrived()))

    run_machine(Watching)
    assert totals == {0}


def test_machine__step_never_possible__fails_the_run() -> None:
    note_engine("revm")

    class Idle(Sound):
        @step(when=lambda self: False)
        def fly(self) -> None:
            raise NotImplementedError

        @step()
        def swim(self) -> bool:
            return False

    with pytest.raises(StepsNeverDone, match="Idle never succeeded in fly, swim"):
        run_machine(Idle)


def test_machine__without_chains_or_invariants__one_sentence() -> None:
    class Empty(Machine):
        pass

    class Blind(Machine):
        specs = SPECS

    with pytest.raises(MachineUnusable, match="Empty has no chains: give its `specs` one ChainSpec at least"):
        run_machine(Empty)
    with pytest.raises(MachineUnusable, match="Blind has no invariant"):
        run_machine(Blind)


SOUND: dict[str, Any] = {"format": 1, "machine": "Sound", "seed": 0, "steps": []}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be played again: No such file or directory"),
        ("{", "it is not JSON"),
        ({"format": 2}, "it is no crash of a machine"),
        ({**SOUND, "machine": "Other"}, "it is of the machine Other, not of Sound"),
        ({**SOUND, "steps": [{"step": "say"}]}, "step 1 has no name and list of drawn values"),
        ({**SOUND, "steps": [{"step": "say", "draws": []}]}, "step 1 draws amount, which the file does not have"),
        ({**SOUND, "steps": [{"step": "whisper", "draws": []}]}, "step 1, whisper, is not possible there"),
        ({**SOUND, "steps": [{"step": "say", "draws": [["amount", {"unsaved": "x"}]]}]}, "the value x could not be"),
        ({**SOUND, "steps": [{"step": "say", "draws": [["amount", {"plan": [{"fault": "Rain"}]}]]}]}, "no round `at`"),
    ],
)
def test_replay__not_usable__one_sentence(data: Any, words: str, tmp_path: Path) -> None:
    note_engine("revm")
    file = tmp_path / "crash.json"
    if data is not None:
        file.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(ReplayUnusable, match=words):
        run_machine(Sound, Run(replay=file))


plain: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(plain | plans(Places("revm", ("left",), (WAY,))) | st.just(Lost(WAY)) | st.just(FaultPlan()))
def test_encode__any_plain_value_or_fault__is_read_as_it_was(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value))), "file") == value
