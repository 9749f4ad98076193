"""Proofs that are wanted as jobs with leases: the port to the place where they outlive a restart.

A job is one statement; its id is the statement's hash, so a block that is sealed again as it was has its proof already.
A worker has a job until its lease ends; each lease is a further attempt.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from zklink.primitives.keccak import keccak_words
from zklink.protocol.ids import BlockNumber, Lane
from zklink.transition.block_frame import LaneBlock

NOBODY = ""
"""The worker of a job that nobody has."""


@dataclass(frozen=True, slots=True)
class ProofJob:
    """A wanted proof. `lease_until_ms` is of the node's clock (UNIX milliseconds), 0 if nobody has the job; `proof` is
    None until it is made.
    """

    id: bytes
    block: BlockNumber
    lane: Lane
    attempt: int = 0
    worker: str = NOBODY
    lease_until_ms: int = 0
    proof: tuple[int, ...] | None = None
    witness_seconds: float = 0.0
    proof_seconds: float = 0.0


def compute_job_id(block: LaneBlock) -> bytes:
    """The hash of what is to be proven: the circuit and its public inputs."""
    return keccak_words(int(block.lane), *block.inputs.as_tuple())


class ProofJobs(Protocol):
    """Port: proof jobs. Safe to use from several threads; each call is one transaction."""

    def want(self, id: bytes, block: BlockNumber, lane: Lane) -> ProofJob:
        """The job of this id, which is made if there is none."""
        ...

    def lease(
        self, among: Collection[bytes], worker: str, now_ms: int, until_ms: int, most_attempts: int | None
    ) -> ProofJob | None:
        """Give `worker` the job of the lowest block that has no proof and that nobody has, until `until_ms`; of those
        `among` only, and only if it was given out fewer than `most_attempts` times. None if there is none.
        """
        ...

    def extend(self, id: bytes, worker: str, attempt: int, until_ms: int) -> bool:
        """Let the worker keep its job longer; false if it has it no more."""
        ...

    def release(self, id: bytes, worker: str, attempt: int) -> None:
        """Take the job from the worker, if it has it."""
        ...

    def finish(self, id: bytes, proof: tuple[int, ...], witness_seconds: float, proof_seconds: float) -> None:
        """Keep a proof that verifies."""
        ...

    def reopen(self, id: bytes) -> None:
        """The proof that was kept does not verify: it is wanted again."""
        ...

    def bound_leases(self, until_ms: int) -> None:
        """No lease ends later than this: the clock of an earlier run may have been ahead."""
        ...

    def forget(self, last: BlockNumber) -> None:
        """Nobody needs the proofs of blocks up to `last`."""
        ...


class MemoryProofJobs:
    """Jobs that live as long as their owner."""

    def __init__(self) -> None:
        self._jobs: dict[bytes, ProofJob] = {}

    def want(self, id: bytes, block: BlockNumber, lane: Lane) -> ProofJob:
        return self._jobs.setdefault(id, ProofJob(id, block, lane))

    def lease(
        self, among: Collection[bytes], worker: str, now_ms: int, until_ms: int, most_attempts: int | None
    ) -> ProofJob | None:
        free = [
            job
            for job in self._jobs.values()
            if job.id in among
            and job.proof is None
            and job.lease_until_ms <= now_ms
            and (most_attempts is None or job.attempt < most_attempts)
        ]
        if not free:
            return None
        first = min(free, key=lambda job: (job.block, job.id))
        self._jobs[first.id] = replace(first, attempt=first.attempt + 1, worker=worker, lease_until_ms=until_ms)
        return self._jobs[first.id]

    def extend(self, id: bytes, worker: str, attempt: int, until_ms: int) -> bool:
        job = self._find(id, worker, attempt)
        if job is not None:
            self._jobs[id] = replace(job, lease_until_ms=until_ms)
        return job is not None

    def release(self, id: bytes, worker: str, attempt: int) -> None:
        job = self._find(id, worker, attempt)
        if job is not None:
            self._jobs[id] = replace(job, worker=NOBODY, lease_until_ms=0)

    def finish(self, id: bytes, proof: tuple[int, ...], witness_seconds: float, proof_seconds: float) -> None:
        if id in self._jobs:
            job = replace(self._jobs[id], proof=proof, witness_seconds=witness_seconds, proof_seconds=proof_seconds)
            self._jobs[id] = replace(job, lease_until_ms=0)

    def reopen(self, id: bytes) -> None:
        if id in self._jobs:
            self._jobs[id] = replace(self._jobs[id], proof=None, worker=NOBODY, lease_until_ms=0)

    def bound_leases(self, until_ms: int) -> None:
        for id, job in self._jobs.items():
            self._jobs[id] = replace(job, lease_until_ms=min(job.lease_until_ms, until_ms))

    def forget(self, last: BlockNumber) -> None:
        self._jobs = {id: job for id, job in self._jobs.items() if job.block > last}

    def _find(self, id: bytes, worker: str, attempt: int) -> ProofJob | None:
        """The job, if the worker has it at this attempt and no proof is there."""
        job = self._jobs.get(id)
        if job is None or job.proof is not None or (job.worker, job.attempt) != (worker, attempt):
            return None
        return job
