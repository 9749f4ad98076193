"""The node's side of proving: takes sealed blocks, gives verified proofs; in between it gives jobs to whoever comes.

A worker needs no trust. It has a job for a bounded time, and its proof is verified before it is kept. One that lies
gets nothing for as long as a lease lasts; one that dies or stalls loses its lease. A job that strangers have failed at
often is given to the node's own workers alone, if there are any.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from zklink.node.ports import Proved
from zklink.node.proof_jobs import ProofJob, ProofJobs, compute_job_id
from zklink.protocol.errors import ProofMalformed, ProofRefused, ProvingStopped
from zklink.protocol.ids import BlockNumber, Lane
from zklink.prover.proof import Proof, verify
from zklink.prover.verification_key import VerificationKey
from zklink.service.proving.desk import Made, Task
from zklink.transition.block_frame import LaneBlock
from zklink.witness.block_inputs import compute_block_inputs
from zklink.witness.signals import Signals

log = logging.getLogger(__name__)

STRANGERS_ATTEMPTS: Final = 3
"""How often a job is given to workers elsewhere before only the node's own get it."""
MOST_RESTING: Final = 10_000


@dataclass(slots=True)
class _Open:
    """A proof that somebody waits for."""

    block: BlockNumber
    lane: Lane
    publics: tuple[int, ...]
    inputs: Signals
    made: Made | None = None
    leased_until: float = 0.0


@dataclass(slots=True)
class PoolCounts:
    """What became of jobs since the start."""

    leased: int = 0
    proven: int = 0
    refused: int = 0
    given_up: int = 0
    expired: int = 0


class ProofPool:
    """A BlockProver, and a ProofDesk. Safe to use from several threads."""

    def __init__(
        self,
        jobs: ProofJobs,
        keys: Mapping[Lane, VerificationKey],
        preset: str,
        lease_seconds: float,
        clock: Callable[[], float],
        has_own_workers: bool,
    ) -> None:
        """`clock` gives UNIX seconds that never go back. Raises what `jobs` raises."""
        self._jobs, self._keys, self._preset = jobs, keys, preset
        self._lease_seconds, self._clock, self._has_own = lease_seconds, clock, has_own_workers
        self._open: dict[bytes, _Open] = {}
        self._resting: dict[str, float] = {}
        self._changed = threading.Condition()
        self._is_stopped = False
        self._forgotten = BlockNumber(0)
        self.counts = PoolCounts()
        jobs.bound_leases(self._until_ms())

    # -- for the node --------------------------------------------------------------------------------------------

    def prove(self, block: LaneBlock) -> Proved:
        """Wait for a proof of a block, as long as it takes. Raises ProvingStopped, and what the jobs raise."""
        id, number, publics = compute_job_id(block), block.header.number, block.inputs.as_tuple()
        job = self._jobs.want(id, number, block.lane)
        kept = self._use_kept(job, publics)
        if kept is not None:
            return kept
        wanted = _Open(number, block.lane, publics, compute_block_inputs(block))
        with self._changed:
            self._open[id] = wanted
            try:
                while wanted.made is None and not self._is_stopped:
                    self._changed.wait()
            finally:
                self._open.pop(id, None)
        if wanted.made is None:
            raise ProvingStopped(number)
        return Proved(wanted.made.proof, wanted.made.witness_seconds, wanted.made.proof_seconds)

    def _use_kept(self, job: ProofJob, publics: tuple[int, ...]) -> Proved | None:
        if job.proof is None:
            return None
        if self._does_prove(job.lane, job.proof, publics):
            return Proved(job.proof, job.witness_seconds, job.proof_seconds)
        self._jobs.reopen(job.id)
        return None

    def forget(self, last: BlockNumber) -> None:
        """Nobody needs the proofs of blocks up to `last`. Raises what the jobs raise."""
        if last > self._forgotten:
            self._jobs.forget(last)
            self._forgotten = last

    def stop(self) -> None:
        """End every wait; jobs stay as they are."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many proofs are waited for."""
        return len(self._open)

    # -- for workers ---------------------------------------------------------------------------------------------

    def lease(self, worker: str, is_own: bool = False) -> Task | None:
        """A job for a worker, unless it rests after a lie."""
        now = self._clock()
        with self._changed:
            if self._is_stopped or (not is_own and self._resting.get(worker, now) > now):
                return None
            wanted = dict(self._open)
        limit = STRANGERS_ATTEMPTS if self._has_own and not is_own else None
        job = self._jobs.lease(wanted, worker, int(now * 1000), self._until_ms(), limit)
        if job is None:
            return None
        wanted[job.id].leased_until = now + self._lease_seconds
        waiting = sum(other.made is None and other.leased_until <= now for other in wanted.values())
        self.counts.leased += 1
        self.counts.expired += job.attempt > 1
        return Task(job.id, job.attempt, job.lane, self._preset, self._lease_seconds, wanted[job.id].inputs, waiting)

    def beat(self, worker: str, task: Task) -> bool:
        wanted = self._open.get(task.id)
        if wanted is None or not self._jobs.extend(task.id, worker, task.attempt, self._until_ms()):
            return False
        wanted.leased_until = self._clock() + self._lease_seconds
        return True

    def publish(self, worker: str, task: Task, made: Made) -> None:
        """Take a proof, also from a worker whose lease has ended: it is as good as any. Raises ProofRefused."""
        with self._changed:
            wanted = self._open.get(task.id)
        if wanted is None:
            raise ProofRefused(task.id.hex(), "nobody wants this proof any more")
        if not self._does_prove(wanted.lane, made.proof, wanted.publics):
            self._refuse(worker, task)
            raise ProofRefused(task.id.hex(), "this proof does not verify")
        self._jobs.finish(task.id, made.proof, made.witness_seconds, made.proof_seconds)
        self.counts.proven += 1
        with self._changed:
            wanted.made = wanted.made or made
            self._changed.notify_all()

    def give_up(self, worker: str, task: Task, reason: str) -> None:
        log.warning("prover %s gave up block's job %s: %s", worker, task.id.hex(), reason)
        self.counts.given_up += 1
        self._release(worker, task)

    def _refuse(self, worker: str, task: Task) -> None:
        log.warning("prover %s published a proof that does not verify (job %s)", worker, task.id.hex())
        self.counts.refused += 1
        self._release(worker, task)
        now = self._clock()
        with self._changed:
            if len(self._resting) >= MOST_RESTING:
                self._resting = {name: until for name, until in self._resting.items() if until > now}
            self._resting[worker] = now + self._lease_seconds

    def _release(self, worker: str, task: Task) -> None:
        self._jobs.release(task.id, worker, task.attempt)
        wanted = self._open.get(task.id)
        if wanted is not None:
            wanted.leased_until = 0.0

    def _does_prove(self, lane: Lane, words: tuple[int, ...], publics: tuple[int, ...]) -> bool:
        try:
            return verify(self._keys[lane], Proof.from_evm(words), publics)
        except ProofMalformed:
            return False

    def _until_ms(self) -> int:
        return int((self._clock() + self._lease_seconds) * 1000)


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """The pool as the node's own workers see it: they get every job."""

    pool: ProofPool = field()

    def lease(self, worker: str) -> Task | None:
        return self.pool.lease(worker, is_own=True)

    def beat(self, worker: str, task: Task) -> bool:
        return self.pool.beat(worker, task)

    def publish(self, worker: str, task: Task, made: Made) -> None:
        self.pool.publish(worker, task, made)

    def give_up(self, worker: str, task: Task, reason: str) -> None:
        self.pool.give_up(worker, task, reason)
