"""Multiplication of a point by signed digits (docs/adr/0020-signed-digits.md).

It gives the package's product for every scalar, and no step leaves a choice.
"""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.circuits import Circuit, Mutation, open_gadget
from tests.support.derive import System
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.primitives import babyjubjub
from zklink.primitives.babyjubjub import BASE8, IDENTITY, SUBORDER, Point
from zklink.primitives.field import R
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.prover.build import ensure_compiled
from zklink.prover.source import CircuitSource
from zklink.witness.signals import Signal, Signals

STEPS, BITS = 250, 254
FIXTURES = Path(__file__).parent / "fixtures"
EDGES = sorted(
    {
        *range(34),
        *(multiple * SUBORDER + change for multiple in range(1, 8) for change in (-17, -16, -2, -1, 0, 1, 2, 15, 16)),
        *((1 << i) + change for i in (4, 5, 6, 127, 250, 251, 252, 253) for change in (-1, 0, 1)),
        *(R - 1 - i for i in range(18)),
        R // 2,
        (8 * SUBORDER - R) // 2,
    }
)
"""Prefixes that are all 0 or all 1, products that are the identity or P, and the ends of the range."""
scalars = st.sampled_from(EDGES) | st.integers(0, R - 1)
points = st.integers(1, SUBORDER - 1).map(lambda factor: babyjubjub.multiply(BASE8, factor))


def build_inputs(scalar: int, point: Point) -> Signals:
    bits: list[Signal] = [scalar >> i & 1 for i in range(BITS)]
    return {"bits": bits, "point": [*point]}


def open_multiplication(mutation: Mutation | None = None) -> Circuit:
    return open_gadget("lib/points.circom", "MultiplyPoint", mutation=mutation)


@cache
def open_circomlibs() -> Circuit:
    return Circuit(
        ensure_compiled(CircuitSource("gadget_multiplyany", FIXTURES, "multiply_any.circom", "MultiplyAny", (), ()))
    )


def multiply(circuit: Circuit, scalar: int, point: Point) -> Point:
    """What the circuit gives; each row is checked."""
    values = circuit.compute(build_inputs(scalar, point))
    assert circuit.checker.find_violations(values) == []
    named = circuit.name(values)
    return Point(named["main.out[0]"], named["main.out[1]"])


@upholds("CIR-6", "CIR-8")
@pytest.mark.parametrize("scalar", EDGES)
def test_multiply_point__at_the_edges__is_the_packages_product(scalar: int) -> None:
    point = babyjubjub.multiply(BASE8, (SUBORDER - 1, 1, 3**150)[scalar % 3])
    assert multiply(open_multiplication(), scalar, point) == babyjubjub.multiply(point, scalar)


@upholds("CIR-6", "CIR-8")
@tries(60)
@given(scalars, points)
def test_multiply_point__any_scalar_and_point__is_the_packages_and_circomlibs_product(
    scalar: int, point: Point
) -> None:
    product = multiply(open_multiplication(), scalar, point)
    assert product == babyjubjub.multiply(point, scalar)
    assert product == multiply(open_circomlibs(), scalar, point)


# -- the argument ------------------------------------------------------------------------------------------------------


def list_offsets() -> list[int]:
    """2 * k_j, step by step: twice the non-adjacent form of (l + 1) / 2 below its first digit."""
    rest, digits = (SUBORDER + 1) // 2, []
    while rest:
        digit = 2 - rest % 4 if rest % 2 else 0
        digits.append(digit)
        rest = (rest - digit) // 2
    assert len(digits) == STEPS + 1 and digits[-1] == 1
    return [2 * digit for digit in digits[-2::-1]]


def list_factors(scalar: int) -> list[int]:
    """m_0, m_1, .. m_250 as integers."""
    factors = [3]
    for step, offset in enumerate(list_offsets()):
        factors.append(2 * factors[-1] + 2 * (scalar >> (BITS - 1 - step) & 1) - 1 + offset)
    return factors


