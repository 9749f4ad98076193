"""Machines on a stage of a project's own: anything that can be set back to what it was.

Takes a stage and a source of values; plays one example. Never decides whether a run has seen enough (`run` does).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, ClassVar, Protocol, Self, TypeVar

from hypothesis import strategies as st

from zklink.lab.errors import MachineUnusable
from zklink.lab.machines.draws import Act, Draw, Span
from zklink.lab.machines.sources import FINISH, SET_UP, Option, Source
from zklink.lab.machines.steps import Invariant, Step, list_invariants, list_steps
from zklink.lab.story import Line, Story

Value = TypeVar("Value")


class Dice(Protocol):
    """What a step draws from, for code that is not the machine's: a role, a helper."""

    def number(self, name: str, least: int, most: int) -> int:
        """A number from `least` to `most`."""

    def pick(self, name: str, values: Sequence[Value]) -> Value:
        """One of some values."""

    def chance(self, name: str, one_in: int) -> bool:
        """Whether something happens that happens once in so many times."""


class StagedMachine:
    """Subclass it: steps and invariants are marked methods, of the machine or of its `roles`. `examples` and
    `most_steps` are how much is played; `goals` are what some example must have reached.

    With `moods` an example is played in one mood after the other, each for `mood_steps` steps: a mood says how often
    each step is chosen, and what stands in no mood is no step of the machine.
    """

    examples: ClassVar[int] = 30
    most_steps: ClassVar[int] = 25
    roles: ClassVar[tuple[type, ...]] = ()
    goals: ClassVar[frozenset[str]] = frozenset()
    moods: ClassVar[Mapping[str, Mapping[str, int]]] = {}
    mood_steps: ClassVar[int] = 20
    has_own_words: ClassVar[bool] = False
    """Whether what a step tells says all of it: then what it drew is only told of steps that tell nothing."""

    def __init__(self, stage: Any = None) -> None:
        self.stage = stage
        self.acts: list[Act] = []
        self.last_acts: list[Act] = []
        self.reached: Counter[str] = Counter()
        self.mood = ""
        self._story = Story(unit="step")
        self._roles: dict[type, Any] = {}
        self._source: Source | None = None

    @classmethod
    def check_class(cls, stage: Any) -> None:
        """Whether it can be played at all. Raises MachineUnusable."""
        if not list_invariants(cls):
            raise MachineUnusable(cls.__name__, "has no invariant: mark one method with @invariant()")
        cls.steps()

    # -- to be written -------------------------------------------------------------------------------------------

    @classmethod
    @contextmanager
    def opened(cls, backend: Any, find_anvil: Any, stage: Any) -> Iterator[Self]:
        """The machine for one run, on the stage that was given."""
        yield cls(stage)

    def isolated(self) -> AbstractContextManager[Any]:
        """A block of code after which the stage is as before: by default the stage's own `isolated`."""
        isolated: AbstractContextManager[Any] = self.stage.isolated()
        return isolated

    def deploy(self) -> None:
        """Once in a run: what is there at first. What an example does is undone, this is not; so nothing about single
        examples may be kept on `self` here.
        """

    def set_up(self) -> None:
        """At the beginning of each example; it can draw."""

    def finish(self) -> None:
        """At the end of each example in which nothing failed, before the invariants are checked for the last time; it
        can draw.
        """

    def make_role(self, kind: type) -> Any:
        """A role for one example, when it is needed first."""
        return kind(self)

    def take_step(self, method: Callable[..., Any]) -> Any:
        """Take a step: what all steps have in common stands here."""
        return method()

    def in_words(self, name: str, value: Any) -> str:
        """A drawn value in words."""
        return str(value)

    # -- for steps -----------------------------------------------------------------------------------------------

    @property
    def story(self) -> Story:
        """What has happened in this example."""
        return self._story

    def note(self, text: str, where: str = "") -> None:
        """A line of the story."""
        self.story.tell(where, text)

    def reach(self, goal: str) -> None:
        """Something has been done that the machine is for."""
        self.reached[goal] += 1

    def role(self, kind: type[Value]) -> Value:
        """The role of this class in this example."""
        if kind not in self._roles:
            self._roles[kind] = self.make_role(kind)
        found: Value = self._roles[kind]
        return found

    def draw(self, strategy: st.SearchStrategy[Value], name: str) -> Value:
        """A value, which the story and a saved crash tell under this name."""
        assert self._source is not None
        value: Value = self._source.draw(strategy, name)
        self.acts[-1].draws.append(Draw(name, value, strategy))
        return value

    def number(self, name: str, least: int, most: int) -> int:
        """A number from `least` to `most`."""
        value = self._roll(name, least, most)
        self.acts[-1].draws.append(Draw(name, value, Span(least, most)))
        return value

    def pick(self, name: str, values: Sequence[Value]) -> Value:
        """One of some values; what is saved is its place, and what it is in words."""
        place = self._roll(name, 0, len(values) - 1)
        words = self.in_words(name, values[place])
        self.acts[-1].draws.append(Draw(name, place, Span(0, len(values) - 1), words))
        return values[place]

    def chance(self, name: str, one_in: int = 2) -> bool:
        """Whether something happens that happens once in so many times; that it does not is simpler."""
        assert self._source is not None
        value = self._source.flip(one_in, name)
        self.acts[-1].draws.append(Draw(name, value, Span(0, 1)))
        return value

    def _roll(self, name: str, least: int, most: int) -> int:
        assert self._source is not None
        if least > most:
            raise MachineUnusable(type(self).__name__, f"draws {name} where there is nothing to draw from")
        return self._source.roll(Span(least, most), name)

    # -- an example ----------------------------------------------------------------------------------------------

    @contextmanager
    def example(self) -> Iterator[None]:
        """Around one example: afterwards all is as before, also what it left on the machine."""
        before = dict(vars(self))
        self._story, self._roles = Story(unit="step"), {}
        try:
            with self.isolated():
                yield
        finally:
            acts = self.acts
            vars(self).clear()
            vars(self).update({**before, "last_acts": acts})

    def play_example(self, source: Source, done: Counter[str], most_steps: int) -> None:
        """One example. `done` counts the steps that succeeded. Raises what a step or an invariant raises."""
        self._source, self.acts = source, []
        checks, steps = list_invariants(type(self)), self.steps()
        self._begin(SET_UP, self.set_up, done)
        for number in range(1, most_steps + 1):
            if self.moods and number % self.mood_steps == 1 % self.mood_steps:
                self.mood = sorted(self.moods)[source.wander(len(self.moods))]
            chosen = source.choose([self._option(each, owner) for each, owner in steps.values()])
            if chosen is None:
                break
            self._act(chosen, partial(self.take_step, self._method(*steps[chosen])), done)
            self._check(checks, number)
        self._begin(FINISH, self.finish, Counter())
        self._check(checks)

    @classmethod
    def steps(cls) -> dict[str, tuple[Step, type | None]]:
        """The steps of the machine by name, with the role that each belongs to; None is the machine itself."""
        owners: tuple[type | None, ...] = (None, *cls.roles)
        found = {each.name: (each, owner) for owner in owners for each in list_steps(owner or cls)}
        in_moods = {name for mood in cls.moods.values() for name, weight in mood.items() if weight}
        if missing := in_moods - set(found):
            raise MachineUnusable(cls.__name__, f"has no step of its moods: {', '.join(sorted(missing))}")
        return {name: one for name, one in found.items() if not cls.moods or name in in_moods}

    def never_done(self, done: Counter[str]) -> tuple[str, ...]:
        """Steps that no example took, and goals that none reached."""
        chosen = [name for name, (each, _) in self.steps().items() if self.moods or each.weigh(self)]
        steps = [name for name in chosen if not done[name]]
        return (*steps, *sorted(goal for goal in self.goals if not self.reached[goal]))

    def _weigh(self, each: Step) -> int:
        return self.moods[self.mood].get(each.name, 0) if self.moods else each.weigh(self)

    def _option(self, each: Step, owner: type | None) -> Option:
        return Option(each.name, self._weigh(each), partial(self._is_possible, each, owner))

    def _is_possible(self, each: Step, owner: type | None) -> bool:
        return each.when is None or each.when(self if owner is None else self.role(owner))

    def _method(self, each: Step, owner: type | None) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self if owner is None else self.role(owner), each.name)
        return method

    def _check(self, checks: Sequence[Invariant], number: int = 0) -> None:
        for check in checks:
            if number % check.every == 0:
                getattr(self, check.name)()

    def _begin(self, name: str, method: Callable[[], None], done: Counter[str]) -> None:
        assert self._source is not None
        self._source.begin(name)
        self._act(name, method, done)

    def _act(self, name: str, method: Callable[[], Any], done: Counter[str]) -> None:
        act = Act(name)
        self.acts.append(act)
        story = self.story
        if story.unit == "step" and name != SET_UP:
            story.round += 1
        place, round_number = len(story.lines), story.round
        try:
            if method() is not False:
                done[name] += 1
        finally:
            tells = len(story.lines) > place and self.has_own_words
            if not tells and (name not in (SET_UP, FINISH) or act.draws):
                story.lines.insert(place, Line(round_number, "step", str(act)))
