"""What a step of a machine drew, by name, and how values stand in a file.

Takes values of plain types, faults and plans; gives JSON, and the same values again.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from zklink.lab.errors import LabError, ReplayUnusable
from zklink.lab.faults.base import Fault
from zklink.lab.faults.plan import FaultPlan, read_fault


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from `least` to `most`; the least is the simplest."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Draw:
    """A value by name, and what it was drawn from; that is None where the value comes from a file. `words` say what a
    number stands for, if it is a place among some values.
    """

    name: str
    value: Any
    strategy: st.SearchStrategy[Any] | Span | None = field(default=None, compare=False)
    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        # A fault's own words say where it strikes.
        return str(self.value) if isinstance(self.value, Fault) else f"{self.name} {self.words or self.value}"


@dataclass(slots=True)
class Act:
    """A step that was begun, and what it drew, in order."""

    step: str
    draws: list[Draw] = field(default_factory=list)

    def __str__(self) -> str:
        drawn = ", ".join(map(str, self.draws))
        return f"{self.step.replace('_', ' ')}{f': {drawn}' if drawn else ''}"


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
