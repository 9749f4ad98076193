"""Field elements in lanes: eight to a vector of AVX-512, five limbs of 52 bits, products by the IFMA instructions.

The layout of `field_code` for processors that have them (Zen 4, Ice Lake and later). Several vectors can be taken side
by side, so that the processor works on one while another's product is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

from llvmlite import ir

from zklink.primitives.native.assembly import (
    BIT,
    BYTE,
    HALF,
    WORD,
    Builder,
    Value,
    constant,
    load,
    shuffle,
    store,
    variable,
)
from zklink.primitives.native.field_code import ELEMENT_BYTES, Element, FieldCode
from zklink.primitives.native.limb_code import LIMB_BITS, LIMBS, MASK, LimbCode, Limbs, split_limbs
from zklink.primitives.native.vectors import VECTOR, VECTOR_BYTES, WIDTH, spread, transpose, transpose_halves

WORDS: Final = 4
WORD_BYTES: Final = 8
_INDICES: Final = ir.VectorType(HALF, WIDTH)
_QUARTER: Final = ir.VectorType(WORD, WORDS)

Vectors = list[Limbs]


class LanesField(FieldCode):
    """Values are one list of limbs for each of the vectors; packed values are one list of words for each."""

    radix_bits = LIMBS * LIMB_BITS
    factor_moduli = 9, 6

    def __init__(self, builder: Builder, modulus: int, vectors: int = 1) -> None:
        super().__init__(builder, modulus)
        self.vectors = vectors
        self.lanes = WIDTH * vectors
        self._code = LimbCode(builder, modulus)

    def _constant(self, value: int) -> list[Limbs]:
        return [split_limbs(value)] * self.vectors

    def _constants(self, values: Sequence[int]) -> list[Limbs]:
        lanes = [values[lane % len(values)] for lane in range(self.lanes)]
        parts = (lanes[first : first + WIDTH] for first in range(0, self.lanes, WIDTH))
        shifts = range(0, LIMBS * LIMB_BITS, LIMB_BITS)
        return [[ir.Constant(VECTOR, [v >> shift & MASK for v in part]) for shift in shifts] for part in parts]

    def _dot(
        self, pairs: list[tuple[Vectors, Vectors]], plus: list[Vectors], minus: list[Vectors], extra: int
    ) -> Vectors:
        def product(vector: int) -> Limbs:
            own = [(a[vector], b[vector]) for a, b in pairs]
            total = [constant(VECTOR, 0)] * (2 * LIMBS)
            for a in (a for a, b in own if a is b):
                total = self._code.add_cross(total, a)
            total = [self.builder.add(limb, limb) for limb in total]
            for a, b in own:
                total = self._code.add_diagonal(total, a) if a is b else self._code.add_rows(total, a, b)
            reduced = self._code.reduce_product(total)
            terms = [value[vector] for value in plus], [value[vector] for value in minus]
            return self._code.normalize(self._code.add_terms(reduced, *terms, extra))

        return [product(vector) for vector in range(self.vectors)]

    def _sum(self, plus: list[list[Limbs]], minus: list[list[Limbs]], extra: int) -> list[Limbs]:
        first, *rest = plus

        def total(vector: int) -> Limbs:
            terms = [value[vector] for value in rest], [value[vector] for value in minus]
            return self._code.normalize(self._code.add_terms(first[vector], *terms, extra))

        return [total(vector) for vector in range(self.vectors)]

    def _subtract_if_at_least(self, value: list[Limbs], amount: int) -> list[Limbs]:
        builder, other = self.builder, split_limbs(amount)
        out = []
        for limbs in value:
            reduced = self._code.normalize([builder.sub(a, b) for a, b in zip(limbs, other, strict=True)])
            is_less = builder.icmp_signed("<", reduced[-1], constant(VECTOR, 0))
            out.append([builder.select(is_less, a, b) for a, b in zip(limbs, reduced, strict=True)])
        return out

    def _select(self, mask: list[Value], left: list[Limbs], right: list[Limbs]) -> list[Limbs]:
        rows = zip(mask, left, right, strict=True)
        return [[self.builder.select(bits, x, y) for x, y in zip(a, b, strict=True)] for bits, a, b in rows]

    def _negate_where(self, mask: list[Value], value: list[Limbs], multiple: int) -> list[Limbs]:
        builder, other = self.builder, split_limbs(multiple)
        negative = [[builder.sub(a, b) for a, b in zip(other, limbs, strict=True)] for limbs in value]
        return self._select(mask, negative, value)

    def _unpack(self, packed: list[Limbs]) -> list[Limbs]:
        """Four words of 64 bits to five limbs of 52."""

        def limb(words: Limbs, position: int) -> Value:
            word, shift = divmod(position * LIMB_BITS, 64)
            value = self.builder.lshr(words[word], constant(VECTOR, shift)) if shift else words[word]
            if shift + LIMB_BITS > 64 and word + 1 < WORDS:
                value = self.builder.or_(value, self.builder.shl(words[word + 1], constant(VECTOR, 64 - shift)))
            return value if position == LIMBS - 1 else self.builder.and_(value, constant(VECTOR, MASK))

        return [[limb(words, position) for position in range(LIMBS)] for words in packed]

    def _pack(self, value: list[Limbs]) -> list[Limbs]:
        def word(limbs: Limbs, position: int) -> Value:
            limb, shift = divmod(position * 64, LIMB_BITS)
            low = self.builder.lshr(limbs[limb], constant(VECTOR, shift)) if shift else limbs[limb]
            return self.builder.or_(low, self.builder.shl(limbs[limb + 1], constant(VECTOR, LIMB_BITS - shift)))

        return [[word(limbs, position) for position in range(WORDS)] for limbs in value]

    def _reserve(self) -> list[Limbs]:
        return [[variable(self.builder, VECTOR) for _ in range(LIMBS)] for _ in range(self.vectors)]

    def _keep(self, room: list[Limbs], value: list[Limbs]) -> None:
        for rooms, limbs in zip(room, value, strict=True):
            for place, limb in zip(rooms, limbs, strict=True):
                self.builder.store(limb, place)

    def _recall(self, room: list[Limbs]) -> list[Limbs]:
        return [[self.builder.load(place) for place in rooms] for rooms in room]

    @staticmethod
    def encode_table(values: Sequence[int]) -> bytes:
        shifts = range(0, LIMBS * LIMB_BITS, LIMB_BITS)
        return b"".join((v >> shift & MASK).to_bytes(WORD_BYTES, "little") for v in values for shift in shifts)

    def load_same(self, address: Value, index: Value) -> Element:
        first = self.builder.mul(index, WORD(LIMBS))
        limbs = [load(self.builder, address, WORD, self.builder.add(first, WORD(limb))) for limb in range(LIMBS)]
        return Element([[spread(self.builder, limb) for limb in limbs]] * self.vectors, self.modulus)

    @property
    def stash_bytes(self) -> int:
        return LIMBS * VECTOR_BYTES * self.vectors

    def stash(self, address: Value, element: Element) -> None:
        for position, limb in enumerate(limb for limbs in element.value for limb in limbs):
            store(self.builder, address, limb, WORD(position))

    def fetch(self, address: Value, bound: int) -> Element:
        positions = range(LIMBS * self.vectors)
        limbs = [load(self.builder, address, VECTOR, WORD(position)) for position in positions]
        return Element([limbs[first : first + LIMBS] for first in range(0, len(limbs), LIMBS)], bound)

    def load_packed(self, address: Value) -> list[Limbs]:
        positions = range(WORDS * self.vectors)
        words = [load(self.builder, address, VECTOR, WORD(position)) for position in positions]
        return [words[first : first + WORDS] for first in range(0, len(words), WORDS)]

    def store_packed(self, address: Value, packed: list[Limbs]) -> None:
        for position, word in enumerate(word for words in packed for word in words):
            store(self.builder, address, word, WORD(position))

    def gather(self, addresses: Sequence[Value], count: int) -> list[Any]:
        assert count == 1 or count % 2 == 0, "several elements are read two at a time"
        parts = [self._gather(addresses[first : first + WIDTH], count) for first in range(0, self.lanes, WIDTH)]
        return [list(words) for words in zip(*parts, strict=True)]

    def _gather(self, addresses: Sequence[Value], count: int) -> list[Limbs]:
        """The words of `count` elements, transposed so that each vector holds one word of eight lanes."""
        builder = self.builder
        if count == 1:
            halves = [load(builder, address, _QUARTER) for address in addresses]
            whole = [shuffle(builder, halves[i], halves[i + 4], range(WIDTH)) for i in range(4)]
            return [transpose_halves(builder, whole)]
        out: list[Limbs] = []
        for pair in range(count // 2):
            rows = [load(builder, address, VECTOR, WORD(pair)) for address in addresses]
            columns = transpose(builder, rows)
            out += [columns[:WORDS], columns[WORDS:]]
        return out

    def scatter(self, addresses: Sequence[Value], packed: Sequence[Any]) -> None:
        builder = self.builder
        assert len(packed) == 1 or len(packed) % 2 == 0, "several elements are written two at a time"
        for vector in range(self.vectors):
            lanes = addresses[WIDTH * vector : WIDTH * (vector + 1)]
            if len(packed) == 1:
                for i, whole in enumerate(transpose_halves(builder, packed[0][vector])):
                    store(builder, lanes[i], shuffle(builder, whole, whole, range(4)))
                    store(builder, lanes[i + 4], shuffle(builder, whole, whole, range(4, 8)))
            for pair in range(len(packed) // 2):
                rows = transpose(builder, [*packed[2 * pair][vector], *packed[2 * pair + 1][vector]])
                for address, row in zip(lanes, rows, strict=True):
                    store(builder, address, row, WORD(pair))

    def exchange(self, element: Element, distance: int) -> Element:
        """Each lane's element goes to the lane whose number differs by a power of two below 8."""
        order = [lane ^ distance for lane in range(WIDTH)]
        moved = [[shuffle(self.builder, limb, limb, order) for limb in limbs] for limbs in element.value]
        return Element(moved, element.bound)

    def lanes_with(self, distance: int) -> list[Value]:
        """The mask of lanes whose number has a bit."""
        bits = [int(lane & distance != 0) for lane in range(WIDTH)]
        return [ir.Constant(ir.VectorType(BIT, WIDTH), bits)] * self.vectors

    def load_bits(self, address: Value, index: Value) -> list[Value]:
        first = self.builder.add(address, self.builder.mul(index, WORD(4)))
        numbers = [load(self.builder, first, _INDICES, WORD(vector)) for vector in range(self.vectors)]
        return [self.builder.trunc(number, ir.VectorType(BIT, WIDTH)) for number in numbers]

    def is_suspect(self, element: Element, numbers: Sequence[int]) -> list[Value]:
        builder = self.builder
        out = []
        for limbs in element.value:
            hits = [builder.icmp_unsigned("==", limbs[0], constant(VECTOR, number & MASK)) for number in numbers]
            out.append(reduce(builder.or_, hits))
        return out

    def is_equal(self, left: list[Limbs], right: list[Limbs]) -> list[Value]:
        builder = self.builder

        def differs(a: Limbs, b: Limbs) -> Value:
            parts = [builder.xor(x, y) for x, y in zip(a, b, strict=True)]
            return builder.or_(builder.or_(parts[0], parts[1]), builder.or_(parts[2], parts[3]))

        zero = constant(VECTOR, 0)
        return [builder.icmp_unsigned("==", differs(a, b), zero) for a, b in zip(left, right, strict=True)]

    def invert_mask(self, mask: list[Value]) -> list[Value]:
        return [self.builder.not_(bits) for bits in mask]

    def both(self, left: list[Value], right: list[Value]) -> list[Value]:
        return _each(self.builder.and_, left, right)

    def either(self, left: list[Value], right: list[Value]) -> list[Value]:
        return _each(self.builder.or_, left, right)

    def is_any(self, mask: list[Value]) -> Value:
        total, *rest = (self.builder.bitcast(bits, BYTE) for bits in mask)
        for bits in rest:
            total = self.builder.or_(total, bits)
        return self.builder.icmp_unsigned("!=", total, BYTE(0))


def _each(action: Callable[[Value, Value], Value], left: list[Value], right: list[Value]) -> list[Value]:
    return [action(a, b) for a, b in zip(left, right, strict=True)]


assert WIDTH * ELEMENT_BYTES == WORDS * VECTOR_BYTES
