"""What goes wrong on a way between two chains: with the next message, with the last one, or with all for some rounds.

Takes a world and a way's name, such as `left -> right`; changes what its courier does.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from zklink.lab.errors import PlanInapplicable
from zklink.lab.faults.base import Fault, count

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld


@dataclass(frozen=True, slots=True)
class OfWay(Fault):
    """A fault of the way with this name."""

    way: str

    def check(self, world: "LabWorld") -> None:
        Fault.check(self, world)
        world.courier.trouble(self.way)

    @property
    def where(self) -> str:
        return self.way


@dataclass(frozen=True, slots=True)
class Delayed(OfWay):
    """The next message is late."""

    rounds: int

    def strike(self, world: "LabWorld") -> None:
        world.courier.trouble(self.way).delays.append(self.rounds)

    def __str__(self) -> str:
        return f"{self.way}: the next message is {count(self.rounds, 'round')} late"


@dataclass(frozen=True, slots=True)
class Lost(OfWay):
    """The next messages never arrive."""

    messages: int = 1

    def strike(self, world: "LabWorld") -> None:
        world.courier.trouble(self.way).losses += self.messages

    def __str__(self) -> str:
        return f"{self.way}: the next {'message is' if self.messages == 1 else f'{self.messages} messages are'} lost"


@dataclass(frozen=True, slots=True)
class Repeated(OfWay):
    """The next message is brought twice, the second time some rounds later."""

    least: ClassVar[dict[str, int]] = {"later": 0}
    later: int = 1

    def strike(self, world: "LabWorld") -> None:
        world.courier.trouble(self.way).copies.append(self.later)

    def __str__(self) -> str:
        again = f"again after {count(self.later, 'round')}" if self.later else "at once"
        return f"{self.way}: the next message is brought twice, {again}"


@dataclass(frozen=True, slots=True)
class Reordered(OfWay):
    """What would be brought in these rounds is brought after them, the last one first."""

    rounds: int

    def strike(self, world: "LabWorld") -> None:
        trouble = world.courier.trouble(self.way)
        trouble.turned_until = max(trouble.turned_until, world.coming_round + self.rounds - 1)
        world.story.tell_fault(self.way, f"messages are held for {count(self.rounds, 'round')}, then the last is first")

    def __str__(self) -> str:
        return f"{self.way}: the messages of {count(self.rounds, 'round')} are brought in reverse"


@dataclass(frozen=True, slots=True)
class Forged(OfWay):
    """A stranger brings the last message once more with one of its numbers raised; `which` is taken modulo how many
    there are.
    """

    least: ClassVar[dict[str, int]] = {"which": 0}
    which: int = 0
    by: int = 1

    def strike(self, world: "LabWorld") -> None:
        world.courier.forge(self.way, self.which, self.by)

    def __str__(self) -> str:
        return f"{self.way}: a stranger forges a message"


@dataclass(frozen=True, slots=True)
class Censored(OfWay):
    """Messages of one kind, of one source, or all of them are not brought for some rounds. `event` is the event's name
    and `source` the address of the contract; empty is any.
    """

    rounds: int
    event: str = ""
    source: str = ""

    def check(self, world: "LabWorld") -> None:
        OfWay.check(self, world)
        for value, known in ((self.event, world.places.events), (self.source, world.places.sources)):
            if value and value not in known:
                raise PlanInapplicable(self.title, f"nothing from {value} is carried; there are {', '.join(known)}")

    def strike(self, world: "LabWorld") -> None:
        until = world.coming_round + self.rounds - 1
        world.courier.trouble(self.way).holds.append((until, self.event, self.source))
        world.story.tell_fault(self.way, f"{self._what()} not brought for {count(self.rounds, 'round')}")

    def _what(self) -> str:
        kind = f"{self.event} messages" if self.event else "messages"
        return f"{kind} of {self.source[:8]}.. are" if self.source else f"{kind} are"

    def __str__(self) -> str:
        return f"{self.way}: {self._what()} not brought for {count(self.rounds, 'round')}"
