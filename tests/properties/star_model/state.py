"""What a world holds: the primary, its members, the facts that exist; and who in it is honest.

Named tuples, not dataclasses: millions of them are hashed.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from .blocks import Block, History

Item = TypeVar("Item")

Status = Literal["live", "frozen", "closed", "halted", "mute"]
"""The primary's. `frozen`: its freeze, or silence, is not final yet. `closed`: it is. `mute`: halted for longer than
SILENCE_SECONDS."""

Word = Literal["watchers", "validators and governor", "watchers and validators"]
"""Whose word an END is."""

Conduct = Literal["honest", "slow", "asleep", "silent", "bad"]
"""Of a group. Validators asleep still seal, but object to nothing and sign no END; watchers silent sign nothing. Who
is slow misses the day of FRZ and the window of END, but not the 14 days that a denial adds."""

Call = Literal["-", "waits", "void"]
"""FRZ of a member on the primary: not said, its day runs, voided for good (a wrong rule)."""


class End(NamedTuple):
    """END as one member has it."""

    stage: Literal["pending", "delayed", "denied", "stands"]
    """Delayed: the governor alone has denied it. Denied: validators, or watchers, have."""
    history: History
    word: Word
    is_quiet: bool = True
    """The primary has accepted nothing since this END was raised; when its window ends, that is longer than SILENCE."""


class Member(NamedTuple):
    """One member's bridge. What is imported is executed: execution asks for nothing else, and early is worst."""

    imported: History = ()
    known: History = ()
    """The longest ACC shown here; it opens to all lower ones."""
    end: End | None = None
    is_frozen: bool = False
    exits: History | None = None
    """Exits are open against the root of this history, and what it does not consume is refunded."""
    spent: frozenset[History] = frozenset()
    """ENDs whose one denial is used up; empty unless a wrong rule forgets to raise the round."""
    round: int = 0
    """How many ENDs have fallen here; counted only where a wrong rule lets words of one member be shown on another."""
    struck: frozenset[History] = frozenset()
    """ENDs that cannot be raised here; empty unless a wrong rule writes voids down where nothing is pending."""


class World(NamedTuple):
    """Chain 0 is the primary; tuples by chain have it at 0."""

    accepted: History
    status: Status
    final: int
    """How many of these blocks the primary can no longer forget."""
    exits: bool
    """Whether exits are open on the primary, against the root of what it has accepted."""
    signed: History
    """The longest history that both groups have signed ACC for: what was final, or was named in END."""
    is_unseen: bool
    """The primary halted before anybody saw its last block."""
    queued: tuple[int, ...]
    vouched: tuple[int, ...]
    """How many places of each queue the watchers' QUE covers; of the primary's own, how many are final there."""
    lies: tuple[bool, ...]
    """Whether a false QUE exists that covers the forged requests of the chain."""
    late: frozenset[Block]
    """Too old by the clock of the primary's newest block."""
    gone: frozenset[Block]
    """Too old by the clock of a final block of the primary."""
    seals: frozenset[History] | None
    """What is sealed; nothing where seals are not counted and all that may be sealed counts as sealed."""
    calls: tuple[Call, ...]
    voided: frozenset[tuple[History, int]]
    """ENDs, with their round, whose denial and void can be shown on any member; empty unless a wrong rule allows it."""
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Adversary:
    """Who is dishonest or asleep, and what goes wrong besides."""

    name: str
    validators: Conduct = "honest"
    watchers: Conduct = "honest"
    governor: Conduct = "honest"
    halts: bool = False
    """The primary may halt, for as long as it likes, and come back."""
    reorgs: bool = False
    """Blocks are final later than they are made: until then the primary may forget its last block or its freeze, and
    every chain its last request."""
    forgets: bool = False
    """The primary's finality is broken: it may forget what ACC was signed for."""
    forgets_requests: bool = False
    """And its own requests with it."""
    unseen: bool = False
    """The primary may halt right after a block that nobody sees."""
    member_forgets: bool = False
    """A member's finality is broken: QUE, in good faith, covers requests that its chain has forgotten."""

    @property
    def is_both_bad(self) -> bool:
        """Whether both groups whose words make a fact lie."""
        return self.validators == "bad" and self.watchers == "bad"


def make_start(members: int, count_seals: bool) -> World:
    """Nothing has happened."""
    chains = members + 1
    call: Call = "-"
    return World(
        accepted=(),
        status="live",
        final=0,
        exits=False,
        signed=(),
        is_unseen=False,
        queued=(0,) * chains,
        vouched=(0,) * chains,
        lies=(False,) * chains,
        late=frozenset(),
        gone=frozenset(),
        seals=frozenset() if count_seals else None,
        calls=(call,) * chains,
        voided=frozenset(),
        members=(Member(),) * members,
    )


def put_member(world: World, k: int, member: Member) -> World:
    """The world with member k replaced."""
    return world._replace(members=(*world.members[: k - 1], member, *world.members[k:]))


def put(items: tuple[Item, ...], k: int, item: Item) -> tuple[Item, ...]:
    """The tuple by chain with one item replaced."""
    return (*items[:k], item, *items[k + 1 :])
