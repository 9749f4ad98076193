"""Constraints and seconds: circuits, witnesses, proofs by two provers under the same key."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from zklink.node.bench.workload import build_block
from zklink.protocol.presets import Preset
from zklink.prover.artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.build import ensure_compiled
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.prover.snarkjs_backend import SnarkjsProver
from zklink.prover.source import swap_block_source
from zklink.witness.swap_block import compute_inputs

_RUNS: Final = 3
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ProvingFigures:
    """One preset. Seconds are medians; the witness includes the transition's inputs but not the transition."""

    preset: Preset
    constraints: int
    per_slot: int
    transition_seconds: float
    witness_seconds: float
    proof_seconds: float
    snarkjs_seconds: float

    @property
    def fixed(self) -> int:
        """Constraints of a block without slots."""
        return self.constraints - self.per_slot * self.preset.slots

    @property
    def average(self) -> float:
        """Constraints per slot with the fixed part spread over all slots."""
        return self.constraints / self.preset.slots


def measure_preset(preset: Preset, progress: Progress) -> ProvingFigures:
    """Build (or find) the circuit and its key, then time every stage of a full block."""
    artifacts = ensure_circuit(preset, progress)
    with progress.step(f"Measuring {preset.name}"):
        prover = Groth16pyProver(artifacts)
        transition_seconds, block = _time(lambda: build_block(preset))
        witness_seconds, witness = _time(lambda: prover.compute_witness(compute_inputs(block)))
        proof_seconds, _ = _time(lambda: prover.prove_witness(witness))
        other: Prover = SnarkjsProver(artifacts, progress)
        snarkjs_seconds, _ = _time(lambda: other.prove_witness(witness))
    return ProvingFigures(
        preset,
        artifacts.constraints,
        measure_slot(preset, artifacts, progress),
        transition_seconds,
        witness_seconds,
        proof_seconds,
        snarkjs_seconds,
    )


def measure_slot(preset: Preset, artifacts: CircuitArtifacts, progress: Progress) -> int:
    """Constraints that one more slot costs: the same circuit with a single slot is compiled and subtracted."""
    single = replace(preset, name=f"{preset.name}_one_slot", slots=1)
    one = ensure_compiled(swap_block_source(single), progress).constraints
    return round((artifacts.constraints - one) / (preset.slots - 1))


def _time(action: Callable[[], Result]) -> tuple[float, Result]:
    """Median seconds of a few runs, and the last result."""
    seconds = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        result = action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result
