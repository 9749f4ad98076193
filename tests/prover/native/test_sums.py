"""Sums of scalars times points, and the kernels that finish them, against the group law in plain Python.

The law: for every layout, group, width and number of points the sum is right, whatever scalars and points repeat.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.prover.native import plain
from tests.prover.native.workbench import LAYOUTS, encode, samples
from zklink.primitives.field import Q, R
from zklink.primitives.native.layout import Layout
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.memory import Buffer
from zklink.prover.native.sums import (
    WIDTHS,
    Shape,
    Workspace,
    compute_digits,
    decode_g1,
    decode_g2,
    encode_factor,
    fold_windows,
    make_bases,
)

SIZES = [0, 1, 2, 3, 8, 9, 100, 700]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.value)
def layout(request: pytest.FixtureRequest) -> Layout:
    return Layout(request.param)


def decode(data: bytes, degree: int) -> plain.Point:
    if degree == 2:
        point = decode_g2(data)
        return None if point == ((0, 0), (0, 0)) else point
    x, y = decode_g1(data)
    return None if (x, y) == (0, 0) else ((x, 0), (y, 0))


def compute_sum(layout: Layout, degree: int, points: list[plain.Point], scalars: list[int], width: int) -> plain.Point:
    """Points and scalars as the prover gets them: from a key file, and as a witness."""
    kernels = load_kernels(layout)
    data = np.frombuffer(b"".join(plain.encode_point(point, degree, 256) for point in points), np.uint8)
    bases = make_bases(kernels, degree, data, np.arange(len(points)))
    digits = compute_digits(kernels, encode(scalars), width)
    shape = Shape(bases.count, width, degree)
    workspace = Workspace(kernels, shape)
    windows = [workspace.sum_window(bases, digits, window) for window in range(digits.windows)]
    return decode(fold_windows(kernels, shape, windows), degree)


def cases(size: int) -> tuple[list[int], list[int]]:
    """Discrete logarithms of points, and scalars: by chance, at the edges, and many alike."""
    chance = random.Random(size)
    logarithms = [chance.choice([0, 1, 1, R - 1, 2, R - 2, 3, 4, 5]) for _ in range(size)]
    scalars = [
        chance.choice([0, 1, 1, R - 1, R - 1, 2, chance.randrange(R), chance.randrange(1 << 64)]) for _ in range(size)
    ]
    return logarithms, scalars


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_sum__points_and_scalars_that_repeat__as_the_group_law(layout: Layout, degree: int, size: int) -> None:
    logarithms, scalars = cases(size)
    multiples = {value: plain.scale(plain.GENERATORS[degree], value) for value in set(logarithms)}
    expected = plain.scale(plain.GENERATORS[degree], sum(a * b for a, b in zip(logarithms, scalars, strict=True)))
    assert compute_sum(layout, degree, [multiples[value] for value in logarithms], scalars, 5) == expected


@pytest.mark.parametrize("width", WIDTHS)
def test_sum__each_width__as_the_group_law(layout: Layout, width: int) -> None:
    scalars = samples(R, 60, seed=width)
    points = plain.make_points(1, len(scalars))
    expected = plain.scale(plain.G1, sum((number + 1) * scalar for number, scalar in enumerate(scalars)))
    assert compute_sum(layout, 1, points, scalars, width) == expected


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("scalar", [0, 1, R - 1, 1 << 200])
def test_sum__one_scalar_for_all__one_long_list(layout: Layout, degree: int, scalar: int) -> None:
    points = plain.make_points(degree, 301)
    expected = plain.scale(plain.GENERATORS[degree], scalar * 301 * 302 // 2)
    assert compute_sum(layout, degree, points, [scalar] * 301, 8) == expected


@pytest.mark.parametrize("degree", [1, 2])
def test_sum__points_that_cancel__infinity(layout: Layout, degree: int) -> None:
    points = plain.make_points(degree, 20)
    both = [*points, *(plain.negate(point) for point in points), None, None]
    assert compute_sum(layout, degree, both, [12345] * len(both), 6) is None


@pytest.mark.parametrize("degree", [1, 2])
class TestFinish:
    def test_weigh__some_points_infinite__weighted_sum(self, layout: Layout, degree: int) -> None:
        few = plain.make_points(degree, 6)
        points = [few[3], None, few[0], few[0], None, plain.negate(few[5]), few[1]]
        source = Buffer.copy(b"".join(plain.encode_point(point, degree, layout.radix_bits) for point in points))
        size = 96 * degree
        totals = Buffer.allot(3 * size)
        factor = encode_factor(pow(2, 512 - layout.radix_bits, Q))
        load_kernels(layout).call(f"weigh{degree}", source, len(points), factor, totals)
        data = totals.data.tobytes()
        assert decode(data[:size], degree) == plain.add_all(points[1:])
        assert decode(data[size : 2 * size], degree) == plain.add_all([plain.scale(p, i) for i, p in enumerate(points)])

    def test_fold__doublings_between__horners_rule(self, layout: Layout, degree: int) -> None:
        chance = random.Random(8)
        points = [None, *plain.make_points(degree, 30), None]
        points += [plain.negate(point) for point in points]
        steps = [chance.randrange(4) for _ in points]
        one = [(1 << 256) % Q, *[0] * (degree - 1)]

        def encode_projective(point: plain.Point) -> bytes:
            if point is None:
                return encode([*[0] * degree, *one, *[0] * degree]).data.tobytes()
            return plain.encode_point(point, degree, 256) + encode(one).data.tobytes()

        source = Buffer.copy(b"".join(map(encode_projective, points)))
        total = Buffer.allot(96 * degree)
        doublings = Buffer.copy(np.array(steps, "<u4"))
        load_kernels(layout).call(f"fold{degree}", source, doublings, len(points), total)
        expected: plain.Point = None
        for point, step in zip(points, steps, strict=True):
            expected = plain.add(plain.scale(expected, 1 << step), point)
        assert decode(total.data.tobytes(), degree) == expected
