"""Measures circuits, witnesses and proofs by three provers under the same key.

Takes a preset, gives constraints, seconds and bytes. Never measures an empty block: the statements are full.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from zklink.bench.this_machine import peak_bytes, reset_peak
from zklink.bench.workload import build_account_block, build_block, build_exit
from zklink.primitives.native.layout import best_layout
from zklink.protocol.presets import MINIMAL, Preset
from zklink.prover.build import ensure_compiled
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.native.backend import NativeProver
from zklink.prover.native.kernels import load_kernels
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.prover.snarkjs_backend import SnarkjsProver
from zklink.prover.source import Statement, account_block_source, swap_block_source
from zklink.prover.witness_calculator import Witness
from zklink.witness import account_block, exit, swap_block

RUNS: Final = 3
ENOUGH_SECONDS: Final = 30.0
"""Seconds from which on a measurement is not repeated."""

_DOMAIN: Final = 1
Result = TypeVar("Result")

STAGES: Final[Mapping[Statement, tuple[Callable[[Preset], Any], Callable[[Any], Any]]]] = {
    Statement.SWAP: (build_block, swap_block.compute_inputs),
    Statement.ACCOUNT: (build_account_block, account_block.compute_inputs),
    Statement.EXIT: (build_exit, lambda statement: exit.compute_inputs(statement, None, _DOMAIN)),
}
"""For each circuit the functions that make its statement, and the inputs of its witness."""


@dataclass(frozen=True, slots=True)
class ProvingFigures:
    """One circuit of a preset, full. Seconds are medians; the witness includes the inputs but not the transition.

    `key_seconds` is reading the proving key, once per process; `peak_bytes` the most that this process held while it
    proved natively. `pair` figures are seconds until two proofs that were begun together are both there. `slots` gives,
    for each kind of slot, how many there are and the constraints of one.
    """

    preset: Preset
    statement: Statement
    constraints: int
    slots: Mapping[str, tuple[int, int]]
    transition_seconds: float
    witness_seconds: float
    key_seconds: float
    proof_seconds: float
    pair_seconds: float
    peak_bytes: int
    groth16py_seconds: float
    groth16py_pair_seconds: float
    snarkjs_seconds: float | None

    @property
    def fixed(self) -> int:
        """Constraints of a block without slots."""
        return self.constraints - sum(count * cost for count, cost in self.slots.values())

    @property
    def average(self) -> float:
        """Constraints per slot with the fixed part spread over all slots."""
        return self.constraints / max(sum(count for count, _ in self.slots.values()), 1)

    def proof_seconds_of(self, slot: str) -> float:
        """A slot's share of the proof, by constraints."""
        return self.proof_seconds * self.slots[slot][1] / self.constraints


def measure_circuit(
    preset: Preset, statement: Statement, progress: Progress, *, is_cross_checked: bool = True
) -> ProvingFigures:
    """Build (or find) a circuit and its key, then time every stage of a full statement, with snarkjs too or without."""
    artifacts = ensure_circuit(preset, progress, statement)
    build, compute_inputs = STAGES[statement]
    reset_peak()
    load_kernels(best_layout())
    with progress.step(f"Measuring {artifacts.name}"):
        transition_seconds, subject = _time(lambda: build(preset))
        key_seconds, prover = _time(lambda: NativeProver(artifacts), runs=1)
        witness_seconds, witness = _time(lambda: prover.compute_witness(compute_inputs(subject)))
        proof_seconds, _ = _time(lambda: prover.prove_witness(witness))
        peak = peak_bytes()
        pair_seconds, _ = _time(lambda: _prove_two(prover, witness))
    with progress.step(f"Measuring {artifacts.name} with groth16py"):
        peer = Groth16pyProver(artifacts)
        groth16py_seconds, _ = _time(lambda: peer.prove_witness(witness))
        groth16py_pair_seconds, _ = _time(lambda: _prove_two(peer, witness))
    snarkjs_seconds = None
    if is_cross_checked:
        with progress.step(f"Measuring {artifacts.name} with snarkjs"):
            other: Prover = SnarkjsProver(artifacts, progress)
            snarkjs_seconds, _ = _time(lambda: other.prove_witness(witness))
    return ProvingFigures(
        preset,
        statement,
        artifacts.constraints,
        _measure_slots(preset, statement, artifacts, progress),
        transition_seconds,
        witness_seconds,
        key_seconds,
        proof_seconds,
        pair_seconds,
        peak,
        groth16py_seconds,
        groth16py_pair_seconds,
        snarkjs_seconds,
    )


def _measure_slots(
    preset: Preset, statement: Statement, artifacts: CircuitArtifacts, progress: Progress
) -> dict[str, tuple[int, int]]:
    if statement is Statement.SWAP:
        return {"swap": (preset.slots, _measure_swap_slot(preset, artifacts, progress))}
    if statement is Statement.EXIT:
        return {}
    places, costs = preset.account, count_account_slots(preset, progress)
    return {name: (getattr(places, name), cost) for name, cost in costs.items()}


_SLOT: Final = 0
"""The place of a ledger slot that is compiled alone; the constraints are the same at any other."""


def count_account_slots(preset: Preset, progress: Progress) -> dict[str, int]:
    """Constraints of one slot of each kind in a preset's account block."""
    rows, pools, depths = (
        preset.account.token_rows,
        preset.account.pool_rows,
        (preset.token_depth, preset.account_depth),
    )
    return {
        "ledger": _count_slot("LedgerSlot", (_SLOT, rows, *depths), progress),
        "pool": _count_slot("PoolSlot", (rows, pools, *depths), progress),
        "order": _count_slot("OrderSlot", (rows, *depths, preset.order_depth), progress),
    }


def _count_slot(template: str, arguments: tuple[int, ...], progress: Progress) -> int:
    """Constraints of one kind of an account block's slots, compiled alone."""
    stem = template.removesuffix("Slot").lower()
    source = replace(
        account_block_source(MINIMAL),
        name="_".join(map(str, ("bench", stem, *arguments))),
        entry=f"{stem}_slot.circom",
        template=template,
        arguments=arguments,
        publics=(),
    )
    return ensure_compiled(source, progress).constraints


def _measure_swap_slot(preset: Preset, artifacts: CircuitArtifacts, progress: Progress) -> int:
    """Constraints that one more slot costs: the same circuit with a single slot is compiled and subtracted."""
    single = replace(preset, name=f"{preset.name}_one_slot", slots=1)
    one = ensure_compiled(swap_block_source(single), progress).constraints
    return round((artifacts.constraints - one) / (preset.slots - 1))


def _prove_two(prover: Prover, witness: Witness) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(prover.prove_witness, [witness] * 2):
            pass


def _time(action: Callable[[], Result], runs: int = RUNS) -> tuple[float, Result]:
    """Median seconds of a few runs, and the last result."""
    seconds: list[float] = []
    while len(seconds) < runs and sum(seconds) < ENOUGH_SECONDS:
        start = time.perf_counter()
        result = action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result
