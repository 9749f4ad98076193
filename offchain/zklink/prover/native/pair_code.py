"""Code that reads, adds and writes pairs of affine points, one pair a lane; see `additions`.

Takes a layout of Fq and lists of entries; knows nothing of batches and inversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from zklink.primitives.field import Q
from zklink.primitives.native.assembly import WORD, Builder, Value, load_index, offset, prefetch
from zklink.primitives.native.field_code import Element
from zklink.prover.native.coordinates import Coordinate, Coordinates

Y_MODULI: Final = 3
"""Moduli that bound y in memory."""
LINE_BYTES: Final = 64

Sum = tuple[Coordinate, Coordinate]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two points, their y signed and only good for sums; x2 - x1; and whether a lane may be rare."""

    x: tuple[Coordinate, Coordinate]
    y: tuple[Coordinate, Coordinate]
    run: Coordinate
    is_rare: Value


class PairCode:
    """Code for the pairs of one vector."""

    def __init__(self, builder: Builder, coordinates: Coordinates, source: Value, left: Value, right: Value) -> None:
        self.builder = builder
        self.coordinates = coordinates
        self.field = coordinates.field
        self._source = source
        self._lists = left, right

    def find(self, base: Value, numbers: Value, index: Value, *, shift: int) -> list[Value]:
        """The addresses of the points whose numbers (above `shift` bits) begin at an index of a list."""
        builder, size = self.builder, self.coordinates.point_bytes
        lanes = (builder.add(index, WORD(lane)) for lane in range(self.field.lanes))
        entries = (load_index(builder, numbers, lane) for lane in lanes)
        return [offset(builder, base, builder.lshr(entry, WORD(shift)), size) for entry in entries]

    def prefetch(self, index: Value) -> None:
        """Lists are padded, so there is something to read beyond their ends."""
        for numbers in self._lists:
            for address in self.find(self._source, numbers, index, shift=1):
                for line in range(0, self.coordinates.point_bytes, LINE_BYTES):
                    prefetch(self.builder, self.builder.module, self.builder.add(address, WORD(line)))

    def prefetch_target(self, out: Value, index: Value, target: Value) -> None:
        """Where the sums of a vector will go."""
        for address in self.find(target, out, index, shift=0):
            for line in range(0, self.coordinates.point_bytes, LINE_BYTES):
                place = self.builder.add(address, WORD(line))
                prefetch(self.builder, self.builder.module, place, is_write=True)

    def read_pair(self, index: Value, *, is_whole: bool) -> Pair:
        """The pairs of one vector; without `is_whole` there is no y."""
        coordinates, field, degree = self.coordinates, self.field, self.coordinates.degree
        x, y = [], []
        for numbers in self._lists:
            addresses = self.find(self._source, numbers, index, shift=1)
            parts = field.gather(addresses, (2 if is_whole else 1) * degree)
            x.append(coordinates.unpack(parts[:degree]))
            raw = tuple(field.unpack(part, Y_MODULI * Q) for part in parts[degree:])
            y.append(coordinates.negate_where(field.load_bits(numbers, index), raw))
        run = coordinates.sum([x[1]], [x[0]])  # x2 + Q - x1
        is_infinite = (field.is_suspect(value[0], [0]) for value in x)
        is_rare = field.either(field.is_suspect(run[0], [Q]), field.either(*is_infinite))
        return Pair((x[0], x[1]), (y[0], y[1]), run, field.is_any(is_rare))

    def add(
        self, pair: Pair, rise: Coordinate, run: Coordinate, inverse_norm: Element
    ) -> tuple[Coordinate, Coordinate]:
        """The sums, x canonical and y below three moduli, for slopes rise / run."""
        coordinates = self.coordinates
        x1, x2 = pair.x
        slope = coordinates.multiply(rise, coordinates.inverse(run, inverse_norm))
        x3 = coordinates.reduce(coordinates.multiply(slope, slope, minus=[x1, x2]))
        y3 = coordinates.multiply(slope, coordinates.sum([x1], [x3]), minus=[pair.y[0]])
        return x3, coordinates.limit(y3, Y_MODULI)

    def write(self, out: Value, index: Value, target: Value, total: Sum) -> None:
        """Points to their places."""
        packed = [self.field.pack(part) for coordinate in total for part in coordinate]
        self.field.scatter(self.find(target, out, index, shift=0), packed)

    def prepare_rare(self, pair: Pair) -> tuple[Coordinate, Coordinate]:
        """Numerator and denominator of the slope; the denominator is one where no slope is needed."""
        coordinates = self.coordinates
        y1, _ = self._settle(pair.y)
        is_double, is_plain, _ = self._compare(pair)
        square = coordinates.multiply(pair.x[0], pair.x[0])
        tripled = coordinates.reduce(coordinates.sum([square, square, square]))
        rise = coordinates.select(is_double, tripled, coordinates.sum([pair.y[1]], [pair.y[0]]))
        run = coordinates.select(is_plain, pair.run, coordinates.constant(1))
        return rise, coordinates.select(is_double, coordinates.sum([y1, y1]), run)

    def correct(self, pair: Pair, total: Sum) -> Sum:
        """Where a point is infinite the sum is the other one; where they are opposite it is infinite."""
        coordinates = self.coordinates
        is_double, is_plain, is_infinite = self._compare(pair)
        y = self._settle(pair.y)
        out = []
        for usual, (first, second) in zip(total, (pair.x, y), strict=True):
            chosen = coordinates.select(self.field.either(is_double, is_plain), usual, coordinates.constant(0))
            chosen = coordinates.select(is_infinite[1], first, chosen)
            out.append(coordinates.select(is_infinite[0], second, chosen))
        return out[0], out[1]

    def _settle(self, y: tuple[Coordinate, Coordinate]) -> tuple[Coordinate, Coordinate]:
        """Canonical."""
        first, second = (self.coordinates.reduce(self.coordinates.sum([value])) for value in y)
        return first, second

    def _compare(self, pair: Pair) -> tuple[Any, Any, list[Any]]:
        """Where points are the same and finite, where they are finite with different x, and where each is infinite."""
        coordinates, field = self.coordinates, self.field
        x, y = ([[field.pack(part) for part in value] for value in both] for both in (pair.x, self._settle(pair.y)))
        is_infinite = [field.both(coordinates.is_zero(x[i]), coordinates.is_zero(y[i])) for i in range(2)]
        is_finite = field.invert_mask(field.either(*is_infinite))
        is_same_x = coordinates.is_equal(*x)
        is_double = field.both(is_finite, field.both(is_same_x, coordinates.is_equal(*y)))
        return is_double, field.both(is_finite, field.invert_mask(is_same_x)), is_infinite
