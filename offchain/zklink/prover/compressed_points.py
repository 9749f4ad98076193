"""Points of BN254 as gnark and arkworks write them, with or without their y.

Takes bytes; gives affine points. A compressed point says which of its two y it has: the larger or the smaller one, as
numbers below q; of two numbers, the imaginary one decides unless it is 0.
"""

from __future__ import annotations

from zklink.primitives.field import Q
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.curve import TWIST_B, PointG1, PointG2

Pair = tuple[int, int]
"""A number of Fq2: real, imaginary."""


def complete_g1(x: int, *, is_larger: bool) -> PointG1:
    """The point with this x. Raises VerificationKeyInvalid if there is none."""
    y = _root(x * x * x + 3)
    if y is None:
        raise VerificationKeyInvalid("a compressed point is not on the curve")
    return x, y if (y > Q - y) == is_larger else -y % Q


def complete_g2(x: Pair, *, is_larger: bool) -> PointG2:
    """The point with this x. Raises VerificationKeyInvalid if there is none."""
    real, imaginary = _multiply(_multiply(x, x), x)
    y = _root_of_pair((real + TWIST_B[0], imaginary + TWIST_B[1]))
    if y is None:
        raise VerificationKeyInvalid("a compressed point is not on the twist")
    deciding = y[1] or y[0]
    return x, y if (deciding > Q - deciding) == is_larger else (-y[0] % Q, -y[1] % Q)


def _multiply(a: Pair, b: Pair) -> Pair:
    return (a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q


def _root(square: int) -> int | None:
    """Modulo q, which is 3 modulo 4."""
    root = pow(square, (Q + 1) // 4, Q)
    return root if (root * root - square) % Q == 0 else None


def _root_of_pair(square: Pair) -> Pair | None:
    """If (r + i u)^2 = a + b u, then r^2 = (a + n) / 2 for a root n of a^2 + b^2, and i = b / 2r."""
    a, b = square[0] % Q, square[1] % Q
    norm = _root(a * a + b * b)
    for n in () if norm is None else (norm, -norm):
        real = _root((a + n) * pow(2, -1, Q))
        if real:
            return real, b * pow(2 * real, -1, Q) % Q
        if real == 0 and (imaginary := _root(-a)) is not None and b == 0:
            return 0, imaginary
    return None
