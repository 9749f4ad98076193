"""The kernel of every sum of points: many affine additions that share one inversion (Montgomery's trick).

`add_pairs(source, left, right, out, vectors, target, scratch, batch)`: for each pair the points at two entries of
`source`, added, go to place out[i] of `target`. An entry is twice a point's number, plus one for its negative; the
three lists hold 32-bit numbers, `lanes` to a vector. Infinity is (0, 0); equal and opposite points are recognized. So x
has to be canonical; y is any number below three moduli, as sums leave it.

Two passes over at most `batch` vectors: denominators multiplied up, then the additions backwards. `scratch` takes one
element a vector. The way of lambda: (y2 - y1) / (x2 - x1), or 3 x^2 / 2 y where the points are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zklink.primitives.field import Q
from zklink.prover.native.assembly import (
    WIDE,
    WORD,
    Builder,
    Value,
    define,
    load_index,
    offset,
    prefetch,
    repeat,
)
from zklink.prover.native.coordinates import Coordinate, Coordinates
from zklink.prover.native.field_code import Element, FieldCode

LOOSE = 4
"""Moduli that bound what is multiplied on."""
Y_MODULI = 3
"""Moduli that bound y in memory."""
LINE_BYTES = 64
AHEAD = 24
"""Vectors whose points are asked for in advance."""

FieldMaker = Callable[[Builder, int], FieldCode]


def build_add_pairs(module: Any, name: str, degree: int, make_field: FieldMaker) -> None:
    """Add the kernel to a module."""
    with define(module, name, 8) as (builder, arguments):
        source, left, right, out, vectors, target, scratch, batch = arguments
        code = _Additions(builder, Coordinates(make_field(builder, Q), degree), source, (left, right))
        field = code.field
        running = field.place(LOOSE)
        with repeat(builder, builder.udiv(builder.add(vectors, builder.sub(batch, WORD(1))), batch)) as number:
            first = builder.mul(number, batch)
            rest = builder.sub(vectors, first)
            count = builder.select(builder.icmp_unsigned("<", rest, batch), rest, batch)
            field.keep(running, field.constant(1))
            with repeat(builder, count) as step:
                before = field.recall(running)
                field.stash(offset(builder, scratch, step, field.stash_bytes), before)
                index = builder.mul(builder.add(first, step), WORD(field.lanes))
                with builder.if_then(builder.icmp_unsigned("!=", source, target)):
                    code.prefetch(builder.add(index, WORD(AHEAD * field.lanes)))
                _, norm = code.compute_denominator(code.read_pair(index, is_whole=False))
                field.keep(running, field.multiply(before, norm))
            field.keep(running, _invert(field, field.recall(running)))
            with repeat(builder, count) as step:
                place = builder.sub(builder.sub(count, step), WORD(1))
                inverse = field.recall(running)
                product = field.fetch(offset(builder, scratch, place, field.stash_bytes), LOOSE * Q)
                index = builder.mul(builder.add(first, place), WORD(field.lanes))
                pair = code.read_pair(index, is_whole=True)
                denominator, norm = code.compute_denominator(pair)
                field.keep(running, field.multiply(inverse, norm))
                total = code.add(pair, denominator, field.multiply(inverse, product))
                packed = [field.pack(part) for coordinate in total for part in coordinate]
                field.scatter(code.find(target, out, index, shift=0), packed)


def _invert(field: FieldCode, value: Element) -> Element:
    """value^(Q - 2), bit by bit from the top."""
    builder, exponent = field.builder, Q - 2
    place = field.place(LOOSE)
    field.keep(place, value)
    with repeat(builder, WORD(exponent.bit_length() - 1)) as step:
        power = field.recall(place)
        field.keep(place, field.multiply(power, power))
        shift = builder.sub(WORD(exponent.bit_length() - 2), step)
        bit = builder.and_(builder.lshr(WIDE(exponent), builder.zext(shift, WIDE)), WIDE(1))
        with builder.if_then(builder.icmp_unsigned("!=", bit, WIDE(0))):
            field.keep(place, field.multiply(field.recall(place), value))
    return field.recall(place)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two points, packed, with the bits that say which one is negated; and whether a lane may need care."""

    addresses: tuple[list[Value], list[Value]]
    x: tuple[list[Any], list[Any]]
    y: tuple[list[Any], list[Any]] | None
    negated: tuple[Any, Any]
    run: Coordinate
    is_rare: Value


