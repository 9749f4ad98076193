"""Kernels that finish a sum: weighted sums and sums of powers of two, by additions that have no exceptions.

Points are projective here: X : Y : Z with x = X / Z, and Z = 0 at infinity. The formulas are complete on curves with
a = 0 and no point of order 2 (Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves",
2015, algorithm 7), which the groups of order r are.
"""

from __future__ import annotations

from typing import Any, Final

from zklink.primitives.field import Q
from zklink.primitives.native.assembly import WORD, Builder, Value, define, load_index, offset, repeat
from zklink.primitives.native.field_code import ELEMENT_BYTES
from zklink.primitives.native.scalar_code import ScalarField
from zklink.prover.native.coordinates import Coordinate, Coordinates
from zklink.prover.native.pair_code import Y_MODULI

_TRIPLE_B: Final = {1: (9,), 2: (81 * pow(82, -1, Q) % Q, -9 * pow(82, -1, Q) % Q)}
"""Three times the curve's constant: 3 for G1 and 3 / (9 + u) = 3 (9 - u) / 82 for G2."""

_Point = tuple[Coordinate, Coordinate, Coordinate]


class _Projective:
    """Loads and stores points for a builder; canonical coordinates of 32 bytes a part."""

    def __init__(self, builder: Builder, degree: int) -> None:
        self.builder = builder
        self.coordinates = Coordinates(ScalarField(builder, Q), degree)
        self.part_bytes = degree * ELEMENT_BYTES
        self.point_bytes = 3 * self.part_bytes

    def load(self, address: Value, parts: int) -> list[Coordinate]:
        degree = self.coordinates.degree
        packed = self.coordinates.field.gather([address], parts * degree)
        return [self.coordinates.unpack(packed[first : first + degree]) for first in range(0, len(packed), degree)]

    def store(self, address: Value, point: _Point) -> None:
        field = self.coordinates.field
        field.scatter([address], [field.pack(part) for value in point for part in self.coordinates.reduce(value)])

    def clear(self, address: Value) -> None:
        """Infinity."""
        zero, one = self.coordinates.constant(0), self.coordinates.constant(1)
        self.store(address, (zero, one, zero))

    def add(self, first: _Point, second: _Point) -> _Point:
        code = self.coordinates
        (x1, y1, z1), (x2, y2, z2) = first, second
        xx, yy, zz = code.multiply(x1, x2), code.multiply(y1, y2), code.multiply(z1, z2)
        xy = code.sum([code.multiply(code.sum([x1, y1]), code.sum([x2, y2]))], [xx, yy])
        yz = code.sum([code.multiply(code.sum([y1, z1]), code.sum([y2, z2]))], [yy, zz])
        xz = code.sum([code.multiply(code.sum([x1, z1]), code.sum([x2, z2]))], [xx, zz])
        triple_b = code.constant(*_TRIPLE_B[code.degree])
        xx, zz, xz = code.sum([xx, xx, xx]), code.multiply(zz, triple_b), code.multiply(xz, triple_b)
        high, low = code.sum([yy, zz]), code.sum([yy], [zz])
        return (
            code.sum([code.multiply(xy, low)], [code.multiply(yz, xz)]),
            code.sum([code.multiply(low, high), code.multiply(xz, xx)]),
            code.sum([code.multiply(high, yz), code.multiply(xx, xy)]),
        )


def build_finish(module: Any, suffix: str, degree: int) -> None:
    """`weigh(points, count, factor, totals)` and `fold(points, doublings, count, total)`.

    weigh: totals[1] = the sum of i times point i over the affine points i = 1 .. count - 1, whose coordinates times
    `factor` are in the scalar layout's form; totals[0] becomes their sum.

    fold: point by point the total so far is doubled as often as a list of 32-bit numbers says, and the point added.
    """
    add = _define_add(module, suffix, degree)
    with define(module, f"weigh{suffix}", 4) as (builder, (points, count, factor, totals)):
        code = _Projective(builder, degree)
        total = builder.add(totals, WORD(code.point_bytes))
        term = builder.add(total, WORD(code.point_bytes))
        code.clear(totals)
        code.clear(total)
        with repeat(builder, count, start=WORD(1)) as step:
            place = builder.sub(count, step)
            _bring(code, offset(builder, points, place, 2 * code.part_bytes), factor, term)
            builder.call(add, [totals, totals, term])
            builder.call(add, [total, total, totals])
    with define(module, f"fold{suffix}", 4) as (builder, (points, doublings, count, total)):
        code = _Projective(builder, degree)
        code.clear(total)
        with repeat(builder, count) as index:
            with repeat(builder, load_index(builder, doublings, index)):
                builder.call(add, [total, total, total])
            builder.call(add, [total, total, offset(builder, points, index, code.point_bytes)])


def build_rescale(module: Any) -> None:
    """`rescale(source, count, factor, target)`: coordinates times an element, canonical, by the scalar layout."""
    with define(module, "rescale", 4) as (builder, (source, count, factor, target)):
        field = ScalarField(builder, Q)
        by = field.unpack(field.load_packed(factor))
        with repeat(builder, count) as index:
            value = field.unpack(field.load_packed(offset(builder, source, index, ELEMENT_BYTES)))
            product = field.pack(field.reduce(field.multiply(value, by)))
            field.store_packed(offset(builder, target, index, ELEMENT_BYTES), product)


def _define_add(module: Any, suffix: str, degree: int) -> Value:
    """`add(target, first, second)`; the addresses may be the same."""
    with define(module, f"add{suffix}", 3, is_internal=True) as (builder, (target, first, second)):
        builder.function.attributes.add("noinline")
        code = _Projective(builder, degree)
        x1, y1, z1 = code.load(first, 3)
        x2, y2, z2 = code.load(second, 3)
        code.store(target, code.add((x1, y1, z1), (x2, y2, z2)))
        return builder.function


def _bring(code: _Projective, source: Value, factor: Value, target: Value) -> None:
    """An affine point, (0, 0) at infinity, in projective coordinates."""
    coordinates, field = code.coordinates, code.coordinates.field
    by = field.unpack(field.load_packed(factor))
    packed = field.gather([source], 2 * coordinates.degree)
    parts = [field.unpack(part, Y_MODULI * Q) for part in packed]
    x, y = parts[: coordinates.degree], parts[coordinates.degree :]
    halves = packed[: coordinates.degree], packed[coordinates.degree :]
    is_infinite = field.both(*(coordinates.is_zero(half) for half in halves))
    x, y = ([field.multiply(part, by) for part in value] for value in (x, y))
    zero, one = coordinates.constant(0), coordinates.constant(1)
    z = coordinates.select(is_infinite, zero, one)
    code.store(target, (tuple(x), coordinates.select(is_infinite, one, tuple(y)), z))
