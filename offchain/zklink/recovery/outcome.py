"""What came of looking at a chain once: a transaction was sent, nothing can be sent now, or nothing is left to do."""

from dataclasses import dataclass
from datetime import UTC, datetime

from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.ids import DAY


@dataclass(frozen=True, slots=True)
class Done:
    """A transaction was sent; `what` describes it."""

    what: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing can be sent to a chain now; `why` gives the reason, until when, and what would help."""

    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Exodus has begun and every open request is cancelled."""


Outcome = Done | Waiting | Finished


@dataclass(frozen=True, slots=True)
class Window:
    """A time that a chain waits: `seconds` since `began_at` and as many of its blocks as go into those days."""

    began_at: int
    began_in: int
    seconds: int
    blocks_per_day: int

    @property
    def ends_at(self) -> int:
        """UNIX seconds."""
        return self.began_at + self.seconds

    @property
    def ends_in(self) -> int:
        """The L1 block."""
        return self.began_in + self.seconds // DAY * self.blocks_per_day

    def is_over(self, head: BlockInfo) -> bool:
        """Whether a transaction in the next block of the chain is late enough."""
        return head.timestamp >= self.ends_at and head.number >= self.ends_in

    def describe(self, head: BlockInfo) -> str:
        """Until when it lasts."""
        left = self.ends_in - head.number
        if head.timestamp >= self.ends_at and left > 0:
            return f"until its block {self.ends_in}, {left} blocks from now"
        return f"until {show_time(self.ends_at)}"


def show_time(seconds: int) -> str:
    """A time as people write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def show_count(number: int, what: str) -> str:
    """A number of things, in words."""
    return f"{number} {what}{'s' * (number != 1)}"


def show_sol(lamports: int) -> str:
    """Lamports in SOL, to four places, rounded up."""
    parts = -(-lamports // 10**5)
    return f"{parts // 10**4}.{parts % 10**4:04d}"
