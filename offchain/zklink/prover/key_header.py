"""The head of a proving key (snarkjs' `.zkey`, Groth16 on BN254): its sizes and its verification key.

Takes a file, gives what its first sections say, after checking that the file is whole. Never reads the points that
proofs are made with: reading a head takes milliseconds, whatever the circuit.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.primitives.field import Q, R
from zklink.protocol.errors import ProvingKeyInvalid
from zklink.prover.curve import PointG1, PointG2

_COORDINATE_BYTES: Final = 32
_G1_BYTES, _G2_BYTES = 2 * _COORDINATE_BYTES, 4 * _COORDINATE_BYTES
_GROTH16: Final = 1
_PROTOCOL, _HEADER, _IC, _COEFFICIENTS = 1, 2, 3, 4
_FIELDS: Final = struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack("<I", 32) + R.to_bytes(32, "little")
_MOST_SECTIONS: Final = 32
_LONGEST_SECTION: Final = 1 << 24
"""Bytes of a section that is read here; a key's first sections are far shorter."""


@dataclass(frozen=True, slots=True)
class KeyHeader:
    """`publics` are the circuit's public signals, `domain` is the length of its polynomials; the points are those of
    the verification key.
    """

    wires: int
    publics: int
    domain: int
    alpha: PointG1
    beta: PointG2
    gamma: PointG2
    delta: PointG2
    ic: tuple[PointG1, ...]


@dataclass(frozen=True, slots=True)
class _Sections:
    """The places and sizes of a file's sections, by number."""

    path: Path
    places: dict[int, tuple[int, int]]

    def read(self, number: int) -> bytes:
        place, size = self.places[number]
        if size > _LONGEST_SECTION:
            raise ValueError(f"section {number} has {size} bytes")
        with self.path.open("rb") as file:
            file.seek(place)
            return file.read(size)


def read_key_header(path: Path) -> KeyHeader:
    """Raises ProvingKeyInvalid, also for a file that is not whole."""
    try:
        sections = _find_sections(path)
        header = sections.read(_HEADER)
        if sections.read(_PROTOCOL) != struct.pack("<I", _GROTH16) or not header.startswith(_FIELDS):
            raise ProvingKeyInvalid(str(path), "another protocol or curve")
        wires, publics, domain = struct.unpack_from("<III", header, len(_FIELDS))
        if domain & (domain - 1) or not 0 < publics < wires:
            raise ProvingKeyInvalid(str(path), "sizes that no circuit has")
        _check_sizes(path, sections, wires, publics, domain)
        points = header[len(_FIELDS) + 12 :]
        ic = sections.read(_IC)
        return KeyHeader(
            wires,
            publics,
            domain,
            alpha=_read_g1(points, 0),
            beta=_read_g2(points, 2 * _G1_BYTES),
            gamma=_read_g2(points, 2 * _G1_BYTES + _G2_BYTES),
            delta=_read_g2(points, 3 * _G1_BYTES + 2 * _G2_BYTES),
            ic=tuple(_read_g1(ic, place) for place in range(0, len(ic), _G1_BYTES)),
        )
    except OSError as error:
        raise ProvingKeyInvalid(str(path), error.strerror or str(error)) from error
    except (KeyError, ValueError, struct.error) as error:
        raise ProvingKeyInvalid(str(path), f"not a key ({error!r})") from error


def _find_sections(path: Path) -> _Sections:
    places: dict[int, tuple[int, int]] = {}
    length = os.stat(path).st_size
    with path.open("rb") as file:
        magic, _, count = struct.unpack("<4sII", file.read(12))
        if magic != b"zkey" or count > _MOST_SECTIONS:
            raise ProvingKeyInvalid(str(path), "no zkey file")
        place = 12
        for _ in range(count):
            file.seek(place)
            number, size = struct.unpack("<IQ", file.read(12))
            places[number] = place + 12, size
            place += 12 + size
            if place > length:
                raise ProvingKeyInvalid(str(path), f"cut off: section {number} ends at byte {place} of {length}")
    if place != length:
        raise ProvingKeyInvalid(str(path), f"its sections end at byte {place}, the file at {length}")
    return _Sections(path, places)


def _check_sizes(path: Path, sections: _Sections, wires: int, publics: int, domain: int) -> None:
    """The sections of points, 3 and 5 to 9, are as long as the header says."""
    expected: Sequence[tuple[int, int]] = (
        (_IC, (publics + 1) * _G1_BYTES),
        (5, wires * _G1_BYTES),
        (6, wires * _G1_BYTES),
        (7, wires * _G2_BYTES),
        (8, (wires - publics - 1) * _G1_BYTES),
        (9, domain * _G1_BYTES),
    )
    for number, size in expected:
        if sections.places[number][1] != size:
            raise ProvingKeyInvalid(str(path), f"section {number} has {sections.places[number][1]} bytes, not {size}")
    if sections.places[_COEFFICIENTS][1] < 4:
        raise ProvingKeyInvalid(str(path), "it has no coefficients")


def _read_coordinates(data: bytes, place: int, count: int) -> list[int]:
    """Out of Montgomery form."""
    factor = pow(2, -256, Q)
    parts = range(place, place + count * _COORDINATE_BYTES, _COORDINATE_BYTES)
    return [int.from_bytes(data[first : first + _COORDINATE_BYTES], "little") * factor % Q for first in parts]


def _read_g1(data: bytes, place: int) -> PointG1:
    x, y = _read_coordinates(data, place, 2)
    return x, y


def _read_g2(data: bytes, place: int) -> PointG2:
    x0, x1, y0, y1 = _read_coordinates(data, place, 4)
    return (x0, x1), (y0, y1)
