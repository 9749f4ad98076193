"""BabyJubjub with the affine formulas of EIP-2494, a division each: shares nothing but parameters with the product."""

from typing import Final

from zklink.primitives.babyjubjub import IDENTITY, SUBORDER, A, D, Point
from zklink.primitives.field import R

GENERATOR: Final = Point(
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
"""Of the whole group (EIP-2494)."""


def add_affine(left: Point, right: Point) -> Point:
    """The addition law of EIP-2494, with a division each."""
    (x1, y1), (x2, y2) = left, right
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + y1 * x2) * pow(1 + product, -1, R) % R
    y = (y1 * y2 - A * x1 * x2) * pow(1 - product, -1, R) % R
    return Point(x, y)


def multiply_affine(point: Point, scalar: int) -> Point:
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add_affine(result, point)
        point = add_affine(point, point)
        scalar >>= 1
    return result


TORSION: Final = [multiply_affine(multiply_affine(GENERATOR, SUBORDER), k) for k in range(8)]
"""The points of order 1, 2, 4 and 8."""
