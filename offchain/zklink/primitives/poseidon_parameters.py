"""Poseidon's parameters over BN254's scalar field, as circomlib has them, for states of 2 to 17 elements.

Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof
Systems" (eprint 2019/458). Round constants and the MDS matrix come from the Grain LFSR of its appendix E.

`compute_parameters` gives them as the paper defines the rounds, `compute_sparse_parameters` for the same permutation
with sparse partial rounds: the matrix of a partial round is split into S * D where D leaves the first element alone, so
that D can be moved in front of the round's S-box and merged into the round before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from operator import mul
from typing import Final

from zklink.primitives.field import R

FULL_ROUNDS: Final = 8
PARTIAL_ROUNDS: Final = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""Partial rounds for 1, 2, .. 16 inputs (circomlib's N_ROUNDS_P)."""

FIELD_BITS: Final = 254

Vector = list[int]
Matrix = list[list[int]]


@dataclass(frozen=True, slots=True)
class PoseidonParameters:
    """Round constants (one row of width t per round) and the MDS matrix."""

    constants: Matrix
    mds: Matrix


@dataclass(frozen=True, slots=True)
class SparseParameters:
    """The same permutation with sparse partial rounds.

    Each partial round adds `constant` to the first element, raises it to the fifth power and multiplies by the matrix
    [[corner, row], [column, identity]].
    """

    first_rounds: tuple[tuple[Vector, Matrix], ...]
    partial_rounds: tuple[tuple[int, Vector, Vector], ...]
    corner: int
    last_rounds: tuple[tuple[Vector, Matrix], ...]


@cache
def compute_parameters(width: int) -> PoseidonParameters:
    partial_rounds = PARTIAL_ROUNDS[width - 2]
    bits = _grain_bits(width, partial_rounds)
    numbers = (number for number in _grain_numbers(bits) if number < R)
    constants = [list(islice(numbers, width)) for _ in range(FULL_ROUNDS + partial_rounds)]
    points = list(islice(_grain_numbers(bits), 2 * width))
    mds = [[pow(x + y, -1, R) for y in points[width:]] for x in points[:width]]
    return PoseidonParameters(constants, mds)


@cache
def compute_sparse_parameters(width: int) -> SparseParameters:
    parameters = compute_parameters(width)
    mds = parameters.mds
    half = FULL_ROUNDS // 2
    partial_count = PARTIAL_ROUNDS[width - 2]
    heads, carried = _push_constants_forward(parameters.constants[half : half + partial_count], mds)

    block = [row[1:] for row in mds[1:]]
    inverse = _invert(block)
    top_row, left_column = mds[0][1:], [row[0] for row in mds[1:]]
    rounds: list[tuple[int, Vector, Vector]] = []
    for head in reversed(heads):  # k rounds follow: row = top_row * block^-(k+1), column = block^k * left_column
        top_row = apply_matrix(_transpose(inverse), top_row)
        rounds.append((head, top_row, left_column))
        left_column = apply_matrix(block, left_column)

    before = _multiply(_border(_power(block, partial_count)), mds)
    first = [(constants, mds) for constants in parameters.constants[: half - 1]]
    last = parameters.constants[half + partial_count :]
    merged = [(constant + carry) % R for constant, carry in zip(last[0], carried, strict=True)]
    return SparseParameters(
        first_rounds=(*first, (parameters.constants[half - 1], before)),
        partial_rounds=tuple(reversed(rounds)),
        corner=mds[0][0],
        last_rounds=((merged, mds), *((constants, mds) for constants in last[1:])),
    )


def _push_constants_forward(constants: Matrix, mds: Matrix) -> tuple[Vector, Vector]:
    """Keep only each partial round's first constant; what the others amount to is added after the last one."""
    heads: Vector = []
    carried = [0] * len(mds)
    for row in constants:
        total = [(constant + carry) % R for constant, carry in zip(row, carried, strict=True)]
        heads.append(total[0])
        carried = apply_matrix(mds, [0, *total[1:]])
    return heads, carried


# -- Grain LFSR (paper, appendix E) --------------------------------------------------------------------------------


def _grain_bits(width: int, partial_rounds: int) -> Iterator[int]:
    """The self-shrinking generator: of each pair of bits, the second counts if the first is 1."""
    stream = _lfsr_bits(width, partial_rounds)
    for _ in range(160):
        next(stream)
    while True:
        selected = next(stream)
        bit = next(stream)
        if selected:
            yield bit


def _lfsr_bits(width: int, partial_rounds: int) -> Iterator[int]:
    """b[i+80] = b[i+62] + b[i+51] + b[i+38] + b[i+23] + b[i+13] + b[i]; 18 bits at a time, bit i of `state` is b[i]."""
    fields = (
        (1, 2),
        (0, 4),
        (FIELD_BITS, 12),
        (width, 12),
        (FULL_ROUNDS, 10),
        (partial_rounds, 10),
        ((1 << 30) - 1, 30),
    )
    initial = "".join(f"{value:0{bits}b}" for value, bits in fields)
    state = int(initial[::-1], 2)
    step = 80 - 62
    mask = (1 << step) - 1
    while True:
        fresh = (state >> 62 ^ state >> 51 ^ state >> 38 ^ state >> 23 ^ state >> 13 ^ state) & mask
        state = state >> step | fresh << (80 - step)
        for position in range(step):
            yield fresh >> position & 1


def _grain_numbers(bits: Iterator[int]) -> Iterator[int]:
    while True:
        number = 0
        for bit in islice(bits, FIELD_BITS):
            number = number << 1 | bit
        yield number


# -- small linear algebra over the field ---------------------------------------------------------------------------


def apply_matrix(matrix: Matrix, vector: Vector) -> Vector:
    """The product of a matrix and a column."""
    return [sum(map(mul, row, vector)) % R for row in matrix]


def _transpose(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


def _multiply(left: Matrix, right: Matrix) -> Matrix:
    columns = _transpose(right)
    return [[sum(map(mul, row, column)) % R for column in columns] for row in left]


def _identity(size: int) -> Matrix:
    return [[int(i == j) for j in range(size)] for i in range(size)]


def _border(block: Matrix) -> Matrix:
    """The matrix that leaves the first element alone and applies `block` to the others."""
    return [[1, *[0] * len(block)], *([0, *row] for row in block)]


def _power(matrix: Matrix, exponent: int) -> Matrix:
    result = _identity(len(matrix))
    for bit in f"{exponent:b}":
        result = _multiply(result, result)
        if bit == "1":
            result = _multiply(result, matrix)
    return result


def _invert(matrix: Matrix) -> Matrix:
    """Gauss-Jordan elimination; ValueError if the matrix is singular (an MDS matrix and its minors never are)."""
    size = len(matrix)
    rows = [row + unit for row, unit in zip(matrix, _identity(size), strict=True)]
    for column in range(size):
        pivot = next((i for i in range(column, size) if rows[i][column]), None)
        if pivot is None:
            raise ValueError("the matrix is singular")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = pow(rows[column][column], -1, R)
        rows[column] = [element * scale % R for element in rows[column]]
        for i in range(size):
            factor = rows[i][column]
            if i != column and factor:
                rows[i] = [(a - factor * b) % R for a, b in zip(rows[i], rows[column], strict=True)]
    return [row[size:] for row in rows]
