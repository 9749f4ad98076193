"""Machines on a stage of one's own: roles, moods, goals, draws in words; what fails is made small and told."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from zklink.lab.errors import MachineUnusable, ReplayUnusable, StepsNeverDone
from zklink.lab.machines import Dice, Run, StagedMachine, invariant, run_machine, step


class Till:
    """A stage: an amount of coins, which can be set back."""

    def __init__(self, coins: int) -> None:
        self.coins = coins

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """A block of code after which it is as before."""
        before = self.coins
        try:
            yield
        finally:
            self.coins = before


@dataclass
class Thief:
    """Takes coins at night."""

    machine: "Shop"

    @step(when=lambda self: self.machine.is_night)
    def steal(self, dice: Dice) -> None:
        """Some coins."""
        coins = dice.number("coins", 1, 50)
        self.machine.stage.coins -= coins
        self.machine.note(f"the thief takes {coins} coins", "till")


class Shop(StagedMachine):
    """Coins come and go by day; at night nobody should be there."""

    stage: Till
    examples = 20
    most_steps = 30
    mood_steps = 10
    roles = (Thief,)
    goals = frozenset({"somebody pays much"})
    has_own_words = True
    moods: ClassVar = {"day": {"pay": 3, "evening": 1}, "rush": {"pay": 8, "count": 1, "evening": 1}}

    def set_up(self) -> None:
        self.is_night = False
        self.paid = 0
        self.before = self.stage.coins

    def take_step(self, method: Any) -> Any:
        """With dice."""
        return method(self)

    def in_words(self, name: str, value: Any) -> str:
        return f"'{value}'" if name == "who" else str(value)

    @step()
    def pay(self, dice: Dice) -> None:
        """Somebody pays."""
        who, coins = dice.pick("who", ("ann", "bob")), dice.number("coins", 1, 9)
        self.stage.coins += coins
        self.paid += coins
        if coins > 5:
            self.reach("somebody pays much")
        self.note(f"{who} pays {coins}", "till")

    @step()
    def count(self, dice: Dice) -> bool:
        """Tells nothing."""
        return dice.chance("aloud", 3)

    @step()
    def evening(self, dice: Dice) -> None:
        """Night falls, or ends."""
        self.is_night = not self.is_night
        self.note("night falls" if self.is_night else "day breaks")

    @invariant(every=2)
    def nothing_is_missing(self) -> None:
        """What came in is there."""
        assert self.stage.coins >= self.before + self.paid - 20, "coins are missing"


class Robbed(Shop):
    """The same with a thief about."""

    moods: ClassVar = {**Shop.moods, "night": {"steal": 2, "evening": 1, "count": 1, "pay": 1}}


def fail(run: Run) -> list[str]:
    """The lines of the story."""
    till = Till(100)
    with pytest.raises(AssertionError, match="coins are missing") as caught:
        run_machine(Robbed, run, till)
    assert till.coins == 100
    return [line.strip() for line in caught.value.__notes__[0].strip().splitlines()[1:]]


def test_machine__on_a_stage__every_step_of_its_moods_and_every_goal_is_reached() -> None:
    till = Till(100)
    done = run_machine(Shop, Run(), till)
    assert (set(done), done["set_up"], till.coins) == ({"set_up", "pay", "count", "evening"}, 20, 100)
    assert done["pay"] > 2 * done["evening"]


def test_machine__something_breaks__least_story_in_its_own_words(tmp_path: Path) -> None:
    told = fail(Run(crashes=tmp_path))
    assert told == ["step 1          night falls", "step 2    till  the thief takes 21 coins"]
    saved = json.loads((tmp_path / "Robbed-0.json").read_text())
    assert saved["steps"] == [{"step": "evening", "draws": []}, {"step": "steal", "draws": [["coins", 21]]}]
    assert fail(Run(replay=tmp_path / "Robbed-0.json")) == told


def test_machine__without_shrinking__tells_the_first_example_as_it_was() -> None:
    assert len(fail(Run(shrinks=False))) > 2


@pytest.mark.parametrize("who", [0, 1])
def test_replay__place_among_values__is_what_stands_there(who: int, tmp_path: Path) -> None:
    file = tmp_path / "crash.json"
    steps = [
        {"step": "count", "draws": [["aloud", True]]},
        {"step": "pay", "draws": [["who", who, "read by people only"], ["coins", 3]]},
    ]
    file.write_text(json.dumps({"format": 1, "machine": "Told", "seed": 0, "steps": steps}))
    told: list[str] = []

    class Told(Shop):
        def finish(self) -> None:
            told.extend(str(self.story).splitlines())

    assert run_machine(Told, Run(replay=file), Till(0)) == Counter({"set_up": 1, "count": 1, "pay": 1})
    assert told == [
        "step 1    step  count: aloud True",
        f"step 2    till  {('ann', 'bob')[who]} pays 3",
    ]


@pytest.mark.parametrize(("coins", "words"), [(10, "step 1 draws coins from 1 to 9, not 10"), ("x", "not x")])
def test_replay__value_that_cannot_be__one_sentence(coins: Any, words: str, tmp_path: Path) -> None:
    file = tmp_path / "crash.json"
    steps = [{"step": "pay", "draws": [["who", 0], ["coins", coins]]}]
    file.write_text(json.dumps({"format": 1, "machine": "Shop", "seed": 0, "steps": steps}))
    with pytest.raises(ReplayUnusable, match=words):
        run_machine(Shop, Run(replay=file), Till(0))


def test_machine__goal_never_reached__fails_the_run() -> None:
    class Ambitious(Shop):
        goals = Shop.goals | {"somebody pays with gold"}

    with pytest.raises(StepsNeverDone, match="Ambitious never succeeded in somebody pays with gold"):
        run_machine(Ambitious, Run(), Till(0))


def test_machine__mood_without_a_step__one_sentence() -> None:
    class Moody(Shop):
        moods: ClassVar = {"day": {"pay": 1, "sing": 1}}

    with pytest.raises(MachineUnusable, match="Moody has no step of its moods: sing"):
        run_machine(Moody, Run(), Till(0))


def test_pick__nothing_there__one_sentence() -> None:
    class Empty(Shop):
        moods: ClassVar = {"day": {"count": 1}}
        goals = frozenset()

        @step()
        def count(self, dice: Dice) -> bool:
            return dice.pick("coin", [])

    with pytest.raises(MachineUnusable, match="Empty draws coin where there is nothing to draw from"):
        run_machine(Empty, Run(), Till(0))


def test_machine__end_that_draws__is_made_small_and_played_again(tmp_path: Path) -> None:
    class Closing(Shop):
        def finish(self) -> None:
            left = self.number("left behind", 0, 1_000)
            self.note(f"{left} coins are left behind")
            assert left < 40, "coins are left behind"

    with pytest.raises(AssertionError) as caught:
        run_machine(Closing, Run(crashes=tmp_path), Till(0))
    assert "40 coins are left behind" in caught.value.__notes__[0]
    with pytest.raises(AssertionError, match="coins are left behind"):
        run_machine(Closing, Run(replay=tmp_path / "Closing-0.json"), Till(0))
