"""Code for coordinates of points: elements of Fq for G1, of Fq2 = Fq[u] / (u^2 + 1) for G2, in one spelling.

Takes a layout of Fq; a coordinate is a tuple of one or of two elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zklink.primitives.native.field_code import ELEMENT_BYTES, Element, FieldCode, Place

Coordinate = tuple[Element, ...]


class Coordinates:
    """Arithmetic of coordinates of a degree, 1 or 2."""

    def __init__(self, field: FieldCode, degree: int) -> None:
        self.field = field
        self.degree = degree

    @property
    def point_bytes(self) -> int:
        """An affine point in memory."""
        return 2 * self.degree * ELEMENT_BYTES

    def constant(self, *values: int) -> Coordinate:
        """Missing parts are 0."""
        padded = (*values, *[0] * self.degree)[: self.degree]
        return tuple(self.field.constant(value) for value in padded)

    def multiply(
        self, left: Coordinate, right: Coordinate, plus: Sequence[Coordinate] = (), minus: Sequence[Coordinate] = ()
    ) -> Coordinate:
        """The product, plus and minus other terms."""
        field = self.field
        terms = [([x[part] for x in plus], [x[part] for x in minus]) for part in range(self.degree)]
        if self.degree == 1:
            factor = left[0]
            return (field.dot([(factor, factor if left is right else right[0])], *terms[0]),)
        if left is right:
            a, b = left
            product = (field.add(a, b), field.subtract(a, b))
            return field.dot([product], *terms[0]), field.dot([(a, field.add(b, b))], *terms[1])
        negative = field.sum([field.raw(0)], [right[1]])
        real = field.dot([(left[0], right[0]), (left[1], negative)], *terms[0])
        return real, field.dot([(left[0], right[1]), (left[1], right[0])], *terms[1])

    def sum(self, plus: Sequence[Coordinate], minus: Sequence[Coordinate] = ()) -> Coordinate:
        parts = range(self.degree)
        return tuple(self.field.sum([x[i] for x in plus], [x[i] for x in minus]) for i in parts)

    def norm(self, value: Coordinate) -> Element:
        """An element of Fq that is zero for zero alone; see `inverse`."""
        if self.degree == 1:
            return value[0]
        return self.field.dot([(part, part) for part in value])

    def inverse(self, value: Coordinate, inverse_norm: Element) -> Coordinate:
        """1 / value, given 1 / norm(value)."""
        if self.degree == 1:
            return (inverse_norm,)
        field = self.field
        negative = field.sum([field.raw(0)], [value[1]])
        return field.multiply(value[0], inverse_norm), field.multiply(negative, inverse_norm)

    def negate_where(self, mask: Any, value: Coordinate) -> Coordinate:
        """What comes out may only be a term of `sum`."""
        return tuple(self.field.negate_where(mask, part) for part in value)

    def select(self, mask: Any, left: Coordinate, right: Coordinate) -> Coordinate:
        return tuple(self.field.select(mask, a, b) for a, b in zip(left, right, strict=True))

    def reduce(self, value: Coordinate) -> Coordinate:
        """Canonical."""
        return self.limit(value, 1)

    def limit(self, value: Coordinate, moduli: int) -> Coordinate:
        """Below so many moduli."""
        return tuple(self.field.reduce(part, moduli * self.field.modulus) for part in value)

    def unpack(self, packed: Sequence[Any]) -> Coordinate:
        return tuple(self.field.unpack(part) for part in packed)

    def is_equal(self, left: Sequence[Any], right: Sequence[Any]) -> Any:
        """Packed coordinates."""
        masks = [self.field.is_equal(a, b) for a, b in zip(left, right, strict=True)]
        return masks[0] if self.degree == 1 else self.field.both(*masks)

    def is_suspect(self, value: Coordinate, numbers: Sequence[int]) -> Any:
        """Where the real part may be one of these numbers."""
        return self.field.is_suspect(value[0], numbers)

    def is_zero(self, packed: Sequence[Any]) -> Any:
        return self.is_equal(packed, [self.field.zero_packed()] * self.degree)

    def place(self, moduli: int) -> list[Place]:
        """Room for a coordinate whose parts are below so many moduli."""
        return [self.field.place(moduli) for _ in range(self.degree)]

    def keep(self, place: Sequence[Place], value: Coordinate) -> None:
        for room, part in zip(place, value, strict=True):
            self.field.keep(room, part)

    def recall(self, place: Sequence[Place]) -> Coordinate:
        return tuple(self.field.recall(room) for room in place)
