"""Proof jobs in a node's database."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from zklink.node.proof_jobs import NOBODY, ProofJob
from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import RecordBroken
from zklink.protocol.ids import BlockNumber, Lane
from zklink.storage.database import Database
from zklink.storage.tables import proof_jobs as jobs


class SqlProofJobs:
    """ProofJobs (see there). Raises DatabaseFailed, DatabaseInUse, RecordBroken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def want(self, id: bytes, block: BlockNumber, lane: Lane) -> ProofJob:
        with self._database.transaction() as connection:
            found = connection.execute(select(jobs).where(jobs.c.id == id)).one_or_none()
            if found is not None:
                return _decode(found)
            new = ProofJob(id, block, lane)
            row = {"id": id, "block": block, "lane": int(lane), "attempt": 0, "worker": NOBODY}
            times = {"lease_until_ms": 0, "witness_seconds": 0.0, "proof_seconds": 0.0}
            connection.execute(insert(jobs).values(**row, **times))
            return new

    def lease(
        self, among: Collection[bytes], worker: str, now_ms: int, until_ms: int, most_attempts: int | None
    ) -> ProofJob | None:
        if not among:
            return None
        free = jobs.c.id.in_(list(among)) & jobs.c.proof.is_(None) & (jobs.c.lease_until_ms <= now_ms)
        if most_attempts is not None:
            free &= jobs.c.attempt < most_attempts
        with self._database.transaction() as connection:
            query = select(jobs).where(free).order_by(jobs.c.block, jobs.c.id).limit(1)
            found = connection.execute(query).one_or_none()
            if found is None:
                return None
            changed = {"attempt": found.attempt + 1, "worker": worker, "lease_until_ms": until_ms}
            connection.execute(update(jobs).where(jobs.c.id == found.id).values(**changed))
            return _decode(connection.execute(select(jobs).where(jobs.c.id == found.id)).one())

    def extend(self, id: bytes, worker: str, attempt: int, until_ms: int) -> bool:
        return self._change(id, worker, attempt, {"lease_until_ms": until_ms})

    def release(self, id: bytes, worker: str, attempt: int) -> None:
        self._change(id, worker, attempt, {"worker": NOBODY, "lease_until_ms": 0})

    def finish(self, id: bytes, proof: tuple[int, ...], witness_seconds: float, proof_seconds: float) -> None:
        made = {"proof": json.dumps([str(word) for word in proof]), "result_hash": keccak_words(*proof)}
        seconds = {"witness_seconds": witness_seconds, "proof_seconds": proof_seconds}
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.id == id).values(**made, **seconds, lease_until_ms=0))

    def reopen(self, id: bytes) -> None:
        lost = {"proof": None, "result_hash": None, "worker": NOBODY, "lease_until_ms": 0}
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.id == id).values(**lost))

    def bound_leases(self, until_ms: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.lease_until_ms > until_ms).values(lease_until_ms=until_ms))

    def forget(self, last: BlockNumber) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(jobs).where(jobs.c.block <= last))

    def _change(self, id: bytes, worker: str, attempt: int, values: dict[str, Any]) -> bool:
        mine = (jobs.c.id == id) & (jobs.c.worker == worker) & (jobs.c.attempt == attempt) & jobs.c.proof.is_(None)
        with self._database.transaction() as connection:
            return bool(connection.execute(update(jobs).where(mine).values(**values)).rowcount)


def _decode(row: Row[Any]) -> ProofJob:
    try:
        proof = None if row.proof is None else tuple(int(word) for word in json.loads(row.proof))
        if proof is not None and keccak_words(*proof) != bytes(row.result_hash or b""):
            raise ValueError("the proof is not that of its hash")
        return ProofJob(
            bytes(row.id),
            BlockNumber(row.block),
            Lane(row.lane),
            row.attempt,
            row.worker,
            row.lease_until_ms,
            proof,
            row.witness_seconds,
            row.proof_seconds,
        )
    except (ValueError, TypeError) as error:
        raise RecordBroken(jobs.name, bytes(row.id).hex(), str(error)) from error
