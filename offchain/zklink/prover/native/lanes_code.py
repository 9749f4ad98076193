"""Field elements in lanes: eight to a vector of AVX-512, five limbs of 52 bits, products by the IFMA instructions.

The layout of `field_code` for processors that have them (Zen 4, Ice Lake and later). Several vectors can be taken side
by side, so that the processor works on one while another's product is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

from llvmlite import ir

from zklink.prover.native.assembly import (
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
from zklink.prover.native.field_code import ELEMENT_BYTES, Element, FieldCode
from zklink.prover.native.vectors import VECTOR, VECTOR_BYTES, WIDTH, spread, transpose, transpose_halves

LIMBS: Final = 5
LIMB_BITS: Final = 52
WORDS: Final = 4
MASK: Final = (1 << LIMB_BITS) - 1


WORD_BYTES: Final = 8
_INDICES: Final = ir.VectorType(HALF, WIDTH)
_QUARTER: Final = ir.VectorType(WORD, WORDS)

Limbs = list[Value]
Vectors = list[Limbs]


class LanesField(FieldCode):
    """Values are one list of limbs for each of the vectors; packed values are one list of words for each."""

    radix_bits = LIMBS * LIMB_BITS
    factor_moduli = 9, 6

    def __init__(self, builder: Builder, modulus: int, vectors: int = 1) -> None:
        super().__init__(builder, modulus)
        self.vectors = vectors
        self.lanes = WIDTH * vectors
        self._limbs = _split(modulus)
        self._negative_inverse = constant(VECTOR, -pow(modulus, -1, 1 << LIMB_BITS) % (1 << LIMB_BITS))

    def _constant(self, value: int) -> list[Limbs]:
        return [_split(value)] * self.vectors

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
                total = self._add_cross(total, a)
            total = [self.builder.add(limb, limb) for limb in total]
            for a, b in own:
                total = self._add_diagonal(total, a) if a is b else self._add_rows(total, a, b)
            reduced = self._reduce_product(total)
            terms = [value[vector] for value in plus], [value[vector] for value in minus]
            return self._normalize(self._add_terms(reduced, *terms, extra))

        return [product(vector) for vector in range(self.vectors)]

    def _add_rows(self, total: Limbs, a: Limbs, b: Limbs) -> Limbs:
        """A product to ten limbs."""
        out = list(total)
        for row, limb in enumerate(b):
            out[row : row + LIMBS] = self._accumulate("l", out[row : row + LIMBS], a, limb)
            out[row + 1 : row + 1 + LIMBS] = self._accumulate("h", out[row + 1 : row + 1 + LIMBS], a, limb)
        return out

    def _add_cross(self, total: Limbs, a: Limbs) -> Limbs:
        """Of a square: products of different limbs, each once."""
        out = list(total)
        for low in range(LIMBS):
            for high in range(low + 1, LIMBS):
                out[low + high] = self._fused("l", out[low + high], a[low], a[high])
                out[low + high + 1] = self._fused("h", out[low + high + 1], a[low], a[high])
        return out

    def _add_diagonal(self, total: Limbs, a: Limbs) -> Limbs:
        """Of a square: the limbs' own squares."""
        out = list(total)
        for limb in range(LIMBS):
            out[2 * limb] = self._fused("l", out[2 * limb], a[limb], a[limb])
            out[2 * limb + 1] = self._fused("h", out[2 * limb + 1], a[limb], a[limb])
        return out

    def _reduce_product(self, total: Limbs) -> Limbs:
        """Ten limbs divided by the radix in the field, not carried: a multiple of the modulus clears the lowest.

        What is cleared carries the lowest limb, divided by 2^52 and rounded up, into the next one.
        """
        builder, ones = self.builder, constant(VECTOR, MASK)
        for _ in range(LIMBS):
            lowest, *rest = total
            factor = self._fused("l", constant(VECTOR, 0), lowest, self._negative_inverse)
            carry = builder.lshr(builder.add(lowest, ones), constant(VECTOR, LIMB_BITS))
            rest[0] = builder.add(rest[0], carry)
            rest[: LIMBS - 1] = self._accumulate("l", rest[: LIMBS - 1], self._limbs[1:], factor)
            total = [*self._accumulate("h", rest[:LIMBS], self._limbs, factor), *rest[LIMBS:]]
        return total

    def _accumulate(self, half: str, total: Limbs, other: Limbs, limb: Value) -> Limbs:
        return [self._fused(half, sum_, value, limb) for sum_, value in zip(total, other, strict=True)]

    def _fused(self, half: str, total: Value, left: Value, right: Value) -> Value:
        """total + the low or high 52 bits of a product of 52-bit limbs."""
        module, name = self.builder.module, f"llvm.x86.avx512.vpmadd52{half}.uq.512"
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        return self.builder.call(module.globals.get(name) or ir.Function(module, kind, name), [total, left, right])

    def _normalize(self, total: Limbs) -> Limbs:
        """Carry what a limb has beyond 52 bits, or lacks, into the next one."""
        builder, out = self.builder, list(total)
        for limb in range(LIMBS - 1):
            carry = builder.ashr(out[limb], constant(VECTOR, LIMB_BITS))
            out[limb] = builder.and_(out[limb], constant(VECTOR, MASK))
            out[limb + 1] = builder.add(out[limb + 1], carry)
        return out

    def _sum(self, plus: list[list[Limbs]], minus: list[list[Limbs]], extra: int) -> list[Limbs]:
        first, *rest = plus

        def total(vector: int) -> Limbs:
            terms = [value[vector] for value in rest], [value[vector] for value in minus]
            return self._normalize(self._add_terms(first[vector], *terms, extra))

        return [total(vector) for vector in range(self.vectors)]

    def _add_terms(self, total: Limbs, plus: list[Limbs], minus: list[Limbs], extra: int) -> Limbs:
        """Limb by limb, without carries."""
        builder = self.builder
        for limbs in (*plus, *([_split(extra)] if extra else [])):
            total = [builder.add(a, b) for a, b in zip(total, limbs, strict=True)]
        for limbs in minus:
            total = [builder.sub(a, b) for a, b in zip(total, limbs, strict=True)]
        return total

    def _subtract_if_at_least(self, value: list[Limbs], amount: int) -> list[Limbs]:
        builder, other = self.builder, _split(amount)
        out = []
        for limbs in value:
            reduced = self._normalize([builder.sub(a, b) for a, b in zip(limbs, other, strict=True)])
            is_less = builder.icmp_signed("<", reduced[-1], constant(VECTOR, 0))
            out.append([builder.select(is_less, a, b) for a, b in zip(limbs, reduced, strict=True)])
        return out

    def _select(self, mask: list[Value], left: list[Limbs], right: list[Limbs]) -> list[Limbs]:
        rows = zip(mask, left, right, strict=True)
        return [[self.builder.select(bits, x, y) for x, y in zip(a, b, strict=True)] for bits, a, b in rows]

    def _negate_where(self, mask: list[Value], value: list[Limbs], multiple: int) -> list[Limbs]:
        builder, other = self.builder, _split(multiple)
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


def _split(value: int) -> Limbs:
    """An integer's limbs in all lanes."""
    return [constant(VECTOR, value >> LIMB_BITS * limb & MASK) for limb in range(LIMBS)]


assert WIDTH * ELEMENT_BYTES == WORDS * VECTOR_BYTES
