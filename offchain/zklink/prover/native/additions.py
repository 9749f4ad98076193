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
from typing import Any, Final

from zklink.primitives.field import Q
from zklink.primitives.native.assembly import (
    BIT,
    WIDE,
    WORD,
    WORD_BITS,
    Builder,
    Value,
    define,
    load,
    repeat,
    store,
)
from zklink.primitives.native.field_code import Element, FieldCode, Place
from zklink.prover.native.coordinates import Coordinates
from zklink.prover.native.pair_code import PairCode

LOOSE: Final = 4
"""Moduli that bound what is multiplied on."""
AHEAD: Final = 24
"""Vectors whose points are asked for in advance."""
WRITE_AHEAD: Final = 3
_FLAG_BYTES: Final = WORD_BITS // 8

FieldMaker = Callable[[Builder, int], FieldCode]


def scratch_bytes(batch: int, stash_bytes: int) -> int:
    """What the kernel needs for so many vectors to a batch: products, norms, which vectors are rare, one factor."""
    return batch * (2 * stash_bytes + _FLAG_BYTES) + stash_bytes


def build_add_pairs(module: Any, name: str, degree: int, make_field: FieldMaker) -> None:
    """Add the kernel to a module."""
    rare = _define_rare(module, name, degree, make_field)
    with define(module, name, 8) as (builder, arguments):
        source, left, right, out, vectors, target, scratch, batch = arguments
        code = PairCode(builder, Coordinates(make_field(builder, Q), degree), source, left, right)
        run = _Run(code, (source, left, right), out, target, rare, _Scratch(code.field, scratch, batch))
        running = code.field.place(LOOSE)
        with repeat(builder, builder.udiv(builder.add(vectors, builder.sub(batch, WORD(1))), batch)) as number:
            first = builder.mul(number, batch)
            rest = builder.sub(vectors, first)
            count = builder.select(builder.icmp_unsigned("<", rest, batch), rest, batch)
            code.field.keep(running, code.field.constant(1))
            with repeat(builder, count) as step:
                run.multiply_up(running, first, step)
            code.field.keep(running, _invert(code.field, code.field.recall(running)))
            with repeat(builder, count) as step:
                run.add(running, first, builder.sub(builder.sub(count, step), WORD(1)))


class _Scratch:
    """Where a batch keeps what belongs to its vectors."""

    def __init__(self, field: FieldCode, address: Value, batch: Value) -> None:
        builder = self._builder = field.builder
        self._size = WORD(field.stash_bytes)
        self._products = address
        self._norms = builder.add(address, builder.mul(batch, self._size))
        self.flags = builder.add(self._norms, builder.mul(batch, self._size))
        self.factor = builder.add(self.flags, builder.mul(batch, WORD(_FLAG_BYTES)))

    def product(self, vector: Value) -> Value:
        """The address of the product of all norms before a vector's."""
        return self._builder.add(self._products, self._builder.mul(vector, self._size))

    def norm(self, vector: Value) -> Value:
        """The address of a vector's norm."""
        return self._builder.add(self._norms, self._builder.mul(vector, self._size))


@dataclass(frozen=True, slots=True)
class _Run:
    """What both passes know; `lists` are the arguments that say where points are."""

    code: PairCode
    lists: tuple[Value, Value, Value]
    out: Value
    target: Value
    rare: tuple[Value, Value]
    scratch: _Scratch

    def _find_index(self, first: Value, vector: Value) -> Value:
        """The place in the lists where a batch's vector begins."""
        builder = self.code.builder
        return builder.mul(builder.add(first, vector), WORD(self.code.field.lanes))

    def multiply_up(self, running: Place, first: Value, vector: Value) -> None:
        """Keep the product so far, and multiply it by a vector's norm."""
        code, field, builder = self.code, self.code.field, self.code.builder
        index = self._find_index(first, vector)
        with builder.if_then(builder.icmp_unsigned("!=", self.lists[0], self.target)):
            code.prefetch(builder.add(index, WORD(AHEAD * field.lanes)))
        pair, norm = code.read_pair(index, is_whole=False), self.scratch.norm(vector)
        field.stash(norm, field.reduce(code.coordinates.norm(pair.run), LOOSE * Q))
        store(builder, self.scratch.flags, builder.zext(pair.is_rare, WORD), vector)
        with builder.if_then(pair.is_rare, likely=False):
            builder.call(self.rare[0], [*self.lists, index, norm])
        before = field.recall(running)
        field.stash(self.scratch.product(vector), before)
        field.keep(running, field.multiply(before, field.fetch(norm, LOOSE * Q)))

    def add(self, running: Place, first: Value, vector: Value) -> None:
        """With the inverse of the product up to a vector: its sums, and the inverse of the product before it."""
        code, field, builder = self.code, self.code.field, self.code.builder
        index, inverse = self._find_index(first, vector), field.recall(running)
        self._prefetch_target(first, vector)
        factor = field.multiply(inverse, field.fetch(self.scratch.product(vector), LOOSE * Q))
        field.keep(running, field.multiply(inverse, field.fetch(self.scratch.norm(vector), LOOSE * Q)))
        is_rare = builder.trunc(load(builder, self.scratch.flags, WORD, vector), BIT)
        with builder.if_else(is_rare, likely=False) as (rare, usual):
            with rare:
                field.stash(self.scratch.factor, field.reduce(factor, LOOSE * Q))
                builder.call(self.rare[1], [*self.lists, self.out, index, self.target, self.scratch.factor])
            with usual:
                pair = code.read_pair(index, is_whole=True)
                rise = code.coordinates.sum([pair.y[1]], [pair.y[0]])
                code.write(self.out, index, self.target, code.add(pair, rise, pair.run, factor))

    def _prefetch_target(self, first: Value, vector: Value) -> None:
        builder, ahead = self.code.builder, WORD(WRITE_AHEAD)
        is_far = builder.icmp_unsigned(">", vector, ahead)
        soon = builder.select(is_far, builder.sub(vector, ahead), WORD(0))
        self.code.prefetch_target(self.out, self._find_index(first, soon), self.target)


def _define_rare(module: Any, name: str, degree: int, make_field: FieldMaker) -> tuple[Value, Value]:
    """For vectors with a rare lane: `(source, left, right, index, norm)` and `(.., out, index, target, factor)`."""
    with define(module, f"{name}_norm", 5, is_internal=True) as (builder, (source, left, right, index, norm)):
        builder.function.attributes.add("noinline")
        code = PairCode(builder, Coordinates(make_field(builder, Q), degree), source, left, right)
        _, denominator = code.prepare_rare(code.read_pair(index, is_whole=True))
        code.field.stash(norm, code.field.reduce(code.coordinates.norm(denominator), LOOSE * Q))
        find_norm = builder.function
    with define(module, f"{name}_rare", 7, is_internal=True) as (builder, arguments):
        source, left, right, out, index, target, factor = arguments
        builder.function.attributes.add("noinline")
        code = PairCode(builder, Coordinates(make_field(builder, Q), degree), source, left, right)
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
