"""Witnesses: right for good inputs, a typed error that names what is wrong for others."""

from __future__ import annotations

import gc
import weakref
from functools import lru_cache
from typing import Any

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from tests.support.foreign_circuit import FIXTURES, chain_source
from tests.support.tries import tries
from zklink.primitives.field import R
from zklink.protocol.errors import WitnessInputInvalid, WitnessUnsatisfied
from zklink.prover import witness_calculator
from zklink.prover.build import ensure_compiled
from zklink.prover.r1cs import ConstraintSystem, SparseMatrix, read_r1cs
from zklink.prover.source import CircuitSource
from zklink.prover.witness_calculator import CircuitInputs, Witness, WitnessCalculator, _Run

LINKS = 20
GATE = CircuitSource("gate", FIXTURES, "gate.circom", "Gate", (3,), ("total",))
scalars = st.one_of(st.integers(0, R - 1), st.sampled_from([0, 1, R - 1, R // 2, R // 2 + 1, 1 << 253]))


@lru_cache(maxsize=1)
def chain() -> WitnessCalculator:
    return WitnessCalculator(ensure_compiled(chain_source(LINKS)))


@lru_cache(maxsize=1)
def gate() -> WitnessCalculator:
    return WitnessCalculator(ensure_compiled(GATE))


@lru_cache(maxsize=1)
def system() -> ConstraintSystem:
    return read_r1cs(ensure_compiled(chain_source(LINKS)).r1cs)


def is_satisfied(witness: Witness) -> bool:
    wires = [witness.wire(index) for index in range(len(witness))]

    def rows(matrix: SparseMatrix) -> list[int]:
        out = [0] * system().constraint_count
        for row, wire, value in zip(matrix.rows, matrix.wires, matrix.value_ids, strict=True):
            out[row] += wires[wire] * system().values[value]
        return out

    products = zip(rows(system().a), rows(system().b), rows(system().c), strict=True)
    return all((a * b - c) % R == 0 for a, b, c in products)


@tries(100)
@given(seed=scalars, factor=scalars, secret=scalars)
def test_compute__any_scalars__satisfies_and_computes_the_chain(seed: int, factor: int, secret: int) -> None:
    witness = chain().compute({"seed": seed, "factor": factor, "secret": secret})
    last = seed * secret % R
    for _ in range(LINKS):
        last = (last * last + factor) % R
    assert witness.publics(3) == (last, seed, factor)
    assert witness.wire(0) == 1 and len(witness) == system().wire_count
    assert is_satisfied(witness)


def test_compute__nested_arrays__in_order() -> None:
    witness = gate().compute({"total": 6, "bits": [[1, 1], [0, 1], [1, 0]], "weights": (1, 2, 3)})
    assert witness.publics(1) == (6,)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"seed": 1, "factor": 2}, "2 values given, 3 needed"),
        ({"seed": 1, "factor": 2, "secret": [3, 4]}, "input secret: 2 values given, 1 needed"),
        ({"seed": 1, "factor": 2, "secret": []}, "input secret: 0 values given, 1 needed"),
        ({"seed": 1, "factor": 2, "secret": 3, "more": 4}, "input more: the circuit has no such input"),
        ({"seed": 1, "factor": 2, "secret": R}, r"input secret\[0\]: .* is not a field element"),
        ({"seed": -1, "factor": 2, "secret": 3}, r"input seed\[0\]: -1 is not a field element"),
    ],
)
def test_compute__bad_inputs__names_the_signal(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(WitnessInputInvalid, match=message):
        chain().compute(inputs)


def test_compute__constraint_fails__typed_error_then_usable_again() -> None:
    good: dict[str, Any] = {"total": 6, "bits": [[1, 1], [0, 1], [1, 0]], "weights": [1, 2, 3]}
    with pytest.raises(WitnessUnsatisfied, match="Gate"):
        gate().compute({**good, "total": 7})
    with pytest.raises(WitnessUnsatisfied):
        gate().compute({**good, "bits": [[2, 1], [0, 1], [1, 0]]})
    assert gate().compute(good).publics(1) == (6,)


def test_encode_wtns__is_the_format_of_snarkjs() -> None:
    witness = chain().compute({"seed": 1, "factor": 2, "secret": 3})
    data = witness.encode_wtns()
    assert data[:4] == b"wtns" and data.endswith(witness.data)
    assert len(data) == 12 + (12 + 40) + 12 + 32 * len(witness)


def test_compute__again_and_again__each_run_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[weakref.ref[_Run]] = []

    class Watched(_Run):
        def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
            super().__init__(engine, module)
            runs.append(weakref.ref(self))

    monkeypatch.setattr(witness_calculator, "_Run", Watched)
    good: CircuitInputs = {"total": 6, "bits": [[1, 1], [0, 1], [1, 0]], "weights": (1, 2, 3)}
    calculator = WitnessCalculator(ensure_compiled(GATE))
    calculator.compute(good)
    for name, error in (("total", WitnessUnsatisfied), ("sum", WitnessInputInvalid)):
        with pytest.raises(error):
            calculator.compute({**good, name: 7})
    gc.collect()
    assert len(runs) == 4 and [run() for run in runs] == [None] * 4
