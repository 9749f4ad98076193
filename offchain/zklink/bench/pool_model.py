"""How many cores a rate of operations takes: a model of two numbers, checked by what was measured.

A proof of a full block takes `witness` seconds of one core and then `proof` seconds of all `cores`, or cores / c times
as long on c of them. So n workers with a queue, who make n proofs at a time on c cores each (`choose_plan`), make

    n / (witness + proof * cores / c)

proofs a second. A rate of operations takes rate * (witness + cores proof) / slots cores, whatever number of machines
they stand in, if each core has a worker.
"""

import math
from dataclasses import dataclass
from typing import Final

from zklink.service.proving.core_share import choose_plan

RATES: Final = (10, 100, 1_000)


@dataclass(frozen=True, slots=True)
class PoolModel:
    """One kind of block on one kind of machine: seconds by the clock of a worker alone, and the block's slots."""

    witness_seconds: float
    proof_seconds: float
    cores: int
    slots: int

    @property
    def core_seconds(self) -> float:
        """Of one block."""
        return self.witness_seconds + self.cores * self.proof_seconds

    @property
    def witness_share(self) -> float:
        """The part of a block's core-seconds that its witness takes."""
        return self.witness_seconds / self.core_seconds

    def predict(self, workers: int) -> float:
        """Proofs a second of so many workers on one machine."""
        plan = choose_plan(workers, workers, self.cores)
        return plan.proofs / (self.witness_seconds + self.proof_seconds * self.cores / plan.cores_each)

    def count_cores(self, rate: int) -> int:
        """Cores for so many operations a second, in full blocks."""
        return math.ceil(rate * self.core_seconds / self.slots)
