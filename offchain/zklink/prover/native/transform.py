"""Kernels of polynomials over the scalar field: number-theoretic transforms and products, point by point.

With L lanes a polynomial of n = L m numbers lies in m vectors: number i is in lane i div m of vector i mod m. A
transform is one over the lanes, a product with `bridge`, and L independent ones over the vectors, side by side.

`analyze` takes natural order and leaves number k1 + L k2 in lane rev(k1) of vector rev(k2); `synthesize` takes that and
leaves natural order. So between the two nothing has to be sorted. Numbers are kept below two moduli.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from zklink.primitives.field import R
from zklink.primitives.native.assembly import WORD, Builder, Value, define, load_index, offset, repeat, variable
from zklink.primitives.native.field_code import ELEMENT_BYTES, Element, FieldCode
from zklink.primitives.native.lanes_code import LanesField
from zklink.primitives.native.vectors import WIDTH

_LOOSE = 2 * R
_LANE_DISTANCES = (4, 2, 1)
_TWO_ADICITY = 28
GENERATOR = 5


def root_of_unity(order: int) -> int:
    """The root that snarkjs uses; `order` is a power of two."""
    root = pow(GENERATOR, (R - 1) >> _TWO_ADICITY, R)
    return pow(root, (1 << _TWO_ADICITY) // order, R)


def build_transforms(module: Any, make_field: Callable[[Builder, int], FieldCode]) -> None:
    """`analyze(data, m, twiddles, bridge)` with inverse roots and `synthesize` (the same) with roots.

    `twiddles` is a table of m / 2 powers of the root of order m, `bridge` has in lane rev(k1) of vector v the power
    v k1 of the root of order n; the caller passes the roots' inverses for `analyze`.
    """
    with define(module, "analyze", 4) as (builder, (data, count, twiddles, bridge)):
        code = _Transform(make_field(builder, R), data, twiddles)
        if code.field.lanes > 1:
            with repeat(builder, count) as index:
                code.store(index, code.field.multiply(code.analyze_lanes(code.load(index)), code.load(index, bridge)))
        half = variable(builder, WORD, builder.lshr(count, WORD(1)))
        with code.levels(count):
            distance = builder.load(half)
            with code.butterflies(count, distance) as (low, high, twiddle):
                a, b = code.load(low), code.load(high)
                code.store(low, code.field.add(a, b))
                code.store(high, code.field.multiply(code.field.subtract(a, b), twiddle))
            builder.store(builder.lshr(distance, WORD(1)), half)
    with define(module, "synthesize", 4) as (builder, (data, count, twiddles, bridge)):
        code = _Transform(make_field(builder, R), data, twiddles)
        half = variable(builder, WORD, WORD(1))
        with code.levels(count):
            distance = builder.load(half)
            with code.butterflies(count, distance) as (low, high, twiddle):
                a, b = code.load(low), code.field.multiply(code.load(high), twiddle)
                code.store(low, code.field.add(a, b))
                code.store(high, code.field.subtract(a, b))
            builder.store(builder.shl(distance, WORD(1)), half)
        if code.field.lanes > 1:
            with repeat(builder, count) as index:
                bridged = code.field.multiply(code.load(index), code.load(index, bridge))
                code.store(index, code.synthesize_lanes(bridged))


class _Transform:
    """Loads, stores, loops, and the transform over lanes."""

    def __init__(self, field: FieldCode, data: Value, twiddles: Value) -> None:
        self.field = field
        self.builder = field.builder
        self._data = data
        self._twiddles = twiddles

    def load(self, index: Value, base: Value | None = None) -> Element:
        base = self._data if base is None else base
        return _load_vector(self.field, base, index)

    def store(self, index: Value, element: Element) -> None:
        _store_vector(self.field, self._data, index, element)

    @contextmanager
    def levels(self, count: Value) -> Iterator[None]:
        """One for each factor two of the count."""
        rest = variable(self.builder, WORD, self.builder.lshr(count, WORD(1)))
        head, body, end = (self.builder.append_basic_block() for _ in range(3))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        left = self.builder.load(rest)
        self.builder.cbranch(self.builder.icmp_unsigned("!=", left, WORD(0)), body, end)
        self.builder.position_at_end(body)
        self.builder.store(self.builder.lshr(left, WORD(1)), rest)
        yield
        self.builder.branch(head)
        self.builder.position_at_end(end)

    @contextmanager
    def butterflies(self, count: Value, distance: Value) -> Iterator[tuple[Value, Value, Element]]:
        """All pairs of vectors at a distance, with the power of the root of order 2 distance that belongs to them."""
        builder = self.builder
        blocks = builder.udiv(count, builder.shl(distance, WORD(1)))
        with repeat(builder, blocks) as block:
            first = builder.mul(block, builder.shl(distance, WORD(1)))
            with repeat(builder, distance) as step:
                low = builder.add(first, step)
                twiddle = self.field.load_same(self._twiddles, builder.mul(step, blocks))
                yield low, builder.add(low, distance), twiddle

    def analyze_lanes(self, element: Element) -> Element:
        field = self.field
        assert isinstance(field, LanesField)
        for distance in _LANE_DISTANCES:
            other, mask = field.exchange(element, distance), field.lanes_with(distance)
            mixed = field.select(mask, field.subtract(other, element), field.add(element, other))
            factors = _lane_factors(field, distance, -1)
            element = field.reduce(mixed, _LOOSE) if factors is None else field.multiply(mixed, factors)
        return element

    def synthesize_lanes(self, element: Element) -> Element:
        field = self.field
        assert isinstance(field, LanesField)
        for distance in reversed(_LANE_DISTANCES):
            factors = _lane_factors(field, distance, 1)
            element = element if factors is None else field.multiply(element, factors)
            other, mask = field.exchange(element, distance), field.lanes_with(distance)
            element = field.select(mask, field.subtract(other, element), field.add(element, other))
            element = field.reduce(element, _LOOSE)
        return element


def _lane_factors(field: FieldCode, distance: int, sign: int) -> Element | None:
    """The butterfly's factor in lanes that have the bit, one in the others; None if all are one."""
    if distance == 1:
        return None
    root = pow(root_of_unity(2 * distance), sign, R)
    return field.constants([pow(root, lane % distance, R) if lane & distance else 1 for lane in range(WIDTH)])