class _Additions:
    """One step of the kernel."""

    def __init__(self, builder: Builder, coordinates: Coordinates, source: Value, lists: tuple[Value, Value]) -> None:
        self.builder = builder
        self.coordinates = coordinates
        self.field = coordinates.field
        self._source = source
        self._lists = lists

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

    def read_pair(self, index: Value, *, is_whole: bool) -> _Pair:
        """The pairs of one vector; y is read with `is_whole`, or where it is needed."""
        coordinates, field = self.coordinates, self.field
        degree = coordinates.degree
        first, second = (self.find(self._source, numbers, index, shift=1) for numbers in self._lists)
        parts = [field.gather(addresses, (2 if is_whole else 1) * degree) for addresses in (first, second)]
        x = parts[0][:degree], parts[1][:degree]
        y = (parts[0][degree:], parts[1][degree:]) if is_whole else None
        negated = field.load_bits(self._lists[0], index), field.load_bits(self._lists[1], index)
        x1, x2 = (coordinates.unpack(part) for part in x)
        run = coordinates.sum([x2], [x1])  # x2 + Q - x1
        is_infinite = (field.is_suspect(value[0], [0]) for value in (x1, x2))
        is_rare = field.either(field.is_suspect(run[0], [Q]), field.either(*is_infinite))
        return _Pair((first, second), x, y, negated, run, field.is_any(is_rare))

    def compute_denominator(self, pair: _Pair) -> tuple[Coordinate, Element]:
        """What lambda is divided by, and its norm; one where no division is needed."""
        coordinates = self.coordinates
        place = coordinates.place(2)
        coordinates.keep(place, pair.run)
        with self.builder.if_then(pair.is_rare, likely=False):
            (y1, _), (is_double, is_plain) = self._look_closely(pair)
            chosen = coordinates.select(is_plain, coordinates.recall(place), coordinates.constant(1))
            coordinates.keep(place, coordinates.select(is_double, coordinates.sum([y1, y1]), chosen))
        denominator = coordinates.recall(place)
        return denominator, coordinates.norm(denominator)

    def _unpack_y(self, packed: list[Any]) -> Coordinate:
        return tuple(self.field.unpack(part, Y_MODULI * Q) for part in packed)

    def _look_closely(self, pair: _Pair) -> tuple[tuple[Coordinate, Coordinate], tuple[Any, Any]]:
        """The signed y, and where points are the same or have different x; all other sums need no division."""
        coordinates, field = self.coordinates, self.field
        degree = coordinates.degree
        packed = pair.y
        if packed is None:
            whole = [field.gather(addresses, 2 * degree)[degree:] for addresses in pair.addresses]
            packed = whole[0], whole[1]
        is_infinite = [self._is_infinite(pair.x[i], packed[i]) for i in range(2)]
        is_finite = field.invert_mask(field.either(*is_infinite))
        signed = zip(pair.negated, packed, strict=True)
        loose = (coordinates.negate_where(bits, self._unpack_y(part)) for bits, part in signed)
        y1, y2 = (coordinates.reduce(coordinates.sum([y])) for y in loose)
        is_same_x = coordinates.is_equal(*pair.x)
        is_same_y = coordinates.is_equal(*([field.pack(part) for part in y] for y in (y1, y2)))
        is_double = field.both(is_finite, field.both(is_same_x, is_same_y))
        is_plain = field.both(is_finite, field.invert_mask(is_same_x))
        return (y1, y2), (is_double, is_plain)

    def _is_infinite(self, x: list[Any], y: list[Any]) -> Any:
        return self.field.both(self.coordinates.is_zero(x), self.coordinates.is_zero(y))

    def add(self, pair: _Pair, denominator: Coordinate, inverse_norm: Element) -> tuple[Coordinate, Coordinate]:
        """The sums, x canonical and y below three moduli."""
        coordinates = self.coordinates
        assert pair.y is not None
        x1, x2 = (coordinates.unpack(part) for part in pair.x)
        signed = zip(pair.negated, pair.y, strict=True)
        y1, y2 = (coordinates.negate_where(bits, self._unpack_y(part)) for bits, part in signed)
        numerator = coordinates.place(6)
        coordinates.keep(numerator, coordinates.sum([y2], [y1]))
        with self.builder.if_then(pair.is_rare, likely=False):
            _, (is_double, _) = self._look_closely(pair)
            square = coordinates.multiply(x1, x1)
            tripled = coordinates.reduce(coordinates.sum([square, square, square]))
            usual = coordinates.recall(numerator)
            coordinates.keep(numerator, coordinates.select(is_double, tripled, usual))
        slope = coordinates.multiply(coordinates.recall(numerator), coordinates.inverse(denominator, inverse_norm))
        x3 = coordinates.reduce(coordinates.multiply(slope, slope, minus=[x1, x2]))
        y3 = coordinates.limit(coordinates.multiply(slope, coordinates.sum([x1], [x3]), minus=[y1]), Y_MODULI)
        return self._correct(pair, (x1, y1), (x2, y2), (x3, y3))

    def _correct(self, pair: _Pair, first: Any, second: Any, total: Any) -> tuple[Coordinate, Coordinate]:
        """Where a point is infinite the sum is the other one; where they are opposite it is infinite."""
        coordinates, field = self.coordinates, self.field
        assert pair.y is not None
        places = coordinates.place(1), coordinates.place(Y_MODULI)
        for place, value in zip(places, total, strict=True):
            coordinates.keep(place, value)
        with self.builder.if_then(pair.is_rare, likely=False):
            _, (is_double, is_plain) = self._look_closely(pair)
            is_infinite = [self._is_infinite(pair.x[i], pair.y[i]) for i in range(2)]
            for i, place in enumerate(places):
                usual = coordinates.recall(place)
                chosen = coordinates.select(field.either(is_double, is_plain), usual, coordinates.constant(0))
                left, right = (coordinates.reduce(coordinates.sum([value[i]])) for value in (first, second))
                chosen = coordinates.select(is_infinite[1], left, chosen)
                coordinates.keep(place, coordinates.select(is_infinite[0], right, chosen))
        return coordinates.recall(places[0]), coordinates.recall(places[1])
