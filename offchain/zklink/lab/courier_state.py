"""What a courier knows: its routes, what is under way on them, what was brought, and what faults do to each way.

Takes nothing, carries nothing; it can be copied, so that a world goes back to a moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zklink.lab.chain import LocalChain
from zklink.lab.committee import Committee
from zklink.lab.messages import EventReader, Message, name_way
from zklink.lab.sending import Sent

Deliver = Callable[[Message], Any]
"""Gives the call that brings a message: a contract's function with its arguments, or a transaction's fields."""


Only = Callable[[Mapping[str, Any]], bool]
"""Whether an event with these values is for the route."""


def _always(args: Mapping[str, Any]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Route:
    """What is carried: an event of a contract with values that `only` takes, once it has so many confirmations (its own
    block included), so many rounds later. A committee signs `digest(message)` first.
    """

    source: LocalChain
    destination: LocalChain
    reader: EventReader
    deliver: Deliver
    confirmations: int = 1
    rounds: int = 1
    committee: Committee | None = None
    digest: Callable[[Message], bytes] | None = None
    only: Only = _always

    @property
    def way(self) -> str:
        """From chain to chain."""
        return name_way(self.source.name, self.destination.name)

    def sign(self, message: Message, committee: Committee | None) -> Message:
        """The message with a committee's signatures, if the route has any."""
        if committee is None or self.digest is None:
            return message
        return replace(message, signatures=committee.sign(self.digest(message)))


@dataclass(slots=True)
class Flight:
    """A message under way; it is brought in the round `due` or later."""

    route: Route
    message: Message
    due: int


@dataclass(slots=True)
class Delivery:
    """A message that was brought. `outcome` is empty until its transaction is mined, then `arrived` or a reason."""

    route: Route
    message: Message
    sent: Sent
    outcome: str = ""


@dataclass(slots=True)
class Trouble:
    """What faults do to one way. `holds` says until which round which events and sources are not carried; ""
    is any."""

    delays: list[int] = field(default_factory=list)
    losses: int = 0
    copies: list[int] = field(default_factory=list)
    turned_until: int = 0
    holds: list[tuple[int, str, str]] = field(default_factory=list)

    def is_held(self, message: Message, round_number: int) -> bool:
        """Whether it is not carried in this round."""
        return any(
            round_number <= until and event in ("", message.event) and source in ("", message.source)
            for until, event, source in self.holds
        )


@dataclass(slots=True)
class State:
    """Everything of a courier that changes."""

    seen: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    known: set[tuple[int, str, int]] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    last: dict[str, tuple[Route, Message]] = field(default_factory=dict)
    flights: list[Flight] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def copy(self) -> "State":
        """The same, to change on its own."""
        return State(
            {key: list(blocks) for key, blocks in self.seen.items()},
            set(self.known),
            dict(self.counts),
            dict(self.last),
            [replace(flight) for flight in self.flights],
            [replace(each, sent=replace(each.sent)) for each in self.deliveries],
            {
                way: replace(each, delays=list(each.delays), copies=list(each.copies), holds=list(each.holds))
                for way, each in self.troubles.items()
            },
        )
