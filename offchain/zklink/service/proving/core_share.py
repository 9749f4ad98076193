"""How the proofs of a machine share its cores: the queue decides between latency and throughput.

One job alone is proven on all cores, so that it is done as soon as it can be. With more jobs than one, as many proofs
are made at a time as there are workers and cores, each on its part: what a proof cannot spread over cores, such as its
witness, then leaves no core idle.
"""

import threading
from dataclasses import dataclass

from zklink.prover.cores import count_cores


@dataclass(frozen=True, slots=True)
class Plan:
    """So many proofs at a time, each on so many cores."""

    proofs: int
    cores_each: int


def choose_plan(jobs: int, workers: int, cores: int) -> Plan:
    """The plan for `jobs` proofs that wait or are being made, by as many workers on as many cores; all at least 1."""
    proofs = min(jobs, workers, cores)
    return Plan(proofs, cores // proofs)


class CoreShare:
    """What the workers of one machine have begun. Safe to use from several threads."""

    def __init__(self, workers: int = 1, cores: int | None = None) -> None:
        """By default the cores that this process may use."""
        self._workers, self._cores = workers, count_cores() if cores is None else cores
        self._busy: set[object] = set()
        self._lock = threading.Lock()

    def begin(self, worker: object, waiting: int) -> int:
        """A worker begins a proof while so many other jobs wait for anyone: the cores that it should take."""
        with self._lock:
            self._busy.add(worker)
            return choose_plan(len(self._busy) + waiting, max(self._workers, len(self._busy)), self._cores).cores_each

    def end(self, worker: object) -> None:
        """A worker's proof has ended, one way or another."""
        with self._lock:
            self._busy.discard(worker)
