"""The kernel of every sum of points: many affine additions that share one inversion (Montgomery's trick).

`add_pairs(source, left, right, out, vectors, target, scratch, batch)`: for each pair the points at two entries of
`source`, added, go to place out[i] of `target`. An entry is twice a point's number, plus one for its negative; the
three lists hold 32-bit numbers, `lanes` to a vector. Infinity is (0, 0); equal and opposite points are recognized. So x
has to be canonical; y is any number below three moduli, as sums leave it.

Two passes over at most `batch` vectors: denominators multiplied up, then the additions backwards. The way of lambda:
(y2 - y1) / (x2 - x1). What that does not serve is rare: points that are the same (3 x^2 / 2 y), opposite or infinite.
A vector with such a lane is left to functions of their own, so that the usual way keeps nothing for them. `scratch`
takes `scratch_bytes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zklink.primitives.field import Q
from zklink.prover.native.assembly import (
    BIT,
    WIDE,
    WORD,
    WORD_BITS,
    Builder,
    Value,
    define,
    load,
    load_index,
    offset,
    prefetch,
    repeat,
    store,
)
from zklink.prover.native.coordinates import Coordinate, Coordinates
from zklink.prover.native.field_code import Element, FieldCode

LOOSE = 4
"""Moduli that bound what is multiplied on."""
Y_MODULI = 3
"""Moduli that bound y in memory."""
LINE_BYTES = 64
AHEAD = 24
WRITE_AHEAD = 3
"""Vectors whose points are asked for in advance."""

_Sum = tuple[Coordinate, Coordinate]
FieldMaker = Callable[[Builder, int], FieldCode]


def scratch_bytes(batch: int, stash_bytes: int) -> int:
    """What the kernel needs for so many vectors to a batch: products, norms, which vectors are rare, one factor."""
    return batch * (2 * stash_bytes + WORD_BITS // 8) + stash_bytes


def build_add_pairs(module: Any, name: str, degree: int, make_field: FieldMaker) -> None:
    """Add the kernel to a module."""
    find_norm, add_rare = _define_rare(module, name, degree, make_field)
    with define(module, name, 8) as (builder, arguments):
        source, left, right, out, vectors, target, scratch, batch = arguments
        code = _Additions(builder, Coordinates(make_field(builder, Q), degree), source, left, right)
        field = code.field
        products, size = scratch, WORD(field.stash_bytes)
        norms = builder.add(products, builder.mul(batch, size))
        flags = builder.add(norms, builder.mul(batch, size))
        factor = builder.add(flags, builder.mul(batch, WORD(WORD_BITS // 8)))
        running = field.place(LOOSE)
        with repeat(builder, builder.udiv(builder.add(vectors, builder.sub(batch, WORD(1))), batch)) as number:
            first = builder.mul(number, batch)
            rest = builder.sub(vectors, first)
            count = builder.select(builder.icmp_unsigned("<", rest, batch), rest, batch)
            field.keep(running, field.constant(1))
            with repeat(builder, count) as step:
                index = builder.mul(builder.add(first, step), WORD(field.lanes))
                with builder.if_then(builder.icmp_unsigned("!=", source, target)):
                    code.prefetch(builder.add(index, WORD(AHEAD * field.lanes)))
                pair = code.read_pair(index, is_whole=False)
                norm = builder.add(norms, builder.mul(step, size))
                field.stash(norm, field.reduce(code.coordinates.norm(pair.run), LOOSE * Q))
                store(builder, flags, builder.zext(pair.is_rare, WORD), step)
                with builder.if_then(pair.is_rare, likely=False):
                    builder.call(find_norm, [source, left, right, index, norm])
                before = field.recall(running)
                field.stash(builder.add(products, builder.mul(step, size)), before)
                field.keep(running, field.multiply(before, field.fetch(norm, LOOSE * Q)))
            field.keep(running, _invert(field, field.recall(running)))
            with repeat(builder, count) as step:
                place = builder.sub(builder.sub(count, step), WORD(1))
                index = builder.mul(builder.add(first, place), WORD(field.lanes))
                inverse = field.recall(running)
                product, norm = (
                    field.fetch(builder.add(base, builder.mul(place, size)), LOOSE * Q) for base in (products, norms)
                )
                is_far = builder.icmp_unsigned(">", place, WORD(WRITE_AHEAD))
                soon = builder.select(is_far, builder.sub(place, WORD(WRITE_AHEAD)), WORD(0))
                code.prefetch_target(out, builder.mul(builder.add(first, soon), WORD(field.lanes)), target)
                own = field.multiply(inverse, product)
                field.keep(running, field.multiply(inverse, norm))
                is_rare = builder.trunc(load(builder, flags, WORD, place), BIT)
                with builder.if_else(is_rare, likely=False) as (rare, usual):
                    with rare:
                        field.stash(factor, field.reduce(own, LOOSE * Q))
                        builder.call(add_rare, [source, left, right, out, index, target, factor])
                    with usual:
                        pair = code.read_pair(index, is_whole=True)
                        rise = code.coordinates.sum([pair.y[1]], [pair.y[0]])
                        code.write(out, index, target, code.add(pair, rise, pair.run, own))


def _define_rare(module: Any, name: str, degree: int, make_field: FieldMaker) -> tuple[Value, Value]:
    """For vectors with a rare lane: `(source, left, right, index, norm)` and `(.., out, index, target, factor)`."""
    with define(module, f"{name}_norm", 5, is_internal=True) as (builder, (source, left, right, index, norm)):
        builder.function.attributes.add("noinline")
        code = _Additions(builder, Coordinates(make_field(builder, Q), degree), source, left, right)
        _, denominator = code.prepare_rare(code.read_pair(index, is_whole=True))
        code.field.stash(norm, code.field.reduce(code.coordinates.norm(denominator), LOOSE * Q))
        find_norm = builder.function
    with define(module, f"{name}_rare", 7, is_internal=True) as (builder, arguments):
        source, left, right, out, index, target, factor = arguments
        builder.function.attributes.add("noinline")
        code = _Additions(builder, Coordinates(make_field(builder, Q), degree), source, left, right)
        pair = code.read_pair(index, is_whole=True)
        numerator, denominator = code.prepare_rare(pair)
        total = code.add(pair, numerator, denominator, code.field.fetch(factor, LOOSE * Q))
        code.write(out, index, target, code.correct(pair, total))
        return find_norm, builder.function


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
    """Two points, their y signed and only good for sums; x2 - x1; and whether a lane may be rare."""

    x: tuple[Coordinate, Coordinate]
    y: tuple[Coordinate, Coordinate]
    run: Coordinate
    is_rare: Value


class _Additions:
    """One step of the kernel."""

    def __init__(self, builder: Builder, coordinates: Coordinates, source: Value, left: Value, right: Value) -> None:
        self.builder = builder
        self.coordinates = coordinates
        self.field = coordinates.field
        self._source = source
        self._lists = left, right

    def _find(self, base: Value, numbers: Value, index: Value, *, shift: int) -> list[Value]:
        """The addresses of the points whose numbers (above `shift` bits) begin at an index of a list."""
        builder, size = self.builder, self.coordinates.point_bytes
        lanes = (builder.add(index, WORD(lane)) for lane in range(self.field.lanes))
        entries = (load_index(builder, numbers, lane) for lane in lanes)
        return [offset(builder, base, builder.lshr(entry, WORD(shift)), size) for entry in entries]

    def prefetch(self, index: Value) -> None:
        """Lists are padded, so there is something to read beyond their ends."""
        for numbers in self._lists:
            for address in self._find(self._source, numbers, index, shift=1):
                for line in range(0, self.coordinates.point_bytes, LINE_BYTES):
                    prefetch(self.builder, self.builder.module, self.builder.add(address, WORD(line)))

    def prefetch_target(self, out: Value, index: Value, target: Value) -> None:
        """Where the sums of a vector will go."""
        for address in self._find(target, out, index, shift=0):
            for line in range(0, self.coordinates.point_bytes, LINE_BYTES):
                place = self.builder.add(address, WORD(line))
                prefetch(self.builder, self.builder.module, place, is_write=True)

    def read_pair(self, index: Value, *, is_whole: bool) -> _Pair:
        """The pairs of one vector; without `is_whole` there is no y."""
        coordinates, field, degree = self.coordinates, self.field, self.coordinates.degree
        x, y = [], []
        for numbers in self._lists:
            addresses = self._find(self._source, numbers, index, shift=1)
            parts = field.gather(addresses, (2 if is_whole else 1) * degree)
            x.append(coordinates.unpack(parts[:degree]))
            raw = tuple(field.unpack(part, Y_MODULI * Q) for part in parts[degree:])
            y.append(coordinates.negate_where(field.load_bits(numbers, index), raw))
        run = coordinates.sum([x[1]], [x[0]])  # x2 + Q - x1
        is_infinite = (field.is_suspect(value[0], [0]) for value in x)
        is_rare = field.either(field.is_suspect(run[0], [Q]), field.either(*is_infinite))
        return _Pair((x[0], x[1]), (y[0], y[1]), run, field.is_any(is_rare))

    def add(
        self, pair: _Pair, rise: Coordinate, run: Coordinate, inverse_norm: Element
    ) -> tuple[Coordinate, Coordinate]:
        """The sums, x canonical and y below three moduli, for slopes rise / run."""
        coordinates = self.coordinates
        x1, x2 = pair.x
        slope = coordinates.multiply(rise, coordinates.inverse(run, inverse_norm))
        x3 = coordinates.reduce(coordinates.multiply(slope, slope, minus=[x1, x2]))
        y3 = coordinates.multiply(slope, coordinates.sum([x1], [x3]), minus=[pair.y[0]])
        return x3, coordinates.limit(y3, Y_MODULI)

    def write(self, out: Value, index: Value, target: Value, total: _Sum) -> None:
        """Points to their places."""
        packed = [self.field.pack(part) for coordinate in total for part in coordinate]
        self.field.scatter(self._find(target, out, index, shift=0), packed)

    def prepare_rare(self, pair: _Pair) -> tuple[Coordinate, Coordinate]:
        """Numerator and denominator of the slope; the denominator is one where no slope is needed."""
        coordinates = self.coordinates
        y1, _ = self._settle(pair.y)
        is_double, is_plain, _ = self._compare(pair)
        square = coordinates.multiply(pair.x[0], pair.x[0])
        tripled = coordinates.reduce(coordinates.sum([square, square, square]))
        rise = coordinates.select(is_double, tripled, coordinates.sum([pair.y[1]], [pair.y[0]]))
        run = coordinates.select(is_plain, pair.run, coordinates.constant(1))
        return rise, coordinates.select(is_double, coordinates.sum([y1, y1]), run)

    def correct(self, pair: _Pair, total: _Sum) -> _Sum:
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

    def _compare(self, pair: _Pair) -> tuple[Any, Any, list[Any]]:
        """Where points are the same and finite, where they are finite with different x, and where each is infinite."""
        coordinates, field = self.coordinates, self.field
        x, y = ([[field.pack(part) for part in value] for value in both] for both in (pair.x, self._settle(pair.y)))
        is_infinite = [field.both(coordinates.is_zero(x[i]), coordinates.is_zero(y[i])) for i in range(2)]
        is_finite = field.invert_mask(field.either(*is_infinite))
        is_same_x = coordinates.is_equal(*x)
        is_double = field.both(is_finite, field.both(is_same_x, coordinates.is_equal(*y)))
        return is_double, field.both(is_finite, field.invert_mask(is_same_x)), is_infinite