def _load_vector(field: FieldCode, base: Value, index: Value) -> Element:
    packed = field.load_packed(offset(field.builder, base, index, ELEMENT_BYTES * field.lanes))
    return field.unpack(packed, _LOOSE)


def _store_vector(field: FieldCode, base: Value, index: Value, element: Element) -> None:
    address = offset(field.builder, base, index, ELEMENT_BYTES * field.lanes)
    field.store_packed(address, field.pack(field.reduce(element, _LOOSE)))


def build_pointwise(module: Any, make_field: Callable[[Builder, int], FieldCode]) -> None:
    """Kernels that go through vectors of numbers once.

    `multiply(left, right, count, out)`; `powers(first, ratio, count, places, out)`: first ratio^i at vector places[i];
    `divide(a, b, c, count, factor, out)`: (a b - c) factor, canonical, 32 bytes a number, lane by lane. Here `first`,
    `ratio` and `factor` are addresses of one vector each.
    """
    with define(module, "multiply", 4) as (builder, (left, right, count, out)):
        field = make_field(builder, R)
        with repeat(builder, count) as index:
            product = field.multiply(_load_vector(field, left, index), _load_vector(field, right, index))
            _store_vector(field, out, index, product)
    with define(module, "powers", 5) as (builder, (first, ratio, count, places, out)):
        field = make_field(builder, R)
        place = field.place(2)
        field.keep(place, _load_vector(field, first, WORD(0)))
        factor = _load_vector(field, ratio, WORD(0))
        with repeat(builder, count) as index:
            power = field.recall(place)
            _store_vector(field, out, load_index(builder, places, index), power)
            field.keep(place, field.multiply(power, factor))
    with define(module, "divide", 6) as (builder, (a, b, c, count, factor, out)):
        field = make_field(builder, R)
        by = _load_vector(field, factor, WORD(0))
        with repeat(builder, count) as index:
            product = field.multiply(*(_load_vector(field, base, index) for base in (a, b)))
            rest = field.subtract(product, _load_vector(field, c, index))
            value = field.pack(field.reduce(field.multiply(rest, by)))
            address = offset(builder, out, index, ELEMENT_BYTES * field.lanes)
            field.scatter([builder.add(address, WORD(ELEMENT_BYTES * lane)) for lane in range(field.lanes)], [value])
