"""Transforms, matrices and the quotient's scalars against sums and interpolation in plain Python."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.prover.native import plain
from tests.prover.native.workbench import LAYOUTS, decode, encode, samples
from zklink.primitives.field import R
from zklink.primitives.native.layout import Layout
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.memory import Array, Buffer
from zklink.prover.native.quotient import Domain, Quotient, reverse_bits
from zklink.prover.native.transform import root_of_unity
from zklink.prover.native.zkey import Matrix, order_scalars

SIZES = [8, 16, 32, 64, 256]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.value)
def layout(request: pytest.FixtureRequest) -> Layout:
    return Layout(request.param)


def place_of(size: int, lanes: int) -> Array:
    """Where number i lies, in elements, if words of a vector were elements: lane i div m of vector i mod m."""
    return order_scalars(size, lanes)


def pack(layout: Layout, values: list[int]) -> Buffer:
    """Numbers as the transforms want them: vector by vector, in a vector word by word."""
    sorted_values = [0] * len(values)
    for number, place in enumerate(place_of(len(values), layout.lanes)):
        sorted_values[place] = values[number]
    words = encode(sorted_values).view("<u8").reshape(-1, layout.lanes, 4)
    return Buffer.copy(np.ascontiguousarray(words.transpose(0, 2, 1)))


def unpack(layout: Layout, buffer: Buffer) -> list[int]:
    """Inverse of `pack`; residues."""
    words = buffer.view("<u8").reshape(-1, 4, layout.lanes).transpose(0, 2, 1)
    numbers = decode(Buffer.copy(np.ascontiguousarray(words)))
    return [numbers[place] % R for place in place_of(len(numbers), layout.lanes)]


@pytest.mark.parametrize("size", SIZES)
def test_move_to_coset__values_on_the_domain__values_of_the_same_polynomial(layout: Layout, size: int) -> None:
    root, offset = root_of_unity(size), root_of_unity(2 * size)
    for values in (samples(R, size, seed=size), [0] * size, [R - 1] * size, [1, *[0] * (size - 1)]):
        buffer = pack(layout, values)
        Domain(load_kernels(layout), size).move_to_coset(buffer)
        coefficients = [value * pow(size, -1, R) for value in plain.transform(values, pow(root, -1, R))]
        shifted = [value * pow(offset, k, R) for k, value in enumerate(coefficients)]
        assert unpack(layout, buffer) == plain.transform(shifted, root)


@pytest.mark.parametrize("size", [8, 64])
def test_analyze__values__spectrum_in_reversed_order(layout: Layout, size: int) -> None:
    kernels, values = load_kernels(layout), samples(R, size, seed=1)
    domain = Domain(kernels, size)
    buffer = pack(layout, values)
    kernels.call("analyze", buffer, domain.vectors, domain.backward.twiddles, domain.backward.bridge)
    expected = plain.transform(values, pow(root_of_unity(size), -1, R))
    found = unpack(layout, buffer)
    lanes, vectors = reverse_bits(layout.lanes), reverse_bits(domain.vectors)
    for lane in range(layout.lanes):
        for vector in range(domain.vectors):
            assert found[lane * domain.vectors + vector] == expected[lanes[lane] + layout.lanes * vectors[vector]]


def test_multiply_and_divide__numbers_at_the_edges__as_integers(layout: Layout) -> None:
    size = 1024
    a, b, c = (samples(R, size, seed=seed) for seed in (1, 2, 3))
    b.reverse()
    domain = Domain(load_kernels(layout), size)
    left, right, rest = (pack(layout, values) for values in (a, b, c))
    out = Buffer.allot(domain.polynomial_bytes)
    domain.multiply(left, right, out)
    inverse = pow(2, -layout.radix_bits, R)
    assert unpack(layout, out) == [x * y * inverse % R for x, y in zip(a, b, strict=True)]
    domain.divide(left, right, rest, out)
    factor = pow(2, layout.radix_bits - 512, R)
    expected = [(x * y * inverse - z) * factor % R for x, y, z in zip(a, b, c, strict=True)]
    found = decode(out)
    assert [found[place] for place in order_scalars(size, layout.lanes)] == expected


def make_matrix(rows: list[list[tuple[int, int]]]) -> Matrix:
    """From rows of (wire, value)."""
    starts = np.cumsum([0, *map(len, rows)]).astype("<u4")
    wires = np.array([wire for row in rows for wire, _ in row], "<u4")
    values = encode((value << 512) % R for row in rows for _, value in row)
    return Matrix(Buffer.copy(starts), Buffer.copy(wires), values)


def make_rows(size: int, wires: int, seed: int) -> list[list[tuple[int, int]]]:
    """Empty, short and long rows; some of the largest values only."""
    chance, values = random.Random(seed), samples(R, 500, seed=seed)
    lengths = [0, 1, 2, 15, 16, 17, 33, 100]
    rows = [
        [(chance.randrange(wires), chance.choice(values)) for _ in range(chance.choice(lengths))] for _ in range(size)
    ]
    rows[1] = [(1, R - 1)] * 64
    return rows


def test_rows__any_length__dot_products(layout: Layout) -> None:
    size = 256
    witness = [1, R - 1, *samples(R, 98, seed=5)]
    rows = make_rows(size, len(witness), seed=6)
    domain = Domain(load_kernels(layout), size)
    out = Buffer.allot(domain.polynomial_bytes)
    for first, last in ((0, 100), (100, size)):
        domain.multiply_rows(make_matrix(rows), encode(witness), first, last, out)
    expected = [sum(value * witness[wire] for wire, value in row) * pow(2, 256, R) % R for row in rows]
    assert unpack(layout, out) == expected


@pytest.mark.parametrize("size", [8, 64])
def test_compute_scalars__a_witness__a_b_less_c_on_the_coset(layout: Layout, size: int) -> None:
    witness = samples(R, 60, seed=9)
    rows = [make_rows(size, len(witness), seed) for seed in (10, 11)]
    domain = Domain(load_kernels(layout), size)
    with ThreadPoolExecutor(2) as pool:
        matrices = make_matrix(rows[0]), make_matrix(rows[1])
        scalars = Quotient(domain, matrices, encode(witness), pool).compute_scalars()
    a, b = ([sum(value * witness[wire] for wire, value in row) % R for row in part] for part in rows)
    root, offset = root_of_unity(size), root_of_unity(2 * size)

    def move(values: list[int]) -> list[int]:
        coefficients = plain.transform(values, pow(root, -1, R))
        return plain.transform([v * pow(offset, k, R) * pow(size, -1, R) for k, v in enumerate(coefficients)], root)

    c = move([x * y % R for x, y in zip(a, b, strict=True)])
    expected = [(x * y - z) % R for x, y, z in zip(move(a), move(b), c, strict=True)]
    found = decode(scalars)
    assert [found[place] for place in order_scalars(size, layout.lanes)] == expected
