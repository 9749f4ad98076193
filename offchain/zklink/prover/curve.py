"""BN254 group arithmetic for key files: many multiples of the generators, points as bytes, point checks.

Takes scalars and points, gives points and their bytes. Native additions come from the zksnake wheel; the windowed
tables here make its fixed-base multiplication several times faster. Never in constant time: no secret of value passes
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from zksnake._algebra import ec_bn254

from zklink.primitives.field import Q, R
from zklink.prover.panics import panics_as

PointG1 = tuple[int, int]
"""Affine x, y; (0, 0) is the point at infinity."""
PointG2 = tuple[tuple[int, int], tuple[int, int]]
"""Affine x, y over Fq2, each (real, imaginary)."""

Point = TypeVar("Point")

_MONTGOMERY_BITS = 256
_SCALAR_BITS = 254
_SMALL_JOB = 4096
_REPORT_EVERY = 1024
TWIST_B = (
    19485874751759354771024239261021720505790618469301721065564631296452457478373,
    266929791119991161246907387137283842545076965332900288569378510910307636690,
)


def is_on_g1(point: PointG1) -> bool:
    """Canonical coordinates, on the curve, not infinity. (The curve has prime order: no subgroup check is needed.)"""
    x, y = point
    return 0 <= x < Q and 0 <= y < Q and (y * y - x * x * x - 3) % Q == 0


def is_on_g2(point: PointG2) -> bool:
    """Canonical coordinates, on the twist, in the subgroup of order r, not infinity."""
    (x0, x1), (y0, y1) = point
    if not all(0 <= coordinate < Q for coordinate in (x0, x1, y0, y1)) or point == ((0, 0), (0, 0)):
        return False
    square = ((x0 * x0 - x1 * x1) % Q, 2 * x0 * x1 % Q)
    cube = (square[0] * x0 - square[1] * x1, square[0] * x1 + square[1] * x0)
    if (y0 * y0 - y1 * y1 - cube[0] - TWIST_B[0]) % Q or (2 * y0 * y1 - cube[1] - TWIST_B[1]) % Q:
        return False
    try:
        with panics_as(ValueError):  # the wheel panics on a point outside the subgroup
            ec_bn254.PointG2(x0, x1, y0, y1)
    except ValueError:
        return False
    return True


class _FixedBase:
    """Multiples of one point: one addition per window of the scalar."""

    def __init__(self, base: Any, zero: Any, jobs: int) -> None:
        self.width = 8 if jobs < _SMALL_JOB else 12
        self.mask = (1 << self.width) - 1
        self.tables: list[list[Any]] = []
        for _ in range(-(-_SCALAR_BITS // self.width)):
            row = [zero]
            for _ in range(self.mask):
                row.append(row[-1] + base)
            self.tables.append(row)
            base = row[-1] + base

    def multiply(self, scalar: int) -> Any:
        total = self.tables[0][scalar & self.mask]
        for table in self.tables[1:]:
            scalar >>= self.width
            total = total + table[scalar & self.mask]
        return total


class Generators:
    """Multiples of the two generators, prepared for about `jobs` of them."""

    def __init__(self, jobs: int = 0) -> None:
        g1, g2 = ec_bn254.g1(), ec_bn254.g2()
        self._g1 = _FixedBase(g1, g1 + -g1, jobs)
        self._g2 = _FixedBase(g2, g2 + -g2, jobs)

    def g1(self, scalar: int) -> PointG1:
        """scalar * G1; (0, 0) for 0 modulo r."""
        if scalar % R == 0:
            return 0, 0
        point = self._g1.multiply(scalar % R)
        return int(point.x), int(point.y)

    def g2(self, scalar: int) -> PointG2:
        """scalar * G2; all zeros for 0 modulo r."""
        if scalar % R == 0:
            return (0, 0), (0, 0)
        point = self._g2.multiply(scalar % R)
        x, y = point.x, point.y
        return (int(x[0]), int(x[1])), (int(y[0]), int(y[1]))


def encode_g1(point: PointG1) -> bytes:
    """64 bytes: x, y in Montgomery form, little endian, as key files hold them."""
    return b"".join(_encode_coordinate(value) for value in point)


def encode_g2(point: PointG2) -> bytes:
    """128 bytes: x.re, x.im, y.re, y.im in Montgomery form, little endian."""
    return b"".join(_encode_coordinate(value) for pair in point for value in pair)


def _encode_coordinate(value: int) -> bytes:
    return ((value << _MONTGOMERY_BITS) % Q).to_bytes(32, "little")


def encode_multiples(
    multiply: Callable[[int], Point],
    encode: Callable[[Point], bytes],
    scalars: Sequence[int],
    advance: Callable[[int], None],
) -> bytes:
    """The encoded multiples of a generator; `advance` is told how many are done."""
    out = bytearray()
    for start in range(0, len(scalars), _REPORT_EVERY):
        batch = scalars[start : start + _REPORT_EVERY]
        for scalar in batch:
            out += encode(multiply(scalar))
        advance(len(batch))
    return bytes(out)


def invert_all(values: Iterable[int]) -> list[int]:
    """Inverses modulo r of non-zero values, with one inversion (Montgomery's trick)."""
    items = list(values)
    prefix = [1]
    for value in items:
        prefix.append(prefix[-1] * value % R)
    inverse = pow(prefix[-1], -1, R)
    out = [0] * len(items)
    for index in range(len(items) - 1, -1, -1):
        out[index] = prefix[index] * inverse % R
        inverse = inverse * items[index] % R
    return out
