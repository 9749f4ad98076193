"""Digits and sorted lists against Python: nothing of a scalar is lost, every point is in the list of its digit."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest

from tests.prover.native.workbench import encode, samples
from zklink.primitives.field import R
from zklink.primitives.native.layout import Layout
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.memory import Buffer
from zklink.prover.native.sums import WIDTHS, Digits, choose_width, compute_digits, count_windows

KERNELS = load_kernels(Layout.SCALAR)


def read_digits(digits: Digits) -> list[list[int]]:
    """Scalar by scalar."""
    return [list(map(int, row)) for row in digits.data.view("<i2").reshape(digits.windows, digits.count).T]


@pytest.mark.parametrize("width", WIDTHS)
def test_digits__any_scalar__recomposed_and_in_range(width: int) -> None:
    powers = [1 << shift for shift in range(254)]
    scalars = [*samples(R, 400, seed=width), *powers, *(power - 1 for power in powers)]
    half = 1 << width - 1
    rows = read_digits(compute_digits(KERNELS, encode(scalars), width))
    for scalar, row in zip(scalars, rows, strict=True):
        assert all(-half <= digit < half for digit in row)
        assert sum(digit << width * window for window, digit in enumerate(row)) == scalar


def test_choose_width__any_number_of_points__is_a_width_and_grows() -> None:
    widths = [choose_width(1 << bits) for bits in range(24)]
    assert all(width in WIDTHS for width in widths) and widths == sorted(widths)
    assert all(count_windows(width) * width >= 255 for width in WIDTHS)


def test_sort__digits_by_chance__every_point_in_its_list() -> None:
    chance = random.Random(7)
    half, count = 64, 3000
    digits = [chance.choice([0, 0, 1, -1, -half, half - 1, chance.randrange(-half, half)]) for _ in range(count + 50)]
    wires = chance.sample(range(count + 50), count)
    lists = half + 1
    counts, places, entries = Buffer.allot(4 * lists), Buffer.allot(4 * lists), Buffer.allot(4 * count)
    inputs = Buffer.copy(np.array(digits, "<i2")), Buffer.copy(np.array(wires, "<u4"))
    KERNELS.call("sort", *inputs, count, lists, counts, places, entries)
    expected = defaultdict(list)
    for number, wire in enumerate(wires):
        expected[abs(digits[wire])].append(2 * number + (digits[wire] < 0))
    assert counts.view("<u4").tolist() == [len(expected[size]) for size in range(lists)]
    assert entries.view("<u4").tolist() == [entry for size in range(lists) for entry in expected[size]]


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("lists", [9, 17, 33])
def test_spread__some_lists_empty__rows_and_columns_of_the_others(lists: int, width: int) -> None:
    chance = random.Random(lists)
    full = [chance.randrange(3) for _ in range(lists)]
    columns, rows = 1 << width, (lists - 1 >> width) + 1
    sums, entries = Buffer.allot(4 * (rows + columns)), Buffer.allot(8 * lists)
    KERNELS.call("spread", Buffer.copy(np.array(full, "<u4")), lists, width, sums, entries)
    numbers = [number for number in range(lists) if full[number]]
    by_row = [[n for n in numbers if n >> width == row] for row in range(1, rows)]
    by_column = [[n for n in numbers if n % columns == column] for column in range(1, columns)]
    expected = [[], *by_row, [], *by_column]
    assert sums.view("<u4").tolist() == [len(part) for part in expected]
    found = entries.view("<u4").tolist()
    assert found[: sum(map(len, expected))] == [2 * number for part in expected for number in part]
