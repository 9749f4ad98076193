"""Numbers of five limbs of 52 bits, one number a lane: sums, products by the IFMA instructions, Montgomery's reduction.

A limb may hold more than 52 bits, or be negative, until `normalize` carries it on; factors have to be normalized.
"""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from zklink.primitives.native.assembly import Builder, Value, constant
from zklink.primitives.native.vectors import VECTOR

LIMBS: Final = 5
LIMB_BITS: Final = 52
MASK: Final = (1 << LIMB_BITS) - 1

Limbs = list[Value]


def split_limbs(value: int) -> Limbs:
    """An integer's limbs in all lanes."""
    return [constant(VECTOR, value >> LIMB_BITS * limb & MASK) for limb in range(LIMBS)]


class LimbCode:
    """Writes arithmetic of limbs for a modulus."""

    def __init__(self, builder: Builder, modulus: int) -> None:
        self.builder = builder
        self._limbs = split_limbs(modulus)
        self._negative_inverse = constant(VECTOR, -pow(modulus, -1, 1 << LIMB_BITS) % (1 << LIMB_BITS))

    def add_rows(self, total: Limbs, a: Limbs, b: Limbs) -> Limbs:
        """A product to ten limbs."""
        out = list(total)
        for row, limb in enumerate(b):
            out[row : row + LIMBS] = self._accumulate("l", out[row : row + LIMBS], a, limb)
            out[row + 1 : row + 1 + LIMBS] = self._accumulate("h", out[row + 1 : row + 1 + LIMBS], a, limb)
        return out

    def add_cross(self, total: Limbs, a: Limbs) -> Limbs:
        """Of a square: products of different limbs, each once."""
        out = list(total)
        for low in range(LIMBS):
            for high in range(low + 1, LIMBS):
                out[low + high] = self._fused("l", out[low + high], a[low], a[high])
                out[low + high + 1] = self._fused("h", out[low + high + 1], a[low], a[high])
        return out

    def add_diagonal(self, total: Limbs, a: Limbs) -> Limbs:
        """Of a square: the limbs' own squares."""
        out = list(total)
        for limb in range(LIMBS):
            out[2 * limb] = self._fused("l", out[2 * limb], a[limb], a[limb])
            out[2 * limb + 1] = self._fused("h", out[2 * limb + 1], a[limb], a[limb])
        return out

    def reduce_product(self, total: Limbs) -> Limbs:
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

    def normalize(self, total: Limbs) -> Limbs:
        """Carry what a limb has beyond 52 bits, or lacks, into the next one."""
        builder, out = self.builder, list(total)
        for limb in range(LIMBS - 1):
            carry = builder.ashr(out[limb], constant(VECTOR, LIMB_BITS))
            out[limb] = builder.and_(out[limb], constant(VECTOR, MASK))
            out[limb + 1] = builder.add(out[limb + 1], carry)
        return out

    def add_terms(self, total: Limbs, plus: list[Limbs], minus: list[Limbs], extra: int) -> Limbs:
        """Limb by limb, without carries."""
        builder = self.builder
        for limbs in (*plus, *([split_limbs(extra)] if extra else [])):
            total = [builder.add(a, b) for a, b in zip(total, limbs, strict=True)]
        for limbs in minus:
            total = [builder.sub(a, b) for a, b in zip(total, limbs, strict=True)]
        return total
