"""BabyJubjub, the twisted Edwards curve a x^2 + y^2 = 1 + d x^2 y^2 over BN254's scalar field, as circomlib uses it.

Source: EIP-2494; packing as circomlibjs. Points are affine here; `curve` has the parameters and the formulas, and
`curve_program` the same in machine code.
"""

from functools import cache
from typing import Final

from zklink.primitives import machine
from zklink.primitives.curve import (
    BASE8,
    COFACTOR,
    IDENTITY,
    SUBORDER,
    A,
    D,
    Point,
    Projective,
    add_projective,
    double_projective,
    multiply_projective,
)
from zklink.primitives.curve_program import CurveMachine
from zklink.primitives.field import R

__all__ = [
    "BASE8", "COFACTOR", "IDENTITY", "POINT_BYTES", "SUBORDER", "A", "D", "Point", "add", "is_balanced",
    "is_in_subgroup", "is_on_curve", "is_small_order", "multiply", "negate", "pack_point", "unpack_point",
]  # fmt: skip

POINT_BYTES: Final = 32
_SIGN_BIT: Final = 1 << 255


def is_on_curve(point: Point) -> bool:
    """Tell whether both coordinates are canonical (0 <= c < R) and fulfil the curve's equation."""
    x, y = point
    if not (0 <= x < R and 0 <= y < R):
        return False
    xx, yy = x * x % R, y * y % R
    return (A * xx + yy - 1 - D * xx * yy) % R == 0


def is_small_order(point: Point) -> bool:
    """Tell whether eight times a point on the curve is the identity, i.e. whether its order is 1, 2, 4 or 8."""
    x, _, _ = double_projective(double_projective(double_projective((point.x, point.y, 1))))
    return x == 0  # 8 P lies in the subgroup of odd order, where only the identity has x = 0


def is_in_subgroup(point: Point) -> bool:
    """Tell whether a point on the curve is a multiple of `BASE8`."""
    return multiply(point, SUBORDER) == IDENTITY


def add(left: Point, right: Point) -> Point:
    """The sum of two points on the curve."""
    return _normalize(add_projective((left.x, left.y, 1), (right.x, right.y, 1)))


def negate(point: Point) -> Point:
    """The inverse of a point on the curve."""
    return Point(-point.x % R, point.y)


def multiply(point: Point, scalar: int) -> Point:
    """`scalar`, any integer, times a point on the curve; the time depends on the scalar."""
    native = _native()
    if native is None:
        return _normalize(multiply_projective((point.x, point.y, 1), scalar % (COFACTOR * SUBORDER)))
    if point == BASE8:
        return _normalize(native.multiply_base(scalar % SUBORDER))
    return _normalize(native.multiply(point, scalar % (COFACTOR * SUBORDER)))


def is_balanced(s: int, r8: Point, key: Point, challenge: int) -> bool:
    """Tell whether s BASE8 = r8 + 8 challenge key, for s in [0, SUBORDER), a challenge from 0 on, points on the curve.

    The equation of EdDSA, checked without leaving projective coordinates.
    """
    native = _native()
    if native is not None:
        return native.is_balanced(s, r8, key, challenge)
    return multiply(BASE8, s) == add(r8, multiply(key, COFACTOR * challenge))


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


@cache
def _native() -> CurveMachine | None:
    run = machine.load()
    return None if run is None else CurveMachine(run)


def _normalize(point: Projective) -> Point:
    x, y, z = point
    inverse = pow(z, -1, R)
    return Point(x * inverse % R, y * inverse % R)


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
