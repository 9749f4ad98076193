"""The head of a proving key (snarkjs' `.zkey`, Groth16 on BN254): its sizes and its verification key.

Takes a file, gives what its first sections say, after checking that the file is whole. Never reads the points that
proofs are made with: reading a head takes milliseconds, whatever the circuit.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.primitives.field import Q, R
from zklink.protocol.errors import ProvingKeyInvalid
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.sections import Places, find_sections, read_section

_COORDINATE_BYTES: Final = 32
_G1_BYTES, _G2_BYTES = 2 * _COORDINATE_BYTES, 4 * _COORDINATE_BYTES
MAGIC: Final = b"zkey"
_GROTH16: Final = 1
_PROTOCOL, _HEADER, _IC, _COEFFICIENTS = 1, 2, 3, 4
_FIELDS: Final = struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack("<I", 32) + R.to_bytes(32, "little")
_POINTS_BYTES: Final = 3 * _G1_BYTES + 3 * _G2_BYTES
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


def read_key_header(path: Path) -> KeyHeader:
    """Raises ProvingKeyInvalid, also for a file that is not whole."""
    try:
        places = find_sections(path, MAGIC)
        protocol, header = (read_section(path, places, number, _LONGEST_SECTION) for number in (_PROTOCOL, _HEADER))
        if protocol != struct.pack("<I", _GROTH16) or not header.startswith(_FIELDS):
            raise ValueError("another protocol or curve")
        wires, publics, domain = struct.unpack_from("<III", header, len(_FIELDS))
        points = header[len(_FIELDS) + 12 :]
        if domain == 0 or domain & (domain - 1) or not 0 < publics < wires or len(points) != _POINTS_BYTES:
            raise ValueError("sizes that no circuit has")
        _check_sizes(places, wires, publics, domain)
        ic = read_section(path, places, _IC, _LONGEST_SECTION)
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
    except (ValueError, struct.error) as error:
        raise ProvingKeyInvalid(str(path), str(error)) from error


def _check_sizes(places: Places, wires: int, publics: int, domain: int) -> None:
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
        found = places.get(number, (0, 0))[1]
        if found != size:
            raise ValueError(f"section {number} has {found} bytes, not {size}")
    found = places.get(_COEFFICIENTS, (0, 0))[1]
    if found < 4:
        raise ValueError("it has no coefficients")


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
