"""A prover's loop: pulls a job, says that it is at work, publishes the proof. The same on the node's machine and on any
other. Never ends by itself, whatever the desk or the engine answers.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ToolFailed, ZkLinkError
from zklink.service.proving.desk import Made, ProofDesk, Task

log = logging.getLogger(__name__)

BEATS: Final = 4
"""How often a worker says within a lease that it is at work."""
PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 30.0


class Engine(Protocol):
    """Port: what makes proofs."""

    def begin(self, task: Task) -> None: ...

    def wait(self, seconds: float) -> Made | None: ...

    def kill(self) -> None: ...


class ProofWorker:
    """One worker; `run` on a thread of its own."""

    def __init__(
        self,
        name: str,
        desk: ProofDesk,
        engine: Engine,
        say: Callable[[str], None] = log.debug,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self.name, self._desk, self._engine, self._say = name, desk, engine, say
        self._pause_seconds = pause_seconds
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until `stop`."""
        pause = self._pause_seconds
        while not self._stop.is_set():
            try:
                has_worked = self.work()
                pause = self._pause_seconds
            except ZkLinkError as error:
                log.warning("%s: %s", self.name, redact(str(error)))
                has_worked, pause = False, min(pause * 2, LONGEST_PAUSE_SECONDS)
            if not has_worked:
                self._stop.wait(pause)
        self._engine.kill()

    def stop(self) -> None:
        """End soon: the job, if there is one, goes to somebody else."""
        self._stop.set()

    def work(self) -> bool:
        """Do one job, if there is one; says whether there was. Raises ZkLinkError if the desk cannot be reached, or
        refuses the proof.
        """
        task = self._desk.lease(self.name)
        if task is None:
            return False
        try:
            made = self._make(task)
        except ZkLinkError as error:
            self._desk.give_up(self.name, task, redact(str(error))[:500])
            return True
        if made is not None:
            self._desk.publish(self.name, task, made)
            self._say(f"job {task.id.hex()[:8]} proven in {made.witness_seconds + made.proof_seconds:.1f} s")
        return True

    def _make(self, task: Task) -> Made | None:
        """The proof; None if the job is somebody else's by now, or this worker is to end. Raises ZkLinkError."""
        try:
            return self._prove(task)
        except ZkLinkError:
            raise
        except Exception as error:  # an engine's own, such as a cluster's that is gone: the job ends, not the worker
            with suppress(Exception):
                self._engine.kill()  # from here on it is counted as busy no more
            raise ToolFailed("the engine of the prover", redact(f"{type(error).__name__}: {error}")) from error

    def _prove(self, task: Task) -> Made | None:
        self._engine.begin(task)
        while (made := self._engine.wait(task.lease_seconds / BEATS)) is None:
            if self._stop.is_set():
                self._engine.kill()
                self._desk.give_up(self.name, task, "this prover ends")
                return None
            if not self._beat(task):
                self._engine.kill()
                return None
        return made

    def _beat(self, task: Task) -> bool:
        try:
            return self._desk.beat(self.name, task)
        except ZkLinkError as error:  # the lease may outlast a node that is away for a moment
            log.warning("%s: %s", self.name, redact(str(error)))
            return True
