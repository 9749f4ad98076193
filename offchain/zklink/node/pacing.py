"""When a lane may run again: at once after work, after a pause when idle, later and later while it fails."""

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
    """One clock hand per lane."""

    def __init__(self, backoff: BackoffPolicy) -> None:
        self._backoff = backoff
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def is_due(self, lane: str, now: float) -> bool:
        """Whether the lane may run."""
        return now >= self._due.get(lane, now)

    def succeed(self, lane: str, now: float, pause_seconds: float) -> None:
        """The lane's job ended well; it may run again after a pause."""
        self._failures.pop(lane, None)
        self._due[lane] = now + pause_seconds

    def fail(self, lane: str, now: float) -> tuple[int, float]:
        """The lane's job failed; gives how often in a row, and the seconds until it is tried again."""
        failures = self._failures.get(lane, 0) + 1
        self._failures[lane] = failures
        delay = self._backoff.delay(failures)
        self._due[lane] = now + delay
        return failures, delay

    def next_due(self, now: float) -> float:
        """Seconds until the first lane is due; 0 if one is."""
        return max(0.0, min(self._due.values(), default=now) - now)