@upholds("CIR-6")
def test_factors__of_every_scalar__meet_no_exception() -> None:
    """m_j - 2 c_j is the same for all scalars, so the ends of c_j's range are the ends of m_j's."""
    lowest, some = list_factors(0), list_factors(R // 3)
    largest = [2 * ((R - 1) >> (BITS - step)) for step in range(STEPS + 1)]
    assert [a - b for a, b in zip(some, lowest, strict=True)] == [2 * (R // 3 >> (BITS - j)) for j in range(STEPS + 1)]
    ranges = [(low, low + more) for low, more in zip(lowest, largest, strict=True)]

    assert ranges[0] == (3, 3) and list_offsets()[0] == 0
    for low, high in ranges[1:-1]:
        assert low > 3 and high < SUBORDER - 3
    assert max(map(abs, list_offsets())) == 2
    low, high = ranges[-1]
    assert SUBORDER + 1 < low == SUBORDER + 2 and high < 2 * SUBORDER - 3


@upholds("CIR-6")
@pytest.mark.parametrize("scalar", [0, R - 1, R // 2, SUBORDER, 16 * (SUBORDER // 32)])
def test_sums__of_a_scalar__are_the_factors_times_the_point(scalar: int) -> None:
    """The accumulators of the circuit are those of the argument. They show x = u / v and y = (u - 1) / (u + 1)."""
    point = babyjubjub.multiply(BASE8, 5**99)
    circuit = open_multiplication()
    named = circuit.name(circuit.compute(build_inputs(scalar, point)))
    for step, factor in enumerate(list_factors(scalar)):
        u, v = (named[f"main.sum[{step}][{i}]"] for i in (0, 1))
        shown = Point(u * pow(v, -1, R) % R, (u - 1) * pow(u + 1, -1, R) % R)
        assert shown == babyjubjub.multiply(point, factor), step


# -- nothing is left to choose -----------------------------------------------------------------------------------------


def derive(circuit: Circuit, system: System, scalar: int) -> dict[int, int]:
    """What follows from the scalar's bits and a point."""
    wires = circuit.symbols.wires
    inputs = {wires[f"main.bits[{i}]"]: scalar >> i & 1 for i in range(BITS)}
    return system.derive(inputs | {wires[f"main.point[{i}]"]: BASE8[i] for i in (0, 1)})


@upholds("VER-4", "CIR-6")
@pytest.mark.parametrize("scalar", [0, 1, 15, 16, R - 1, SUBORDER, SUBORDER - 1, R // 5])
def test_wires__of_a_product__follow_from_the_inputs_and_are_pinned_down(scalar: int) -> None:
    circuit = open_multiplication()
    values = circuit.compute(build_inputs(scalar, BASE8))
    derived = derive(circuit, System(circuit.checker), scalar)
    names = circuit.symbols.names()
    assert [names[wire] for wire in range(1, circuit.checker.wire_count) if wire not in derived] == []
    assert [derived[wire] for wire in range(circuit.checker.wire_count)] == values
    assert circuit.checker.assign(values).find_loose_wires() == []


@upholds("CIR-6")
def test_row__of_a_step_left_out__frees_the_product() -> None:
    circuit = open_multiplication()
    wires = circuit.symbols.wires
    names = [f"main.DoubleAndAdd#0[123].{signal}" for signal in ("slope", "next_slope")]
    rows = {row for name in names for row in circuit.checker.rows_of(wires[name])}
    assert len(rows) == 5
    for row in rows:
        derived = derive(circuit, System(circuit.checker.without([row])), R // 5)
        assert not {wires["main.out[0]"], wires["main.out[1]"]} & derived.keys()


# breaks: CIR-6
NO_OFFSET = Mutation(
    "no_offset",
    (
        ("lib/points.circom", "sum[0] <== thrice;", "sum[0] <== once;"),
        ("lib/points.circom", "DoubleAndAdd(OffsetDigit(STEPS - 1 - j))", "DoubleAndAdd(0)"),
        ("lib/points.circom", "odd[2] <== MontgomeryAdd()(sum[STEPS], [once[0], -once[1]]);", "odd[2] <== sum[STEPS];"),
    ),
)
"""The textbook's form: m_0 = 1 and digits of -1 and 1. The accumulator meets P itself."""


@upholds("CIR-6")
def test_multiplication__without_offsets__has_a_free_slope_or_no_witness() -> None:
    mutant = open_multiplication(NO_OFFSET)
    top = 1 << (BITS - 1)  # the first step adds P to P: 0 / 0
    values = mutant.compute(build_inputs(top, BASE8))
    assert mutant.checker.find_violations(values) == []
    derived = derive(mutant, System(mutant.checker), top)
    wires = mutant.symbols.wires
    assert not {wires["main.DoubleAndAdd#0[0].slope"], wires["main.out[0]"]} & derived.keys()
    with pytest.raises(WitnessUnsatisfied):  # it adds -P to P
        mutant.compute(build_inputs(5, BASE8))
    for scalar in (top, 5):
        assert multiply(open_multiplication(), scalar, BASE8) == babyjubjub.multiply(BASE8, scalar)


# -- doubling ----------------------------------------------------------------------------------------------------------


def find_torsion() -> Point:
    """A point of order 8: a point outside the subgroups, times the order of the large one."""
    for y in range(2, 99):
        point = babyjubjub.unpack_point(y.to_bytes(32, "little"))
        if point is not None and babyjubjub.multiply(point, 4 * SUBORDER) != IDENTITY:
            return babyjubjub.multiply(point, SUBORDER)
    raise AssertionError("none below 99")


@upholds("CIR-6")
@pytest.mark.parametrize("small", range(8))
@pytest.mark.parametrize("large", [0, 1, 3**99])
def test_double_point__of_every_order__is_the_packages(small: int, large: int) -> None:
    """Points of the orders 1, 2, 4 and 8 alone, and together with points of the large order."""
    point = babyjubjub.add(babyjubjub.multiply(find_torsion(), small), babyjubjub.multiply(BASE8, large))
    circuit = open_gadget("lib/points.circom", "DoublePoint")
    values = circuit.compute({"x": point.x, "y": point.y})
    assert circuit.checker.find_violations(values) == []
    named = circuit.name(values)
    assert (named["main.x_2"], named["main.y_2"]) == babyjubjub.add(point, point)
    wires = circuit.symbols.wires
    derived = System(circuit.checker).derive({wires["main.x"]: point.x, wires["main.y"]: point.y})
    assert len(derived) == circuit.checker.wire_count


def test_edges__between_them__have_every_last_digit_and_both_first_bits() -> None:
    assert {edge % 16 for edge in EDGES} == set(range(16))
    assert {edge >> (BITS - 1) for edge in EDGES} == {0, 1}
    assert all(a < b for a, b in pairwise(EDGES)) and EDGES[-1] < R
