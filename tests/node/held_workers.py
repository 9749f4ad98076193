"""Workers whose jobs end when the test says so, and the parts of a node around them."""

from collections.abc import Callable
from typing import TypeVar

from zklink.node.workers import Outcome, run

T = TypeVar("T")


class HeldWorkers:
    """Keeps each job until `finish`."""

    def __init__(self) -> None:
        self.held: dict[str, Callable[[], None]] = {}
        self._finished: list[Callable[[], None]] = []

    def is_busy(self, worker: str) -> bool:
        return worker in self.held

    def start(self, worker: str, job: Callable[[], T], done: Callable[[Outcome[T]], None]) -> None:
        assert worker not in self.held
        self.held[worker] = lambda: done(run(job))

    def finish(self, worker: str) -> None:
        """The job runs now; its result is handed over at the next `collect`."""
        self._finished.append(self.held.pop(worker))

    def collect(self) -> int:
        done, self._finished = self._finished, []
        for hand_over in done:
            hand_over()
        return len(done)

    def close(self) -> None:
        self.held.clear()
