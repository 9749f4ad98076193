"""Reads circom's `.r1cs` files (iden3 binary format, version 1).

Takes a file, gives the three sparse matrices. Values are kept once, in a table: a circuit has millions of entries and
few distinct coefficients. Never gives a system over another field.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zklink.primitives.field import R
from zklink.protocol.errors import ConstraintSystemInvalid
from zklink.prover.sections import find_sections, read_section

SCALAR_BYTES = 32
_LONGEST_HEADER = 1 << 12
_MAGIC = b"r1cs"
_HEADER, _ROWS = 1, 2
_SHORTEST_ROW = 12
"""Bytes of a constraint whose three combinations are empty."""
_WORD_BYTES = 4
_ENTRY_WORDS = 1 + SCALAR_BYTES // _WORD_BYTES
Indices = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class SparseMatrix:
    """Entry i stands in row `rows[i]`, column `wires[i]` and is `values[value_ids[i]]` of the system's table."""

    rows: Indices
    wires: Indices
    value_ids: Indices


@dataclass(frozen=True, slots=True)
class ConstraintSystem:
    """A x . B x = C x over the scalar field; x = (1, publics, private wires)."""

    wire_count: int
    public_count: int
    constraint_count: int
    values: tuple[int, ...]
    a: SparseMatrix
    b: SparseMatrix
    c: SparseMatrix


class _ValueTable:
    """Numbers the distinct values in the order of their first use."""

    def __init__(self) -> None:
        self.ids: dict[bytes, int] = {}

    def number(self, values: npt.NDArray[np.void]) -> Indices:
        ids = self.ids
        return np.fromiter((ids.setdefault(value, len(ids)) for value in values.tolist()), np.uint32, len(values))


@dataclass(frozen=True, slots=True)
class R1csHeader:
    """The sizes of a constraint system; `publics` counts outputs and public inputs."""

    wires: int
    publics: int
    constraints: int

    @property
    def domain(self) -> int:
        """The length of the polynomials of a key for it: a power of two with room for a row per public signal."""
        return 1 << (self.constraints + self.publics).bit_length()


def read_r1cs_header(path: Path) -> R1csHeader:
    """The sizes only, in no time. Raises ConstraintSystemInvalid, also for a file that is not whole."""
    try:
        places = find_sections(path, _MAGIC)
        sizes = _decode_header(read_section(path, places, _HEADER, _LONGEST_HEADER))
        if sizes.constraints * _SHORTEST_ROW > places.get(_ROWS, (0, 0))[1]:
            raise ValueError(f"{sizes.constraints} constraints do not fit into their section")
        return sizes
    except OSError as error:
        raise ConstraintSystemInvalid(str(path), error.strerror or str(error)) from error
    except (ValueError, struct.error) as error:
        raise ConstraintSystemInvalid(str(path), str(error)) from error


def _decode_header(header: bytes) -> R1csHeader:
    (scalar_bytes,) = struct.unpack_from("<I", header, 0)
    if scalar_bytes != SCALAR_BYTES or int.from_bytes(header[4:36], "little") != R:
        raise ValueError("not over the scalar field of BN254")
    wires, outputs, inputs, _private, _labels, constraints = struct.unpack_from("<IIIIQI", header, 36)
    if outputs + inputs >= wires:
        raise ValueError(f"{outputs + inputs} public signals on {wires} wires")
    return R1csHeader(wires, outputs + inputs, constraints)


def read_r1cs(path: Path) -> ConstraintSystem:
    """Reads a constraint system. Raises ConstraintSystemInvalid."""
    sizes = read_r1cs_header(path)
    try:
        rows = read_section(path, find_sections(path, _MAGIC), _ROWS, path.stat().st_size)
        return _decode_rows(sizes, memoryview(rows))
    except OSError as error:
        raise ConstraintSystemInvalid(str(path), error.strerror or str(error)) from error
    except ValueError as error:
        raise ConstraintSystemInvalid(str(path), str(error)) from error


def _decode_rows(sizes: R1csHeader, body: memoryview) -> ConstraintSystem:
    """Three combinations a constraint: a count, then as many entries of a wire and its value."""
    if len(body) % _WORD_BYTES:
        raise ValueError("the constraints do not fill their section")
    words: Indices = np.frombuffer(body, "<u4").astype(np.uint32, copy=False)
    heads = np.array(_find_heads(sizes.constraints, words.data), np.int64)
    counts = words[heads].astype(np.int64)
    is_entry = np.ones(len(words), bool)
    is_entry[heads] = False
    entries = words[is_entry].reshape(-1, _ENTRY_WORDS)
    if len(entries) and int(entries[:, 0].max()) >= sizes.wires:
        raise ValueError("a constraint names a wire that there is not")
    sides = np.repeat(np.tile(np.arange(3, dtype=np.uint8), sizes.constraints), counts)

    table = _ValueTable()
    matrices = []
    for side in range(3):
        own = entries[sides == side]
        rows = np.repeat(np.arange(sizes.constraints, dtype=np.uint32), counts[side::3])
        values = np.ascontiguousarray(own[:, 1:]).view(f"V{SCALAR_BYTES}").ravel()
        matrices.append(SparseMatrix(rows, np.ascontiguousarray(own[:, 0]), table.number(values)))
    values_known = tuple(int.from_bytes(value, "little") for value in table.ids)
    return ConstraintSystem(sizes.wires, sizes.publics, sizes.constraints, values_known, *matrices)


def _find_heads(constraints: int, words: memoryview) -> list[int]:
    """Where each combination's count stands, in words. Raises ValueError unless they fill the section exactly."""
    heads, place, end = [], 0, len(words)
    for combination in range(3 * constraints):
        if place >= end:
            raise ValueError(f"constraint {combination // 3} goes beyond the end of its section")
        heads.append(place)
        place += 1 + words[place] * _ENTRY_WORDS
    if place > end:
        raise ValueError(f"constraint {constraints - 1} goes beyond the end of its section")
    if place != end:
        raise ValueError("the constraints do not fill their section")
    return heads
