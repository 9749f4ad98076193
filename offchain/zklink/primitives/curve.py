"""BabyJubjub's parameters and its plain arithmetic in projective coordinates (x = X/Z, y = Y/Z).

Source: EIP-2494, circomlib's `babyjub.circom`; formulas add-2008-bbjlp and dbl-2008-bbjlp of the Explicit-Formulas
Database. a is a square and d is not, so the addition law is complete: it holds for every pair of points on the curve.
"""

from typing import Final, NamedTuple

from zklink.primitives.field import R


class Point(NamedTuple):
    """Affine coordinates, unchecked: `babyjubjub.is_on_curve` tells whether a pair is a point."""

    x: int
    y: int


A: Final = 168700
D: Final = 168696

IDENTITY: Final = Point(0, 1)

COFACTOR: Final = 8

SUBORDER: Final = 2736030358979909402780800718157159386076813972158567259200215660948447373041
"""The prime order of the subgroup that `BASE8` generates; the curve has `COFACTOR` times as many points."""

BASE8: Final = Point(
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)

Projective = tuple[int, int, int]


def add_projective(left: Projective, right: Projective) -> Projective:
    """The sum of two points on the curve."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    z = z1 * z2 % R
    zz = z * z % R
    xx = x1 * x2 % R
    yy = y1 * y2 % R
    e = D * xx % R * yy % R
    f, g = zz - e, zz + e
    cross = (x1 + y1) * (x2 + y2) - xx - yy
    return z * f % R * cross % R, z * g % R * (yy - A * xx) % R, f * g % R


def double_projective(point: Projective) -> Projective:
    """Twice a point on the curve."""
    x, y, z = point
    b = (x + y) * (x + y) % R
    c = x * x % R
    d = y * y % R
    e = A * c
    f = (e + d) % R
    j = (f - 2 * z * z) % R
    return (b - c - d) * j % R, f * (e - d) % R, f * j % R


def multiply_projective(point: Projective, scalar: int) -> Projective:
    """`scalar` times a point on the curve, for scalars from 0 on."""
    result: Projective = (0, 1, 1)
    for bit in f"{scalar:b}":
        result = double_projective(result)
        if bit == "1":
            result = add_projective(result, point)
    return result
