"""Poseidon over BN254's scalar field with circomlib's parameters, for 1 to 16 inputs.

Width t = inputs + 1, initial capacity element 0, first element out (sources in `poseidon_parameters`). Three
implementations give the same: `poseidon_reference` is the definition, round by round; `poseidon_plain` has sparse
partial rounds; `poseidon` and its batches run those rounds on the field machine, several rows in its lanes where the
processor has them, or plainly where there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from typing import Final

from zklink.primitives import machine, machine_lanes
from zklink.primitives.field import R
from zklink.primitives.machine import Machine
from zklink.primitives.machine_code import ELEMENT_BYTES
from zklink.primitives.machine_lanes import LanesMachine
from zklink.primitives.poseidon_parameters import (
    FULL_ROUNDS,
    Matrix,
    Vector,
    apply_matrix,
    compute_parameters,
    compute_sparse_parameters,
)
from zklink.primitives.poseidon_program import Permutation

MAX_INPUTS: Final = 16

LANES_FROM: Final = 3
"""So many rows take eight lanes less time than one at a time."""

LANES_AFTER: Final = 16_384
"""Batches of so many rows have taken about as long as it takes to compile the lanes; a process with fewer, as most
commands are, never does, unless it has compiled them for something else.
"""


def poseidon(inputs: Sequence[int]) -> int:
    """Hash 1 to 16 canonical field elements to one; ValueError otherwise."""
    _check_inputs(inputs)
    permutation = _native(len(inputs))
    if permutation is None:
        return poseidon_plain(inputs)
    return int.from_bytes(permutation.hash_rows(encode_elements(inputs), 1), "little")


def poseidon_many(rows: Sequence[Sequence[int]]) -> list[int]:
    """The hash of each row; the rows have one length. ValueError as `poseidon`, and for rows of several lengths."""
    if len({len(row) for row in rows}) > 1:
        raise ValueError("Poseidon hashes rows of one length at a time")
    for row in rows:
        _check_inputs(row)
    if not rows:
        return []
    encoded = b"".join(map(encode_elements, rows))
    return list(decode_elements(poseidon_encoded(len(rows[0]), encoded)))


def poseidon_encoded(count: int, rows: bytes) -> bytes:
    """The hashes of rows of `count` canonical elements; every element is 32 bytes, little-endian, as `encode_elements`.

    The caller must have checked that they are canonical: here nothing notices.
    """
    width = count * ELEMENT_BYTES
    number = len(rows) // width
    permutation = _choose(count, number)
    if permutation is not None:
        return permutation.hash_rows(rows, number)
    parts = (rows[start : start + width] for start in range(0, len(rows), width))
    return encode_elements([poseidon_plain(list(decode_elements(part))) for part in parts])


def encode_elements(elements: Sequence[int]) -> bytes:
    """Elements below 2^256 as 32 little-endian bytes each."""
    return b"".join([element.to_bytes(ELEMENT_BYTES, "little") for element in elements])


def decode_elements(encoded: bytes) -> Iterator[int]:
    """The elements that `encode_elements` was given."""
    for start in range(0, len(encoded), ELEMENT_BYTES):
        yield int.from_bytes(encoded[start : start + ELEMENT_BYTES], "little")


def poseidon_plain(inputs: Sequence[int]) -> int:
    """The same hash with Python's integers and sparse partial rounds."""
    _check_inputs(inputs)
    parameters = compute_sparse_parameters(len(inputs) + 1)
    state = [0, *inputs]
    for constants, matrix in parameters.first_rounds:
        state = _full_round(state, constants, matrix)
    head, tail = state[0], state[1:]
    corner = parameters.corner
    for constant, row, column in parameters.partial_rounds:
        head = _power5(head + constant)
        following = (corner * head + sum(map(mul, row, tail))) % R
        tail = [(element + factor * head) % R for element, factor in zip(tail, column, strict=True)]
        head = following
    state = [head, *tail]
    for constants, matrix in parameters.last_rounds:
        state = _full_round(state, constants, matrix)
    return state[0]


def poseidon_reference(inputs: Sequence[int]) -> int:
    """The same hash, written as the paper defines it; slow."""
    _check_inputs(inputs)
    parameters = compute_parameters(len(inputs) + 1)
    state = [0, *inputs]
    half = FULL_ROUNDS // 2
    last = len(parameters.constants) - half
    for round_index, constants in enumerate(parameters.constants):
        state = [(element + constant) % R for element, constant in zip(state, constants, strict=True)]
        if half <= round_index < last:
            state[0] = pow(state[0], 5, R)
        else:
            state = [pow(element, 5, R) for element in state]
        state = apply_matrix(parameters.mds, state)
    return state[0]


@dataclass(slots=True)
class _Tally:
    """Rows that came in batches so far, in this process."""

    rows: int = 0


_tally: Final = _Tally()


def _choose(count: int, rows: int) -> Permutation | None:
    """What hashes so many rows fastest."""
    if rows >= LANES_FROM:
        _tally.rows += rows
        is_worth_it = _tally.rows >= LANES_AFTER or machine_lanes.is_loaded()
        if is_worth_it and (lanes := _in_lanes(count)) is not None:
            return lanes
    return _native(count)


@cache
def _native(count: int) -> Permutation | None:
    run = machine.load()
    return None if run is None else Permutation(Machine(run, reserved=count), count)


@cache
def _in_lanes(count: int) -> Permutation | None:
    runs = machine_lanes.load()
    return None if runs is None else Permutation(LanesMachine(runs, reserved=count), count)


def _check_inputs(inputs: Sequence[int]) -> None:
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise ValueError(f"Poseidon takes 1 to {MAX_INPUTS} inputs, not {len(inputs)}")
    for element in inputs:
        if not 0 <= element < R:
            raise ValueError("Poseidon takes canonical field elements")


def _full_round(state: Vector, constants: Vector, matrix: Matrix) -> Vector:
    return apply_matrix(matrix, [_power5(a + b) for a, b in zip(state, constants, strict=True)])


def _power5(element: int) -> int:
    square = element * element % R
    return square * square % R * element % R
