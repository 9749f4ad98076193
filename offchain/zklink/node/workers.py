"""Named workers for slow work: one job at a time in each, results handed back on the caller's thread.

Takes jobs that talk to a chain or make a proof; gives their results at `collect`. Decisions never need a lock: one
thread makes them, and a job gets its data as values. `InlineWorkers` runs a job on the spot, which makes a whole node
deterministic.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The end of a job: a value, or the exception that ended it."""

    value: T | None
    error: BaseException | None

    def get(self) -> T:
        """The value; raises the job's exception if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # T itself may be None


class Workers(Protocol):
    """Port for running jobs."""

    def is_busy(self, worker: str) -> bool:
        """Whether a job of this worker is running or its result is not collected yet."""
        ...

    def start(self, worker: str, job: Callable[[], T], done: Callable[[Outcome[T]], None]) -> None:
        """Run `job`; `done` gets its outcome at a later `collect`. The worker must not be busy."""
        ...

    def collect(self) -> int:
        """Hand over the outcomes of finished jobs; returns how many there were."""
        ...

    def close(self) -> None:
        """Wait for running jobs and drop their outcomes."""
        ...


class InlineWorkers:
    """Runs each job at once on the caller's thread."""

    def __init__(self) -> None:
        self._finished: deque[tuple[str, Callable[[], None]]] = deque()

    def is_busy(self, worker: str) -> bool:
        return any(worker == finished for finished, _ in self._finished)

    def start(self, worker: str, job: Callable[[], T], done: Callable[[Outcome[T]], None]) -> None:
        outcome = run(job)
        self._finished.append((worker, lambda: done(outcome)))

    def collect(self) -> int:
        count = len(self._finished)
        for _ in range(count):
            self._finished.popleft()[1]()
        return count

    def close(self) -> None:
        self._finished.clear()


class ThreadWorkers:
    """Runs each job on a thread of its own worker. Waiting for a node or for a native prover releases the interpreter
    lock.
    """

    def __init__(self) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._running: dict[str, tuple[Future[None], Callable[[], None]]] = {}

    def is_busy(self, worker: str) -> bool:
        return worker in self._running

    def start(self, worker: str, job: Callable[[], T], done: Callable[[Outcome[T]], None]) -> None:
        pool = self._pools.get(worker) or ThreadPoolExecutor(1, thread_name_prefix=worker)
        self._pools[worker] = pool
        outcomes: list[Outcome[T]] = []
        future: Future[None] = pool.submit(lambda: outcomes.append(run(job)))
        self._running[worker] = (future, lambda: done(outcomes[0]))

    def collect(self) -> int:
        finished = [worker for worker, (future, _) in self._running.items() if future.done()]
        for worker in finished:
            future, hand_over = self._running.pop(worker)
            future.result()  # raises an interrupt that came while the job ran
            hand_over()
        return len(finished)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._running.clear()
        self._pools.clear()


def run(job: Callable[[], T]) -> Outcome[T]:
    """Run a job and keep whatever ends it, also a panic of native code, which is no Exception; interrupts of the whole
    program pass through.
    """
    try:
        return Outcome(job(), None)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return Outcome(None, error)
