"""Batches of affine additions against the group law, with every kind of pair in every lane.

The law: infinity, equal, opposite and unrelated points, each with either sign, add up as in plain Python, canonical.
"""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

from tests.prover.native import plain
from tests.prover.native.workbench import LAYOUTS
from zklink.primitives.native.layout import Layout
from zklink.prover.native.additions import scratch_bytes
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.lists import PADDING
from zklink.prover.native.memory import Buffer

POINTS = 40
SLACK = 256


def add_pairs(
    layout: Layout, degree: int, points: list[plain.Point], pairs: list[tuple[int, int]], batch: int
) -> list[plain.Point]:
    """The sums of pairs of entries by the kernel."""
    kernels = load_kernels(layout)
    source = Buffer.copy(b"".join(plain.encode_point(point, degree, layout.radix_bits) for point in points))
    padded = [*pairs, *[pairs[-1]] * (-len(pairs) % PADDING + SLACK)]
    lists = [np.array([pair[side] for pair in padded], "<u4") for side in range(2)]
    numbers = np.arange(len(padded), dtype="<u4")
    left, right, out = (Buffer.copy(values) for values in (*lists, numbers))
    size = 64 * degree
    target, scratch = Buffer.allot(size * len(padded)), Buffer.allot(scratch_bytes(batch, 320))
    vectors = -(-len(pairs) // layout.lanes)
    kernels.call(f"add_pairs{degree}", source, left, right, out, vectors, target, scratch, batch)
    data = target.data.tobytes()
    return [
        plain.decode_point(data[place * size : (place + 1) * size], degree, layout.radix_bits)
        for place in range(len(pairs))
    ]


def expect(points: list[plain.Point], pair: tuple[int, int]) -> plain.Point:
    first, second = (plain.negate(points[entry >> 1]) if entry & 1 else points[entry >> 1] for entry in pair)
    return plain.add(first, second)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.value)
@pytest.mark.parametrize("degree", [1, 2])
class TestAddPairs:
    def test_add_pairs__all_kinds_mixed__as_the_group_law(self, layout: Layout, degree: int) -> None:
        """Few points, so that equal and opposite ones meet all the time, through copies under other numbers too."""
        few = plain.make_points(degree, 4)
        points = [None, *few, *(plain.negate(point) for point in few), None, few[0]]
        entries = range(2 * len(points))
        pairs = list(product(entries, entries))
        random.Random(5).shuffle(pairs)
        found = add_pairs(layout, degree, points, pairs, batch=7)
        assert found == [expect(points, pair) for pair in pairs]

    def test_add_pairs__unrelated_points__as_the_group_law(self, layout: Layout, degree: int) -> None:
        chance = random.Random(6)
        points = plain.make_points(degree, POINTS)
        pairs = [(chance.randrange(2 * POINTS), chance.randrange(2 * POINTS)) for _ in range(1200)]
        assert add_pairs(layout, degree, points, pairs, batch=512) == [expect(points, pair) for pair in pairs]

    @pytest.mark.parametrize("count", [1, 2, 7, 8, 9])
    def test_add_pairs__few__as_the_group_law(self, layout: Layout, degree: int, count: int) -> None:
        points = plain.make_points(degree, count + 1)
        pairs = [(2 * number, 2 * number + 3) for number in range(count)]
        assert add_pairs(layout, degree, points, pairs, batch=1) == [expect(points, pair) for pair in pairs]
