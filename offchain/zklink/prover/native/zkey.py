"""Reads a proving key of snarkjs' `.zkey` format (Groth16, BN254) as the kernels want it.

Gives points in the layout's form without the infinite ones, and matrices by rows. Never trusts the file for more than
speed: a wrong key gives proofs that do not verify.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from zklink.primitives.field import Q, R
from zklink.primitives.native.field_code import ELEMENT_BYTES
from zklink.protocol.errors import ProvingKeyInvalid
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.key_header import MAGIC, read_key_header
from zklink.prover.native.kernels import POINT_BYTES, Kernels
from zklink.prover.native.memory import Array, Buffer
from zklink.prover.native.sums import Bases, make_bases
from zklink.prover.sections import find_sections

_HEADER, _COEFFICIENTS, _A, _B1, _B2, _C, _H = 2, 4, 5, 6, 7, 8, 9
_COEFFICIENT: Final = np.dtype([("matrix", "<u4"), ("row", "<u4"), ("wire", "<u4"), ("value", f"V{ELEMENT_BYTES}")])
_FIELDS: Final = struct.pack("<I", ELEMENT_BYTES) + Q.to_bytes(32, "little") + struct.pack("<I", ELEMENT_BYTES)
_PREFIX: Final = _FIELDS + R.to_bytes(32, "little")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Row i has entries starts[i] to starts[i + 1] - 1; values carry two Montgomery factors 2^256."""

    starts: Buffer
    wires: Buffer
    values: Buffer


@dataclass(frozen=True, slots=True)
class ProvingKey:
    """One circuit's key. `domain` is the length of its polynomials."""

    wires: int
    publics: int
    domain: int
    alpha: PointG1
    beta_1: PointG1
    beta: PointG2
    delta_1: PointG1
    delta: PointG2
    matrices: tuple[Matrix, Matrix]
    a: Bases
    b_1: Bases
    b: Bases
    c: Bases
    h: Bases

    @property
    def sums(self) -> tuple[Bases, ...]:
        """What scalars are multiplied with."""
        return self.a, self.b_1, self.b, self.c, self.h

    @property
    def largest(self) -> int:
        """The most points of one sum."""
        return max(bases.count for bases in self.sums)


def read_key(path: Path, kernels: Kernels) -> ProvingKey:
    """Raises ProvingKeyInvalid."""
    try:
        head = read_key_header(path)  # it checks every size
        wires, publics, domain = head.wires, head.publics, head.domain
        sections = _open_sections(path)
        header = sections[_HEADER].tobytes()
        if domain < kernels.layout.lanes:
            raise ProvingKeyInvalid(str(path), "polynomials shorter than the processor's vectors")
        points = header[len(_PREFIX) + 12 :]
        every = np.arange(wires)
        return ProvingKey(
            wires,
            publics,
            domain,
            alpha=_read_g1(points, 0),
            beta_1=_read_g1(points, 1),
            beta=_read_g2(points, 2),
            delta_1=_read_g1(points, 6),
            delta=_read_g2(points, 7),
            matrices=_read_matrices(sections[_COEFFICIENTS], domain, wires),
            a=make_bases(kernels, 1, sections[_A], every),
            b_1=make_bases(kernels, 1, sections[_B1], every),
            b=make_bases(kernels, 2, sections[_B2], every),
            c=make_bases(kernels, 1, sections[_C], every[publics + 1 :]),
            h=make_bases(kernels, 1, sections[_H], order_scalars(domain, kernels.layout.lanes)),
        )
    except OSError as error:
        raise ProvingKeyInvalid(str(path), error.strerror or str(error)) from error
    except (ValueError, IndexError) as error:
        raise ProvingKeyInvalid(str(path), f"not a key ({error!r})") from error


def order_scalars(domain: int, lanes: int) -> Array:
    """Where the kernel `divide` leaves number 0, 1, .. of a polynomial."""
    numbers = np.arange(domain)
    vectors = domain // lanes
    return numbers % vectors * lanes + numbers // vectors


def _open_sections(path: Path) -> dict[int, Array]:
    data = np.memmap(path, np.uint8, "r")
    return {number: data[place : place + size] for number, (place, size) in find_sections(path, MAGIC).items()}


def _read_matrices(section: Array, domain: int, wires: int) -> tuple[Matrix, Matrix]:
    entries = section[4:].view(_COEFFICIENT)
    if int.from_bytes(section[:4].tobytes(), "little") != len(entries):
        raise ValueError("the entries do not fill their section")
    if len(entries) and (int(entries["row"].max()) >= domain or int(entries["wire"].max()) >= wires):
        raise ValueError("an entry lies outside its matrix")

    def read(number: int) -> Matrix:
        own = entries[entries["matrix"] == number]
        own = own[np.argsort(own["row"], kind="stable")]
        starts = np.searchsorted(own["row"], np.arange(domain + 1)).astype("<u4")
        values = np.ascontiguousarray(own["value"]).view(np.uint8)
        return Matrix(Buffer.copy(starts), Buffer.copy(np.ascontiguousarray(own["wire"])), Buffer.copy(values))

    return read(0), read(1)


def _read_coordinates(points: bytes, place: int, count: int) -> list[int]:
    factor = pow(2, -256, Q)
    parts = range(place * POINT_BYTES, place * POINT_BYTES + count * ELEMENT_BYTES, ELEMENT_BYTES)
    return [int.from_bytes(points[first : first + ELEMENT_BYTES], "little") * factor % Q for first in parts]


def _read_g1(points: bytes, place: int) -> PointG1:
    x, y = _read_coordinates(points, place, 2)
    return x, y


def _read_g2(points: bytes, place: int) -> PointG2:
    x0, x1, y0, y1 = _read_coordinates(points, place, 4)
    return (x0, x1), (y0, y1)
