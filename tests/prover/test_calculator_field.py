"""The functions that replace circom's in its calculators: as Python's integers, and one module for another."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from tests.support.foreign_circuit import FIXTURES, chain_source
from tests.support.tries import tries
from zklink.primitives.field import R
from zklink.prover import witness_calculator
from zklink.prover.build import ensure_compiled
from zklink.prover.calculator_field import KNOWN, build_module, compile_bodies, make_engine, speed_up
from zklink.prover.source import CircuitSource
from zklink.prover.wasm_functions import read_functions, replace_functions
from zklink.prover.witness_calculator import WitnessCalculator

GATE = CircuitSource("gate", FIXTURES, "gate.circom", "Gate", (3,), ("total",))
EDGES = sorted({edge + step for edge in (0, R, R // 2, 1 << 64, 1 << 128, 1 << 192, 1 << 253) for step in (-1, 0, 1)})
scalars = st.one_of(st.sampled_from([edge for edge in EDGES if 0 <= edge < R]), st.integers(0, R - 1))
rows = st.lists(st.tuples(scalars, scalars), min_size=20, max_size=20)
BYTES = 32
PLACES = (64, 128, 192)
FROM_FORM = pow(1 << 256, -1, R)
"""Montgomery's radix, inverted."""


class Functions:
    """The module of all functions, with numbers at PLACES of its memory."""

    def __init__(self) -> None:
        engine = make_engine()
        self._store = wasmtime.Store(engine)
        self._exports = wasmtime.Instance(self._store, wasmtime.Module(engine, build_module()), []).exports(self._store)

    @property
    def memory(self) -> wasmtime.Memory:
        memory = self._exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        return memory

    def write(self, place: int, data: bytes) -> None:
        self.memory.write(self._store, data, place)

    def read(self, place: int, size: int = BYTES) -> bytes:
        return bytes(self.memory.read(self._store, place, place + size))

    def call(self, name: str, *addresses: int) -> None:
        function = self._exports[name]
        assert isinstance(function, wasmtime.Func)
        function(self._store, *addresses)

    def compute(self, name: str, *numbers: int) -> int:
        for place, number in zip(PLACES, numbers, strict=False):
            self.write(place, number.to_bytes(BYTES, "little"))
        self.call(name, *PLACES[: len(numbers)], PLACES[-1])
        return int.from_bytes(self.read(PLACES[-1]), "little")


@lru_cache(maxsize=1)
def functions() -> Functions:
    return Functions()


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("Fr_F1m_mul", lambda a, b: a * b * FROM_FORM % R),
        ("Fr_F1m_add", lambda a, b: (a + b) % R),
        ("Fr_F1m_sub", lambda a, b: (a - b) % R),
    ],
)
@tries(100)
@given(rows=rows)
def test_two_numbers__any__as_integers(
    name: str, right: Callable[[int, int], int], rows: list[tuple[int, int]]
) -> None:
    for left, other in rows:
        assert functions().compute(name, left, other) == right(left, other)


@tries(100)
@given(rows=rows)
def test_one_number__any__as_integers(rows: list[tuple[int, int]]) -> None:
    for number in {number for row in rows for number in row}:
        assert functions().compute("Fr_F1m_square", number) == number * number * FROM_FORM % R
        assert functions().compute("Fr_F1m_fromMontgomery", number) == number * FROM_FORM % R
        inverse = pow(number, -1, R) if number else 0
        assert functions().compute("Fr_int_inverseMod", number, R) == inverse


@pytest.mark.parametrize("name", ["Fr_F1m_mul", "Fr_F1m_add", "Fr_F1m_sub"])
def test_two_numbers__result_over_an_operand__the_same(name: str) -> None:
    for left in (0, 1, 7, R - 1):
        for place in (0, 1):
            apart = functions().compute(name, left, R - 2)
            functions().call(name, PLACES[0], PLACES[1], PLACES[place])
            assert int.from_bytes(functions().read(PLACES[place]), "little") == apart


def test_copy__forty_bytes__all_of_them_and_no_more() -> None:
    functions().write(0, bytes(400))
    functions().write(200, bytes(range(1, 61)))
    functions().call("Fr_copy", 60, 200)
    assert functions().read(0, 160) == bytes(60) + bytes(range(1, 41)) + bytes(60)


@pytest.mark.parametrize("source", [chain_source(20), GATE], ids=["chain", "gate"])
def test_speed_up__circuits_module__replaces_each_function(source: CircuitSource) -> None:
    module = ensure_compiled(source).wasm.read_bytes()
    before, after = read_functions(module), read_functions(speed_up(module))
    assert {name for name in before if before[name] != after[name]} == set(KNOWN)
    assert {name: after[name] for name in KNOWN} == compile_bodies()
    assert list(before) == list(after)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_speed_up__one_function_is_another__stays_as_it_is(name: str) -> None:
    module = ensure_compiled(chain_source(20)).wasm.read_bytes()
    other = replace_functions(module, {name: read_functions(module)[name] + b"\x00"})
    assert speed_up(other) is other


@pytest.mark.parametrize("module", [b"", b"\0asm", b"\0asm\x01\0\0\0", b"\0asm\x01\0\0\0\x0a\x05\x09", b"no module"])
def test_speed_up__no_module_or_none_with_names__stays_as_it_is(module: bytes) -> None:
    assert speed_up(module) is module


@tries(20)
@given(seed=scalars, factor=scalars, secret=scalars)
def test_witness__fast_and_as_circom_wrote_it__the_same(seed: int, factor: int, secret: int) -> None:
    fast, plain = calculators()
    inputs = {"seed": seed, "factor": factor, "secret": secret}
    assert fast.compute(inputs) == plain.compute(inputs)


@lru_cache(maxsize=1)
def calculators() -> tuple[WitnessCalculator, WitnessCalculator]:
    circuit = ensure_compiled(chain_source(20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(witness_calculator, "speed_up", lambda module: module)
        plain = WitnessCalculator(circuit)
    return WitnessCalculator(circuit), plain
