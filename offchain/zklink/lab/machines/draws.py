"""Where a machine's values come from: drawn by Hypothesis, or read from a file; and how they stand in a file.

Takes values of plain types, faults and plans; gives JSON, and the same values again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hypothesis import strategies as st

from zklink.lab.errors import LabError, ReplayUnusable
from zklink.lab.faults.base import Fault
from zklink.lab.faults.plan import FaultPlan, read_fault


@dataclass(frozen=True, slots=True)
class Draw:
    """A value by name, and what it was drawn from; that is None where the value comes from a file."""

    name: str
    value: Any
    strategy: st.SearchStrategy[Any] | None = field(default=None, compare=False)


@dataclass(slots=True)
class Act:
    """A step that was begun, and what it drew, in order."""

    step: str
    draws: list[Draw] = field(default_factory=list)

    def __str__(self) -> str:
        # A fault's own words say where it strikes.
        drawn = ", ".join(
            str(draw.value) if isinstance(draw.value, Fault) else f"{draw.name} {draw.value}" for draw in self.draws
        )
        return f"{self.step.replace('_', ' ')}{f': {drawn}' if drawn else ''}"


class Source(Protocol):
    """Gives the steps of one example and the values they draw."""

    def choose(self, weights: Sequence[tuple[str, int]], most: int) -> str | None:
        """The next step by name, None to end."""

    def draw(self, strategy: st.SearchStrategy[Any], name: str) -> Any:
        """A value for the step that runs."""


class DrawnSource:
    """From Hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def choose(self, weights: Sequence[tuple[str, int]], most: int) -> str | None:
        total = sum(weight for _, weight in weights)
        if not total:
            return None
        place = self._data.draw(st.integers(0, total - 1))
        for name, weight in weights:
            if place < weight:
                return name
            place -= weight
        raise AssertionError("weights do not add up")

    def draw(self, strategy: st.SearchStrategy[Any], name: str) -> Any:
        return self._data.draw(strategy)


class NotThere(Exception):
    """Steps that were left out have changed what a later one draws."""


class PlayedSource:
    """The same steps with the same values once more, as far as they are possible."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts, self._at = list(acts), 0
        self._left: list[Draw] = []

    def choose(self, weights: Sequence[tuple[str, int]], most: int) -> str | None:
        possible = {name for name, weight in weights if weight}
        while self._at < len(self._acts):
            act = self._acts[self._at]
            self._at += 1
            if act.step in possible or self.is_strict:
                self._left = list(act.draws)
                return self.take(act, act.step in possible)
        return None

    is_strict = False

    def take(self, act: Act, is_possible: bool) -> str:
        """The step that comes next."""
        return act.step

    def draw(self, strategy: st.SearchStrategy[Any], name: str) -> Any:
        for place, draw in enumerate(self._left):
            if draw.name == name:
                del self._left[place]
                return draw.value
        return self.miss(name)

    def miss(self, name: str) -> Any:
        """What a step draws and did not draw before."""
        raise NotThere(name)


class SavedSource(PlayedSource):
    """From a file: all of its steps, or an error."""

    is_strict = True

    def __init__(self, file: str, acts: Sequence[Act]) -> None:
        super().__init__(acts)
        self._file = file

    def take(self, act: Act, is_possible: bool) -> str:
        if not is_possible:
            raise ReplayUnusable(self._file, f"step {self._at - 1}, {act.step}, is not possible there")
        return act.step

    def miss(self, name: str) -> Any:
        raise ReplayUnusable(self._file, f"step {self._at - 1} draws {name}, which the file does not have")


def encode(value: Any) -> Any:
    """A value as JSON; what has no form there is only described."""
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return {"bytes": f"0x{value.hex()}"}
        case tuple():
            return {"tuple": [encode(each) for each in value]}
        case list():
            return [encode(each) for each in value]
        case dict():
            return {"dict": [[encode(key), encode(each)] for key, each in value.items()]}
        case Fault():
            return {"plan": FaultPlan.of((1, value)).to_json(), "is_one": True}
        case FaultPlan():
            return {"plan": value.to_json()}
    return {"unsaved": repr(value)}


def decode(data: Any, file: str) -> Any:
    """The value of `encode`. Raises ReplayUnusable."""
    match data:
        case {"bytes": str(text)}:
            return bytes.fromhex(text.removeprefix("0x"))
        case {"tuple": list(items)}:
            return tuple(decode(each, file) for each in items)
        case {"dict": list(pairs)}:
            return {decode(key, file): decode(each, file) for key, each in pairs}
        case {"plan": [one], "is_one": True}:
            return _check(file, lambda: read_fault(one))
        case {"plan": list(strikes)}:
            return _check(file, lambda: FaultPlan.from_json(strikes))
        case {"unsaved": text}:
            raise ReplayUnusable(file, f"the value {text} could not be saved: draw numbers, texts, bytes and tuples")
        case list():
            return [decode(each, file) for each in data]
        case dict():
            raise ReplayUnusable(file, f"no value is written as {data}")
    return data


def _check(file: str, read: Any) -> Any:
    try:
        return read()
    except LabError as error:
        raise ReplayUnusable(file, str(error)) from None
