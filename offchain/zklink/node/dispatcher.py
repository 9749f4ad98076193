"""Starts jobs on workers, each at its own pace, and turns failures into reports and later attempts.

Takes jobs and the functions that digest their results; gives events of failures. Never runs two jobs of one worker at a
time."""

from collections.abc import Callable
from typing import TypeVar

from zklink.l1.transport.redaction import redact
from zklink.node.events import Event, Retried
from zklink.node.pacing import BackoffPolicy, Pacer
from zklink.node.workers import Outcome, Workers
from zklink.protocol.errors import DatabaseFailed, DatabaseInUse, HistoryDiverged, RecordBroken, ZkLinkError

T = TypeVar("T")

FATAL = (HistoryDiverged, DatabaseInUse, RecordBroken)
"""Failures that are not tried again: a person has to look at them first."""


class Dispatcher:
    """One job per worker at a time. A failed one is reported as `Retried`, and its worker waits (see BackoffPolicy)."""

    def __init__(
        self, workers: Workers, clock: Callable[[], float], backoff: BackoffPolicy, emit: Callable[[Event], None]
    ) -> None:
        self._workers, self._clock, self._emit = workers, clock, emit
        self._pacer = Pacer(backoff)
        self._idle_on: dict[str, object] = {}
        self._fatal: BaseException | None = None

    def is_free(self, worker: str) -> bool:
        """Whether a worker has no job and is due for one."""
        return not self._workers.is_busy(worker) and self._pacer.is_due(worker, self._clock())

    def start(
        self, worker: str, job: Callable[[], T], done: Callable[[T], bool], idle_seconds: float, seen: object = None
    ) -> None:
        """Run `job` on `worker` unless it is busy or not due.

        `done` gets the result and says whether there was anything to do; it raises if a part of the job failed. If
        there was, the worker goes on at once. Otherwise the worker pauses for `idle_seconds`; if `seen` is given, it
        also waits until a call passes another `seen`, which stands for everything that the job's result depends on.
        """
        is_unchanged = seen is not None and self._idle_on.get(worker) == seen
        if is_unchanged or not self.is_free(worker):
            return
        self._idle_on.pop(worker, None)

        def finish(outcome: Outcome[T]) -> None:
            if outcome.error is not None:
                self._report(worker, outcome.error)
                return
            try:
                was_busy = done(outcome.get())
            except ZkLinkError as error:  # anything else is a mistake of this program, not of a chain
                self._report(worker, error)
                return
            self._pacer.succeed(worker, self._clock(), 0.0 if was_busy else idle_seconds)
            if not was_busy:
                self._idle_on[worker] = seen

        self._workers.start(worker, job, finish)

    def attempt(self, name: str, act: Callable[[], T]) -> T | None:
        """Do something here and now, unless it is not due after a failure. A database that fails is reported, and the
        act tried again later: it has changed nothing.
        """
        if not self._pacer.is_due(name, self._clock()):
            return None
        try:
            result = act()
        except DatabaseFailed as error:
            self._retry(name, error)
            return None
        self._pacer.succeed(name, self._clock(), 0.0)
        return result

    def collect(self) -> None:
        """Hand results to their `done`. Raises the failures that must not be tried again."""
        self._workers.collect()
        if self._fatal is not None:
            raise self._fatal

    def close(self) -> None:
        """Wait for running jobs; their results are lost."""
        self._workers.close()

    def _report(self, worker: str, error: BaseException) -> None:
        if isinstance(error, FATAL):
            self._fatal = error
            return
        self._retry(worker, error)

    def _retry(self, worker: str, error: BaseException) -> None:
        failures, delay = self._pacer.fail(worker, self._clock())
        reason = redact(str(error) if isinstance(error, ZkLinkError) else f"{type(error).__name__}: {error}")
        self._emit(Retried(self._clock(), worker, failures, delay, reason))
