"""Marks on methods of a machine or of its roles: what can be done, how often and when, and what must always hold.

Takes methods; gives them in the order in which they are written. Never calls them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])
_STEP: Final = "_lab_step"
_INVARIANT: Final = "_lab_invariant"


@dataclass(frozen=True, slots=True)
class Step:
    """A step's method. Among those that are possible now it is chosen as often as its weight says; `when` says whether
    it is possible, from the machine, or from the role that the step belongs to.
    """

    name: str
    weight: int | str
    when: Callable[[Any], bool] | None

    def weigh(self, machine: Any) -> int:
        """How often it is chosen. A weight by name is the machine's attribute."""
        weight: int = getattr(machine, self.weight) if isinstance(self.weight, str) else self.weight
        return weight


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold after every so many steps, and at the end."""

    name: str
    every: int


def step(weight: int | str = 1, when: Callable[[Any], bool] | None = None) -> Callable[[Method], Method]:
    """A method that a machine can carry out. It draws what it needs with `self.draw`. Returning False says that it has
    not succeeded.
    """

    def mark(method: Method) -> Method:
        setattr(method, _STEP, Step(method.__name__, weight, when))
        return method

    return mark


def invariant(every: int = 1) -> Callable[[Method], Method]:
    """A method that raises where something is wrong; called after every so many steps, and at the end."""

    def mark(method: Method) -> Method:
        setattr(method, _INVARIANT, Invariant(method.__name__, every))
        return method

    return mark


def list_steps(kind: type) -> tuple[Step, ...]:
    """The steps of a class and its bases."""
    return _list_marked(kind, _STEP)


def list_invariants(kind: type) -> tuple[Invariant, ...]:
    """The invariants of a class and its bases."""
    return _list_marked(kind, _INVARIANT)


def _list_marked(kind: type, mark: str) -> tuple[Any, ...]:
    names = dict.fromkeys(name for base in kind.__mro__ for name in vars(base))
    marks = (getattr(getattr(kind, name, None), mark, None) for name in names)
    return tuple(each for each in marks if each is not None)
