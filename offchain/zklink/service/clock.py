"""The clock of a node: UNIX seconds that never go back and never jump, whatever happens to the machine's clock.

It starts at the machine's time and goes on by the time since the machine started, so leases, pauses and the order of
events hold when somebody sets the clock. `drift` says by how much the machine's clock has moved since.
"""

import time
from collections.abc import Callable
from typing import Final

ALARM_SECONDS: Final = 30.0
"""By so much a clock is not corrected in small steps."""


def _since_start() -> float:
    """Seconds since some moment, those included in which the machine slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SteadyClock:
    """Call it for the time. `wall` is the machine's clock, `steady` one that nobody sets."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = _since_start) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()

    def __call__(self) -> float:
        return self._steady() + self._offset

    @property
    def drift(self) -> float:
        """By how many seconds the machine's clock is ahead of this one."""
        return self._wall() - self()
