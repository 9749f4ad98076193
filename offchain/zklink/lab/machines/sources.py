"""Where a machine's steps and values come from: chance, an example that is played again, or a file.

Takes what is possible; gives what is taken. Never plays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol

from hypothesis import strategies as st

from zklink.lab.errors import ReplayUnusable
from zklink.lab.machines.draws import Act, Draw, Span

SET_UP: Final = "set_up"
FINISH: Final = "finish"
WIDE: Final = 16
"""Numbers of a wider span are its least or its most more often than others are."""
EDGE: Final = 8
"""One in so many of them."""


@dataclass(frozen=True, slots=True)
class Option:
    """A step that could come next. Whether it is possible is asked only of those that chance has chosen."""

    name: str
    weight: int
    is_possible: Callable[[], bool]


class Source(Protocol):
    """Gives the steps of one example and the values they draw."""

    def begin(self, name: str) -> None:
        """An example's beginning or end is played now, and draws."""

    def choose(self, options: Sequence[Option]) -> str | None:
        """The next step by name, None to end."""

    def wander(self, count: int) -> int:
        """One of so many moods, by number."""

    def draw(self, strategy: st.SearchStrategy[Any], name: str) -> Any:
        """A value for the step that runs."""

    def roll(self, span: Span, name: str) -> int:
        """A number for the step that runs."""

    def flip(self, one_in: int, name: str) -> bool:
        """Whether something happens that happens once in so many times."""


class DrawnSource:
    """From chance: numbers and steps from a generator of their own, all other values from Hypothesis.

    Hypothesis makes new examples out of parts of old ones, which suits single values and not long stories: the same
    step once more seldom leads anywhere.
    """

    def __init__(self, random: Random, data: st.DataObject) -> None:
        self._random, self._data = random, data

    def begin(self, name: str) -> None:
        pass

    def choose(self, options: Sequence[Option]) -> str | None:
        left = [option for option in options if option.weight]
        while left:
            (chosen,) = self._random.choices(left, [option.weight for option in left])
            if chosen.is_possible():
                return chosen.name
            left.remove(chosen)
        return None

    def wander(self, count: int) -> int:
        return self._random.randrange(count)

    def draw(self, strategy: st.SearchStrategy[Any], name: str) -> Any:
        return self._data.draw(strategy)

    def roll(self, span: Span, name: str) -> int:
        if span.most - span.least >= WIDE and not self._random.randrange(EDGE):
            return self._random.choice((span.least, span.most))
        return self._random.randint(span.least, span.most)

    def flip(self, one_in: int, name: str) -> bool:
        return not self._random.randrange(one_in)


class NotThere(Exception):
    """Steps that were left out have changed what a later one draws."""


class PlayedSource:
    """The same steps with the same values once more, as far as they are possible. A number that is missing, because
    something else was left out, is the least.
    """

    def __init__(self, acts: Sequence[Act]) -> None:
        self._ends = {act.step: act for act in acts if act.step in (SET_UP, FINISH)}
        self._acts, self._at = [act for act in acts if act.step not in self._ends], 0
        self._left: list[Draw] = []

    def begin(self, name: str) -> None:
        self._left = list(self._ends[name].draws) if name in self._ends else []

    def choose(self, options: Sequence[Option]) -> str | None:
        known = {option.name: option for option in options}
        while self._at < len(self._acts):
            act = self._acts[self._at]
            self._at += 1
            if act.step in known and known[act.step].is_possible():
                self._left = list(act.draws)
                return act.step
            self.skip(act)
        return None

    def wander(self, count: int) -> int:
        return 0

    def skip(self, act: Act) -> None:
        """A step is not possible here."""

    def draw(self, strategy: st.SearchStrategy[Any], name: str) -> Any:
        drawn = self._find(name)
        return self.miss(name) if drawn is None else drawn.value

    def roll(self, span: Span, name: str) -> int:
        drawn = self._find(name)
        if drawn is None:
            return self.miss_number(span, name)
        return self.fit(span, drawn)

    def flip(self, one_in: int, name: str) -> bool:
        return bool(self.roll(Span(0, 1), name))

    def _find(self, name: str) -> Draw | None:
        for place, draw in enumerate(self._left):
            if draw.name == name:
                del self._left[place]
                return draw
        return None

    def miss(self, name: str) -> Any:
        """What a step draws and did not draw before."""
        raise NotThere(name)

    def miss_number(self, span: Span, name: str) -> int:
        """The same for a number."""
        return span.least

    def fit(self, span: Span, drawn: Draw) -> int:
        """A number that was drawn from another span, perhaps."""
        return min(max(int(drawn.value), span.least), span.most)


class SavedSource(PlayedSource):
    """From a file: all of its steps, or an error."""

    def __init__(self, file: str, acts: Sequence[Act]) -> None:
        super().__init__(acts)
        self._file = file

    def skip(self, act: Act) -> None:
        raise ReplayUnusable(self._file, f"step {self._at}, {act.step}, is not possible there")

    def miss(self, name: str) -> Any:
        raise ReplayUnusable(self._file, f"step {self._at} draws {name}, which the file does not have")

    def miss_number(self, span: Span, name: str) -> int:
        self.miss(name)
        raise AssertionError

    def fit(self, span: Span, drawn: Draw) -> int:
        value = drawn.value
        if not isinstance(value, int) or not span.least <= value <= span.most:
            words = f"step {self._at} draws {drawn.name} from {span.least} to {span.most}, not {value}"
            raise ReplayUnusable(self._file, words)
        return value
