"""Multi-scalar multiplication: the sum of scalars times fixed points of G1 or G2, window by window (Pippenger, 1976).

Takes points in the kernels' form and digits of the scalars. In a window the points are sorted by digit and each list is
added up; then the sums, weighted with their digits, come to one point by rows and columns. A window is one piece of
work for one thread, with a workspace that bounds its memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from zklink.primitives.field import Q
from zklink.primitives.native.field_code import ELEMENT_BYTES
from zklink.primitives.native.vectors import WIDTH
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.native.additions import AHEAD, scratch_bytes
from zklink.prover.native.kernels import POINT_BYTES, Kernels
from zklink.prover.native.lists import PADDING, STATE_WORDS
from zklink.prover.native.memory import Array, Buffer

WIDTHS: Final = range(3, 17)
SCALAR_BITS: Final = 254
BATCH: Final = 512
"""Vectors of G1 that share an inversion, twice as many as of G2: their points stay in the processor's second cache."""
_ROUND_COST: Final = 4000
"""What a window costs beside its additions, in additions."""
_STASH_BYTES: Final = 320
"""The most that a vector takes in the scratch."""
_INDEX_BYTES: Final = 4
_SCALAR_RADIX: Final = 1 << 256


@dataclass(frozen=True, slots=True)
class Bases:
    """Fixed points, none of them infinite; point i is multiplied by scalar `wires[i]`."""

    points: Buffer
    wires: Buffer
    degree: int

    @property
    def count(self) -> int:
        return len(self.wires.data) // _INDEX_BYTES


def encode_factor(value: int) -> Buffer:
    """A number as a kernel's argument."""
    return Buffer.copy(value.to_bytes(ELEMENT_BYTES, "little"))


