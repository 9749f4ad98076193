"""The base class of machines: a world, actors, steps drawn by weight, and what must always hold.

Takes a world and a source of values; plays one example. Never decides whether a run has seen enough (`run` does).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Final, TypeVar

from hypothesis import strategies as st

from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.errors import MachineUnusable
from zklink.lab.faults.base import Fault
from zklink.lab.faults.strategies import faults
from zklink.lab.machines.draws import Act, Draw, Source
from zklink.lab.machines.steps import Step, list_invariants, list_steps, step
from zklink.lab.story import Line
from zklink.lab.world import LabWorld

Value = TypeVar("Value")
MOST_ROUNDS_AT_ONCE: Final = 3
LAST_ROUNDS: Final = 20
SET_UP: Final = "set_up"


class Machine:
    """Subclass it: `specs` are its chains, `deploy` what is there at first, steps and invariants are marked methods.

    `actors` are names of funded accounts. `round_weight` is how often rounds pass, `fault_weight` how often something
    goes wrong, of `fault_kinds` (all by default). `examples` and `most_steps` are how much is played.
    """

    specs: ClassVar[tuple[ChainSpec, ...]] = ()
    actors: ClassVar[tuple[str, ...]] = ("alice", "bob", "carol")
    examples: ClassVar[int] = 30
    most_steps: ClassVar[int] = 25
    fault_kinds: ClassVar[Sequence[type[Fault]] | None] = None
    round_weight: int = 2
    fault_weight: int = 0

    def __init__(self, world: LabWorld) -> None:
        self.world = world
        for name in self.actors:
            world.name(self.address(name), name)
        self.acts: list[Act] = []
        self.last_acts: list[Act] = []
        self._source: Source | None = None

    # -- to be written -------------------------------------------------------------------------------------------

    def deploy(self) -> None:
        """Once in a run: deploy contracts, lay the courier's routes. What an example does is undone, this is not; so
        nothing about single examples may be kept on `self` here.
        """

    def set_up(self) -> None:
        """At the beginning of each example; it can draw."""

    def finish(self) -> None:
        """At the end of each example, before the invariants are checked for the last time: what is under way arrives,
        if it does within LAST_ROUNDS.
        """
        for _ in range(LAST_ROUNDS):
            if self.world.is_idle():
                break
            self.world.round()

    # -- for steps -----------------------------------------------------------------------------------------------

    def draw(self, strategy: st.SearchStrategy[Value], name: str) -> Value:
        """A value, which the story and a saved crash tell under this name."""
        assert self._source is not None
        value: Value = self._source.draw(strategy, name)
        self.acts[-1].draws.append(Draw(name, value, strategy))
        return value

    def number(self, name: str, least: int, most: int) -> int:
        """A number from `least` to `most`."""
        return self.draw(st.integers(least, most), name)

    def pick(self, name: str, values: Sequence[Value]) -> Value:
        """One of some values; what is saved is its place."""
        return values[self.draw(st.integers(0, len(values) - 1), name)]

    def actor(self, name: str = "who") -> str:
        """One of the actors."""
        return self.draw(st.sampled_from(self.actors), name)

    def address(self, actor: str) -> str:
        """An actor's account, which every chain signs for."""
        return str(funded_account(self.actors.index(actor)).address)

    @step(weight="round_weight")
    def rounds_pass(self) -> None:
        """Some rounds."""
        self.world.round(self.number("rounds", 1, MOST_ROUNDS_AT_ONCE))

    @step(weight="fault_weight")
    def something_goes_wrong(self) -> None:
        """Some fault that is possible here strikes now."""
        self.world.strike(self.draw(faults(self.world.places, self.fault_kinds), "fault"))

    # -- an example ----------------------------------------------------------------------------------------------

    def play(self, source: Source, done: Counter[str], most_steps: int) -> None:
        """One example. `done` counts the steps that succeeded. Raises what a step or an invariant raises."""
        self._source, self.acts = source, []
        steps, checks = list_steps(type(self)), list_invariants(type(self))
        source.choose([(SET_UP, 1)], 1)
        self._act(SET_UP, self.set_up, done)
        for number in range(1, most_steps + 1):
            chosen = source.choose([(each.name, self._weigh(each)) for each in steps], most_steps)
            if chosen is None:
                break
            self._act(chosen, getattr(self, chosen), done)
            for check in checks:
                if number % check.every == 0:
                    getattr(self, check.name)()
        self.finish()
        for check in checks:
            getattr(self, check.name)()

    def _weigh(self, each: Step) -> int:
        return each.weigh(self)

    def _act(self, name: str, method: Any, done: Counter[str]) -> None:
        act = Act(name)
        self.acts.append(act)
        lines = self.world.story.lines
        place, round_number = len(lines), self.world.round_number
        try:
            if method() is not False:
                done[name] += 1
        finally:
            if name != SET_UP or act.draws:
                lines.insert(place, Line(round_number, "step", str(act)))


def check_machine(machine: type[Machine]) -> None:
    """Whether a class can be played at all. Raises MachineUnusable."""
    if not machine.specs:
        raise MachineUnusable(machine.__name__, "has no chains: give its `specs` one ChainSpec at least")
    if not list_invariants(machine):
        raise MachineUnusable(machine.__name__, "has no invariant: mark one method with @invariant()")
