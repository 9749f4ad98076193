"""What is counted of a node of a chain: how it was asked and how it answered, with time, rests and head. Plain counts;
whatever a node speaks, it does not know.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of a node's times."""


class Outcome(StrEnum):
    """How a node answered a request."""

    OK = "ok"
    TOLD = "told"
    """An error that answers the question: a revert, a nonce that is too low, a range that is too wide."""
    LIMITED = "limited"
    """HTTP 429: it is asked too often."""
    DENIED = "denied"
    """HTTP 401, 402, 403 or 404: a wrong key or path."""
    UNSUPPORTED = "unsupported"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    """No connection, or one that broke off."""
    ODD = "odd"
    """What it says can be no answer."""
    FAILED = "failed"
    """Anything else: HTTP 5xx, an error of the node's own."""


@dataclass
class NodeMeter:
    """What one node was asked since the start. `resting_until` is on the clock of the pool that lets it rest."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    seconds: float = 0.0
    rests: int = 0
    resting_until: float = float("-inf")
    head: int = -1
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_resting(self) -> bool:
        """Whether it is left alone now."""
        return self.clock() < self.resting_until

    def count(self, outcome: Outcome, seconds: float) -> None:
        """One request, and how long its answer took."""
        with self._lock:
            self.outcomes[outcome] += 1
            self.seconds += seconds
            self.buckets[sum(seconds > bound for bound in SECONDS)] += 1

    def rest(self, until: float) -> None:
        """It is left alone until then."""
        with self._lock:
            self.rests += 1
            self.resting_until = until