def make_bases(kernels: Kernels, degree: int, points: Array, wires: Array) -> Bases:
    """Points as key files hold them (Montgomery's form with 2^256, infinity all zeros), without the infinite ones."""
    rows = np.ascontiguousarray(points).view("<u8").reshape(len(wires), degree * POINT_BYTES // 8)
    is_finite = rows.any(axis=1)
    kept = Buffer.copy(np.ascontiguousarray(rows[is_finite]))
    if kernels.layout.radix_bits != _SCALAR_RADIX.bit_length() - 1:
        factor = encode_factor((1 << kernels.layout.radix_bits) % Q)
        kernels.call("rescale", kept, len(kept.data) // ELEMENT_BYTES, factor, kept)
    return Bases(kept, Buffer.copy(wires[is_finite].astype("<u4")), degree)


def choose_width(count: int) -> int:
    """The width of a window that takes the fewest additions for so many points."""

    def cost(width: int) -> int:
        return count_windows(width) * (count + (2 << width - 1) + _ROUND_COST)

    return min(WIDTHS, key=cost)


def count_windows(width: int) -> int:
    """Signed digits take one bit more than the scalar."""
    return -(-(SCALAR_BITS + 1) // width)


@dataclass(frozen=True, slots=True)
class Digits:
    """Signed digits of many scalars, window by window."""

    data: Buffer
    count: int
    width: int

    @property
    def windows(self) -> int:
        return count_windows(self.width)

    def find_window(self, window: int) -> int:
        """The address of its digits."""
        return self.data.address + 2 * self.count * window


def compute_digits(kernels: Kernels, scalars: Buffer, width: int) -> Digits:
    """Recode canonical scalars of 32 bytes."""
    count = len(scalars.data) // ELEMENT_BYTES
    digits = Digits(Buffer.allot(2 * count * count_windows(width)), count, width)
    kernels.call("digits", scalars, count, width, digits.windows, digits.data)
    return digits


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a window's work."""

    points: int
    width: int
    degree: int

    @property
    def lists(self) -> int:
        """One for each size of a digit, 0 included."""
        return (1 << self.width - 1) + 1

    @property
    def column_bits(self) -> int:
        return self.width // 2

    @property
    def columns(self) -> int:
        return 1 << self.column_bits

    @property
    def rows(self) -> int:
        return (self.lists - 1 >> self.column_bits) + 1

    @property
    def largest(self) -> int:
        """The most points that one pass takes: all of them, or twice all sums."""
        return max(self.points, 2 * self.lists)


class Workspace:
    """What one thread needs to add up a window; `target` holds sums of lists, of rows and columns, and two rounds."""

    def __init__(self, kernels: Kernels, shape: Shape) -> None:
        self._kernels = kernels
        self._shape = shape
        lists, largest = shape.lists + shape.rows + shape.columns, shape.largest
        self._counts, self._places, self._ids, self._sizes, self._sums = (self._numbers(lists) for _ in range(5))
        self._entries = self._numbers(largest)
        lanes = kernels.layout.lanes
        self._capacity = largest // 2 + PADDING + (AHEAD + 1) * lanes
        self._pairs = self._numbers(3 * self._capacity)
        self._state = Buffer.allot(8 * (STATE_WORDS + lists))
        first, second = largest // 2 + lists + 1, largest // 4 + lists + 1
        self._rounds = lists, lists + first
        self.point_bytes = POINT_BYTES * shape.degree
        self._target = Buffer.allot(self.point_bytes * (lists + first + second))
        self._batch = BATCH // shape.degree * (WIDTH // lanes)
        self._scratch = Buffer.allot(scratch_bytes(self._batch, _STASH_BYTES))
        self._totals = Buffer.allot(3 * self.projective_bytes)

    @staticmethod
    def _numbers(count: int) -> Buffer:
        return Buffer.allot(_INDEX_BYTES * count)

    @property
    def projective_bytes(self) -> int:
        """X, Y, Z."""
        return self.point_bytes // 2 * 3

    @cached_property
    def _factor(self) -> Buffer:
        """From the layout's form to the scalar layout's, by a product that divides by 2^256."""
        return encode_factor(pow(2, 512 - self._kernels.layout.radix_bits, Q))

    def sum_window(self, bases: Bases, digits: Digits, window: int) -> bytes:
        """Two projective points: the sum is 2^column_bits times the first one plus the second one."""
        shape, call = self._shape, self._kernels.call
        self._target.data[: self.point_bytes * self._rounds[0]] = 0
        row = digits.find_window(window)
        call("sort", row, bases.wires, bases.count, shape.lists, self._counts, self._places, self._entries)
        self._add_up(bases.points, self._counts, shape.lists, first_list=1, results=0)
        call("spread", self._counts, shape.lists, shape.column_bits, self._sums, self._entries)
        lists = shape.rows + shape.columns
        self._add_up(self._target, self._sums, lists, first_list=0, results=shape.lists)
        row_sums = self._target.address + self.point_bytes * shape.lists
        column_sums = row_sums + self.point_bytes * shape.rows
        return self._weigh(row_sums, shape.rows) + self._weigh(column_sums, shape.columns)

    def _add_up(self, source: Buffer, counts: Buffer, lists: int, *, first_list: int, results: int) -> None:
        """Add up the lists of `_entries`; their sums go to `results` and so on, those of empty lists stay infinite."""
        room = (
            self._state,
            self._ids,
            self._sizes,
            self._pairs,
            self._capacity,
            *self._rounds,
            self._scratch,
            self._batch,
        )
        name = f"add_lists{self._shape.degree}"
        self._call(name, self._entries, counts, lists, first_list, source, self._target, results, *room)

    def _call(self, name: str, *arguments: int | Buffer) -> int:
        return self._kernels.call(name, *arguments)

    def _weigh(self, points: int, count: int) -> bytes:
        self._call(f"weigh{self._shape.degree}", points, count, self._factor, self._totals)
        return self._totals.data[self.projective_bytes : 2 * self.projective_bytes].tobytes()


def fold_windows(kernels: Kernels, shape: Shape, windows: list[bytes]) -> bytes:
    """The whole sum, projective, from what `sum_window` gave for windows 0, 1, .."""
    points = Buffer.copy(b"".join(reversed(windows)))
    steps = [shape.width - shape.column_bits, shape.column_bits] * len(windows)
    doublings = Buffer.copy(np.array(steps, "<u4"))
    total = Buffer.allot(len(windows[0]) // 2)
    kernels.call(f"fold{shape.degree}", points, doublings, len(steps), total)
    return total.data.tobytes()


def decode_g1(data: bytes) -> PointG1:
    """Affine, (0, 0) at infinity, from a projective point in the scalar layout's form."""
    x, y, z = _decode(data)
    inverse = pow(z, -1, Q) if z else 0
    return x * inverse % Q, y * inverse % Q


def decode_g2(data: bytes) -> PointG2:
    """The same for G2."""
    x0, x1, y0, y1, z0, z1 = _decode(data)
    norm = (z0 * z0 + z1 * z1) % Q
    inverse = pow(norm, -1, Q) if norm else 0
    i0, i1 = z0 * inverse % Q, -z1 * inverse % Q

    def divide(a: int, b: int) -> tuple[int, int]:
        return (a * i0 - b * i1) % Q, (a * i1 + b * i0) % Q

    return divide(x0, x1), divide(y0, y1)


def _decode(data: bytes) -> list[int]:
    """Numbers in Montgomery's form with a common factor, which quotients do not see."""
    starts = range(0, len(data), ELEMENT_BYTES)
    return [int.from_bytes(data[start : start + ELEMENT_BYTES], "little") for start in starts]
