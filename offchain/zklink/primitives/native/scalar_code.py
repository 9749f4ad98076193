"""Field elements one at a time: four limbs of 64 bits. This layout of `field_code` runs on every processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from zklink.primitives.native.assembly import (
    BIT,
    DOUBLE,
    HALF,
    WIDE,
    WORD,
    WORD_BITS,
    Builder,
    Value,
    load,
    store,
    variable,
)
from zklink.primitives.native.field_code import ELEMENT_BYTES, Element, FieldCode

_LIMBS = 4


class ScalarField(FieldCode):
    """Values and packed values are numbers of 256 bits."""

    radix_bits = 256
    lanes = 1
    factor_moduli = 4, 2

    def __init__(self, builder: Builder, modulus: int) -> None:
        super().__init__(builder, modulus)
        self._limbs = [WORD(modulus >> WORD_BITS * limb & (1 << WORD_BITS) - 1) for limb in range(_LIMBS)]
        self._negative_inverse = WORD(-pow(modulus, -1, 1 << WORD_BITS) % (1 << WORD_BITS))

    def _constant(self, value: int) -> Value:
        return WIDE(value)

    def _constants(self, values: Sequence[int]) -> Value:
        (value,) = values
        return WIDE(value)

    def _dot(self, pairs: list[tuple[Value, Value]], plus: list[Value], minus: list[Value], extra: int) -> Value:
        if len(pairs) == 1:
            ((left, right),) = pairs
            return self._sum([self._multiply(self.split(left), self.split(right)), *plus], minus, extra)
        limbs: list[Value] = [WORD(0)] * (2 * _LIMBS)
        for left, right in pairs:
            limbs = self.add_product(limbs, left, right)
        return self._sum([self._lower(limbs), *plus], minus, extra)

    def _multiply(self, a: list[Value], b: list[Value]) -> Value:
        """Product and reduction limb by limb."""
        limbs: list[Value] = [WORD(0)] * (_LIMBS + 1)
        for multiplier in b:
            limbs = self._add_row(limbs, multiplier, a)
            limbs = self._add_row(limbs, self.builder.mul(limbs[0], self._negative_inverse), self._limbs)[1:]
            limbs.append(WORD(0))
        return self.join(limbs[:_LIMBS])

    def _add_row(self, limbs: list[Value], multiplier: Value, other: list[Value]) -> list[Value]:
        """limbs + multiplier other. Both stay below 2^320, because operands are below four moduli."""
        builder = self.builder
        factor = builder.zext(multiplier, DOUBLE)
        out: list[Value] = []
        carry: Value = DOUBLE(0)
        for limb, value in zip(limbs, other, strict=False):
            product = builder.mul(factor, builder.zext(value, DOUBLE))
            total = builder.add(builder.add(product, builder.zext(limb, DOUBLE)), carry)
            out.append(builder.trunc(total, WORD))
            carry = builder.lshr(total, DOUBLE(WORD_BITS))
        return [*out, builder.add(limbs[_LIMBS], builder.trunc(carry, WORD))]

    def add_product(self, limbs: Sequence[Value], left: Value, right: Value) -> list[Value]:
        """Eight limbs and the product of two numbers; the caller knows that it fits."""
        factors = self.split(right)
        return self._add_rows(limbs, lambda row, _: factors[row], self.split(left))

    def lower(self, limbs: Sequence[Value], bound: int) -> Element:
        """A number of eight limbs, below a bound, divided by the radix in the field."""
        return Element(self._lower(limbs), (bound >> self.radix_bits) + self.modulus + 1)

    def _lower(self, limbs: Sequence[Value]) -> Value:
        def clear(_: int, limb: Value) -> Value:
            return self.builder.mul(limb, self._negative_inverse)

        return self.join(self._add_rows(limbs, clear, self._limbs)[_LIMBS:])

    def _add_rows(
        self, limbs: Sequence[Value], factor: Callable[[int, Value], Value], other: list[Value]
    ) -> list[Value]:
        """limbs + the sum of 2^(64 row) factor(row, lowest limb) other; a row's carry waits for the next."""
        builder, out = self.builder, list(limbs)
        extra: Value = DOUBLE(0)
        for row in range(_LIMBS):
            *low, top = self._add_row([*out[row : row + _LIMBS], WORD(0)], factor(row, out[row]), other)
            total = builder.add(builder.zext(out[row + _LIMBS], DOUBLE), builder.zext(top, DOUBLE))
            total = builder.add(total, extra)
            out[row : row + _LIMBS] = low
            out[row + _LIMBS] = builder.trunc(total, WORD)
            extra = builder.lshr(total, DOUBLE(WORD_BITS))
        return out

    def split(self, value: Value) -> list[Value]:
        """The limbs of 64 bits, the least significant one first."""
        shifts = range(0, _LIMBS * WORD_BITS, WORD_BITS)
        return [self.builder.trunc(self.builder.lshr(value, WIDE(shift)), WORD) for shift in shifts]

    def join(self, limbs: Sequence[Value]) -> Value:
        """Inverse of `split`."""
        value: Value = WIDE(0)
        for position, limb in enumerate(limbs):
            part = self.builder.shl(self.builder.zext(limb, WIDE), WIDE(WORD_BITS * position))
            value = self.builder.or_(value, part)
        return value

    def _sum(self, plus: list[Value], minus: list[Value], extra: int) -> Value:
        total, *rest = plus
        for value in (*rest, *([WIDE(extra)] if extra else [])):
            total = self.builder.add(total, value)
        for value in minus:
            total = self.builder.sub(total, value)
        return total

    def _subtract_if_at_least(self, value: Value, amount: int) -> Value:
        is_less = self.builder.icmp_unsigned("<", value, WIDE(amount))
        return self.builder.select(is_less, value, self.builder.sub(value, WIDE(amount)))

    def _select(self, mask: Value, left: Value, right: Value) -> Value:
        return self.builder.select(mask, left, right)

    def _negate_where(self, mask: Value, value: Value, multiple: int) -> Value:
        return self.builder.select(mask, self.builder.sub(WIDE(multiple), value), value)

    def _unpack(self, packed: Value) -> Value:
        return packed

    def _pack(self, value: Value) -> Value:
        return value

    def _reserve(self) -> Value:
        return variable(self.builder, WIDE)

    def _keep(self, room: Value, value: Value) -> None:
        self.builder.store(value, room)

    def _recall(self, room: Value) -> Value:
        return self.builder.load(room)

    @staticmethod
    def encode_table(values: Sequence[int]) -> bytes:
        return b"".join(value.to_bytes(ELEMENT_BYTES, "little") for value in values)

    def load_same(self, address: Value, index: Value) -> Element:
        return Element(load(self.builder, address, WIDE, index), self.modulus)

    @property
    def stash_bytes(self) -> int:
        return ELEMENT_BYTES

    def stash(self, address: Value, element: Element) -> None:
        store(self.builder, address, element.value)

    def fetch(self, address: Value, bound: int) -> Element:
        return Element(load(self.builder, address, WIDE), bound)

    def load_packed(self, address: Value) -> Value:
        return load(self.builder, address, WIDE)

    def store_packed(self, address: Value, packed: Value) -> None:
        store(self.builder, address, packed)

    def gather(self, addresses: Sequence[Value], count: int) -> list[Value]:
        (address,) = addresses
        return [load(self.builder, address, WIDE, WORD(position)) for position in range(count)]

    def scatter(self, addresses: Sequence[Value], packed: Sequence[Value]) -> None:
        (address,) = addresses
        for position, value in enumerate(packed):
            store(self.builder, address, value, WORD(position))

    def load_bits(self, address: Value, index: Value) -> Value:
        return self.builder.trunc(load(self.builder, address, HALF, index), BIT)

    def is_suspect(self, element: Element, numbers: Sequence[int]) -> Value:
        lowest = self.builder.trunc(element.value, WORD)
        hits = [self.builder.icmp_unsigned("==", lowest, WORD(number & (1 << WORD_BITS) - 1)) for number in numbers]
        return reduce(self.builder.or_, hits)

    def is_equal(self, left: Value, right: Value) -> Value:
        return self.builder.icmp_unsigned("==", left, right)

    def invert_mask(self, mask: Value) -> Value:
        return self.builder.not_(mask)

    def both(self, left: Value, right: Value) -> Value:
        return self.builder.and_(left, right)

    def either(self, left: Value, right: Value) -> Value:
        return self.builder.or_(left, right)

    def is_any(self, mask: Value) -> Value:
        return mask
