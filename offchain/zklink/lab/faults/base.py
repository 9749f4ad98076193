"""What a fault is: a thing that goes wrong once, at one place, told in one sentence.

Takes a world; changes how it goes on. Never reads a clock and never draws by chance: all about it is in its fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from zklink.lab.errors import FaultUnavailable, PlanInapplicable
from zklink.lab.kinds import LITESVM, SURFNET

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld

REAL: Final = ("revm", "anvil", "fork")
"""Chains that have blocks, a pool and a past of their own."""

ALL: Final = (*REAL, "test", LITESVM, SURFNET)


@dataclass(frozen=True, slots=True)
class Fault:
    """The base of all faults. `backends` are what chains that have it are made of; a late one strikes right before a
    round's blocks, when all that the round sends is there; `least` are the least values of numbers, 1 where it says
    nothing.
    """

    backends: ClassVar[tuple[str, ...]] = ALL
    is_late: ClassVar[bool] = False
    least: ClassVar[dict[str, int]] = {}

    def check(self, world: "LabWorld") -> None:
        """Whether it can strike here. Raises FaultUnavailable, PlanInapplicable, NoSuchChain, NoSuchWay."""
        if self.made_of(world) not in self.backends:
            raise FaultUnavailable(self.where, self.title, " or ".join(self.backends))
        for field in fields(self):
            if field.type is not int:
                continue
            value, least = getattr(self, field.name), self.least.get(field.name, 1)
            if not is_whole(value):
                raise PlanInapplicable(self.title, f"{field.name} is a whole number, not {value!r}")
            if value < least:
                raise PlanInapplicable(self.title, f"{field.name} is at least {least}, not {value}")

    def made_of(self, world: "LabWorld") -> str:
        """What it needs to be one of `backends`: by default what the world's EVM chains are made of."""
        return str(world.chains.backend)

    def strike(self, world: "LabWorld") -> None:
        """Let it happen, and tell the story of it."""
        raise NotImplementedError

    @property
    def where(self) -> str:
        """The chain or the way it strikes."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """Its kind."""
        return type(self).__name__

    def smaller(self) -> Iterator[Self]:
        """The same with one number made smaller, the boldest first: its least (for signed ones 1 or -1), half of the
        way, a quarter, and so on.
        """
        for field in fields(self):
            value, least = getattr(self, field.name), self.least.get(field.name, 1)
            if isinstance(value, bool) or not isinstance(value, int):
                continue
            end = least if least >= 0 else (1 if value > 0 else -1)
            distance = value - end
            while distance:
                changed: dict[str, Any] = {field.name: value - distance}
                yield replace(self, **changed)
                distance = int(distance / 2)


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault and the round in which it strikes, from 1."""

    at: int
    fault: Fault

    def __str__(self) -> str:
        return f"round {self.at}: {self.fault}"


def is_whole(value: object) -> bool:
    """Whether it is a number that a fault can have: True is none, though Python counts it as 1."""
    return isinstance(value, int) and not isinstance(value, bool)


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
