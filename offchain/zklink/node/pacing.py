"""Decides when a worker may run again: at once after work, after a pause when idle, after longer and longer pauses
while its job fails. Takes seconds of any clock, gives seconds to wait. Never sleeps.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """Seconds to wait after the first failure, doubled with each further one, up to a limit."""

    first_seconds: float = 0.5
    longest_seconds: float = 30.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after `failures` failures in a row (at least one)."""
        return min(self.first_seconds * 2.0 ** (failures - 1), self.longest_seconds)


class Pacer:
    """The time from which each worker may run again."""

    def __init__(self, backoff: BackoffPolicy) -> None:
        self._backoff = backoff
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def is_due(self, worker: str, now: float) -> bool:
        """Whether the worker may run."""
        return now >= self._due.get(worker, now)

    def succeed(self, worker: str, now: float, pause_seconds: float) -> None:
        """The worker's job ended well; it may run again after a pause."""
        self._failures.pop(worker, None)
        self._due[worker] = now + pause_seconds

    def fail(self, worker: str, now: float) -> tuple[int, float]:
        """The worker's job failed; gives how often in a row, and the seconds until it is tried again."""
        failures = self._failures.get(worker, 0) + 1
        self._failures[worker] = failures
        delay = self._backoff.delay(failures)
        self._due[worker] = now + delay
        return failures, delay

    def next_due(self, now: float) -> float:
        """Seconds until the first worker is due; 0 if one is."""
        return max(0.0, min(self._due.values(), default=now) - now)
