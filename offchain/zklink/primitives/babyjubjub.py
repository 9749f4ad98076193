"""BabyJubjub, the twisted Edwards curve a x^2 + y^2 = 1 + d x^2 y^2 over BN254's scalar field, as circomlib uses it.

Source: EIP-2494 and circomlib's `babyjub.circom`; packing as circomlibjs. a is a square and d is not, so the addition
law is complete: it holds for every pair of points on the curve, the identity (0, 1) included. Inside, points are
projective (x = X/Z, y = Y/Z; formulas add-2008-bbjlp and dbl-2008-bbjlp of the Explicit-Formulas Database).
"""

from typing import Final, NamedTuple

from zklink.primitives.field import R


class Point(NamedTuple):
    """Affine coordinates. Nothing is checked here: `is_on_curve` tells whether a pair is a point."""

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

POINT_BYTES: Final = 32
_SIGN_BIT: Final = 1 << 255

Projective = tuple[int, int, int]


def is_on_curve(point: Point) -> bool:
    """Tell whether both coordinates are canonical (0 <= c < R) and fulfil the curve's equation."""
    x, y = point
    if not (0 <= x < R and 0 <= y < R):
        return False
    xx, yy = x * x % R, y * y % R
    return (A * xx + yy - 1 - D * xx * yy) % R == 0


def is_small_order(point: Point) -> bool:
    """Tell whether eight times a point on the curve is the identity, i.e. whether its order is 1, 2, 4 or 8."""
    x, _, _ = _double(_double(_double((point.x, point.y, 1))))
    return x == 0  # 8 P lies in the subgroup of odd order, where only the identity has x = 0


def is_in_subgroup(point: Point) -> bool:
    """Tell whether a point on the curve is a multiple of `BASE8`."""
    x, y, z = _multiply((point.x, point.y, 1), SUBORDER)
    return x == 0 and y == z


def add(left: Point, right: Point) -> Point:
    """The sum of two points on the curve."""
    return _normalize(_add((left.x, left.y, 1), (right.x, right.y, 1)))


def negate(point: Point) -> Point:
    """The inverse of a point on the curve."""
    return Point(-point.x % R, point.y)


def multiply(point: Point, scalar: int) -> Point:
    """`scalar` times a point on the curve; the time depends on the scalar."""
    return _normalize(_multiply((point.x, point.y, 1), scalar % (COFACTOR * SUBORDER)))


def pack_point(point: Point) -> bytes:
    """Encode a point in 32 bytes: y in little-endian order, the highest bit set iff x > (R - 1) / 2."""
    sign = _SIGN_BIT if point.x > R >> 1 else 0
    return (point.y | sign).to_bytes(POINT_BYTES, "little")


def unpack_point(packed: bytes) -> Point | None:
    """The point on the curve with exactly this packing, or None if there is none.

    Stricter than circomlibjs where a point would have two packings (x = 0 with the sign bit, y >= R), and it knows the
    points with x = 0, which circomlibjs packs but does not unpack.
    """
    if len(packed) != POINT_BYTES:
        return None
    number = int.from_bytes(packed, "little")
    y = number & (_SIGN_BIT - 1)
    if y >= R:
        return None
    yy = y * y % R
    x = _square_root((1 - yy) * pow(A - D * yy, -1, R) % R)  # A - D y^2 is never 0: A is a square and D is not
    if x is None:
        return None
    if (x > R >> 1) != bool(number & _SIGN_BIT):
        x = -x % R
    point = Point(x, y)
    return point if pack_point(point) == packed else None


def _square_root(square: int) -> int | None:
    """Tonelli and Shanks; None if `square` has no root."""
    if pow(square, R >> 1, R) > 1:
        return None
    twos = 28  # R - 1 = 2^28 * odd
    odd = (R - 1) >> twos
    root = pow(square, (odd + 1) // 2, R)
    error = pow(square, odd, R)  # root^2 = square * error
    step = pow(5, odd, R)  # 5 generates the multiplicative group
    for k in range(twos - 2, -1, -1):
        if pow(error, 1 << k, R) == R - 1:
            root = root * step % R
            error = error * step * step % R
        step = step * step % R
    return root


def _normalize(point: Projective) -> Point:
    x, y, z = point
    inverse = pow(z, -1, R)
    return Point(x * inverse % R, y * inverse % R)


def _multiply(point: Projective, scalar: int) -> Projective:
    result: Projective = (0, 1, 1)
    for bit in f"{scalar:b}":
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def _add(left: Projective, right: Projective) -> Projective:
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


def _double(point: Projective) -> Projective:
    x, y, z = point
    b = (x + y) * (x + y) % R
    c = x * x % R
    d = y * y % R
    e = A * c
    f = (e + d) % R
    j = (f - 2 * z * z) % R
    return (b - c - d) * j % R, f * (e - d) % R, f * j % R
