"""Arithmetic of both layouts and both fields against Python's integers.

The law: each operation gives the right residue for every canonical input, and sums of sums of any length stay right.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.prover.native.workbench import LAYOUTS, MODULI, build_rows, encode, samples
from zklink.primitives.field import Q
from zklink.primitives.native.assembly import WORD
from zklink.primitives.native.field_code import Element, FieldCode
from zklink.primitives.native.layout import Layout
from zklink.prover.native.coordinates import Coordinates
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.memory import Buffer
from zklink.prover.native.sums import encode_factor

COUNT = 1500


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.value)
def layout(request: pytest.FixtureRequest) -> Layout:
    return Layout(request.param)


@pytest.fixture(params=list(MODULI))
def modulus(request: pytest.FixtureRequest) -> int:
    return MODULI[request.param]


def pairs(modulus: int) -> list[list[int]]:
    """Every edge with every edge, and numbers by chance."""
    values = samples(modulus, COUNT, seed=1)
    crossed = [[a, b] for a in values[:38] for b in values[:38]]
    return [*crossed, *(list(pair) for pair in zip(values, reversed(values), strict=True))]


def test_field__one_operation_each__as_integers(layout: Layout, modulus: int) -> None:
    def body(field: FieldCode, inputs: Sequence[Element]) -> list[Element]:
        a, b = inputs
        return [
            field.multiply(a, b),
            field.multiply(a, a),
            field.add(a, b),
            field.subtract(a, b),
            field.multiply(a, field.constant(7)),
            field.multiply(a, field.raw(1)),
        ]

    rows = pairs(modulus)
    inverse = pow(2, -layout.radix_bits, modulus)
    for (a, b), found in zip(rows, build_rows(layout, modulus, 2, body)(rows), strict=True):
        expected = [a * b * inverse, a * a * inverse, a + b, a - b, 7 * a, a * inverse]
        assert found == [value % modulus for value in expected]


def test_field__long_expressions__bounds_hold(layout: Layout, modulus: int) -> None:
    """Sums that have to be reduced on the way, differences of many terms, and products of loose factors."""

    def body(field: FieldCode, inputs: Sequence[Element]) -> list[Element]:
        a, b = inputs
        many = field.sum([a, b, b], [a])
        loose = field.sum([many, many, a], [b])
        for _ in range(20):
            loose = field.add(loose, many)
        negative = field.subtract(field.raw(0), loose)
        return [many, loose, field.multiply(loose, negative), field.reduce(loose, 2 * modulus)]

    rows = pairs(modulus)
    inverse = pow(2, -layout.radix_bits, modulus)
    for (a, b), found in zip(rows, build_rows(layout, modulus, 2, body)(rows), strict=True):
        many = 2 * b
        loose = 22 * many + a - b
        expected = [many, loose, -loose * loose * inverse, loose]
        assert found == [value % modulus for value in expected]


def test_sum__more_terms_than_fit__is_not_written(layout: Layout) -> None:
    def body(field: FieldCode, inputs: Sequence[Element]) -> list[Element]:
        return [field.sum([inputs[0]] * 100)]

    with pytest.raises(AssertionError, match="too many terms"):
        build_rows(layout, Q, 1, body)


def test_field__comparison_and_choice__lane_by_lane(layout: Layout) -> None:
    def body(field: FieldCode, inputs: Sequence[Element]) -> list[Element]:
        a, b = inputs
        packed = field.pack(a), field.pack(b)
        is_same, is_zero = field.is_equal(*packed), field.is_equal(packed[0], field.zero_packed())
        one, two = field.raw(1), field.raw(2)
        either, both = field.either(is_same, is_zero), field.both(is_same, is_zero)
        masks = is_same, is_zero, either, both, field.invert_mask(both)
        return [*(field.select(mask, one, two) for mask in masks), one]

    rows = [*pairs(Q), *([value, value] for value in samples(Q, 200, seed=2))]
    for (a, b), found in zip(rows, build_rows(layout, Q, 2, body)(rows), strict=True):
        facts = a == b, a == 0, a == b or a == 0, a == b == 0, not a == b == 0
        assert found == [*(1 if fact else 2 for fact in facts), 1]


def test_field__element_kept_on_the_stack_or_in_memory__comes_back(layout: Layout) -> None:
    scratch = Buffer.allot(4096)

    def body(field: FieldCode, inputs: Sequence[Element]) -> list[Element]:
        a, b = inputs
        place = field.place(2)
        field.keep(place, field.sum([a, b, b]))
        field.stash(WORD(scratch.address), field.sum([a, a, b]))
        return [field.recall(place), field.fetch(WORD(scratch.address), 3 * Q)]

    rows = pairs(Q)
    for (a, b), found in zip(rows, build_rows(layout, Q, 2, body)(rows), strict=True):
        assert found == [(a + 2 * b) % Q, (2 * a + b) % Q]


def test_coordinates__of_g2__as_complex_numbers(layout: Layout) -> None:
    def body(field: FieldCode, inputs: Sequence[Element]) -> list[Element]:
        a, b, c, d = inputs
        code = Coordinates(field, 2)
        x, y = (a, b), (c, d)
        inverse = code.inverse(x, field.constant(3))
        results = code.multiply(x, y), code.multiply(x, x), code.sum([x, y, y], [x, x]), inverse
        return [part for result in results for part in result] + [code.norm(x), field.raw(0)]

    values = samples(Q, 4 * COUNT, seed=3)
    rows = [values[first::COUNT] for first in range(COUNT)]
    inverse = pow(2, -layout.radix_bits, Q)
    for (a, b, c, d), found in zip(rows, build_rows(layout, Q, 4, body)(rows), strict=True):
        expected = [(a * c - b * d) * inverse, (a * d + b * c) * inverse, (a * a - b * b) * inverse]
        expected += [2 * a * b * inverse, 2 * c - a, 2 * d - b, 3 * a, -3 * b, (a * a + b * b) * inverse, 0]
        assert found == [value % Q for value in expected]


def test_rescale__any_coordinates__times_the_factor(layout: Layout) -> None:
    values = samples(Q, COUNT, seed=4)
    target = Buffer.allot(32 * len(values))
    load_kernels(layout).call("rescale", encode(values), len(values), encode_factor(1 << 200), target)
    expected = [value * pow(2, 200 - 256, Q) % Q for value in values]
    assert target.data.tobytes() == encode(expected).data.tobytes()
