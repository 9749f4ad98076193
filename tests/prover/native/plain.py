"""What the kernels compute, in plain Python: coordinates, affine points, transforms. Nothing of the kernels is used.

A coordinate of G1 and of G2 is a pair (real, imaginary) here, so that one spelling serves both; None is infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from zklink.primitives.field import Q, R

Number = tuple[int, int]
Point = tuple[Number, Number] | None
G1: Point = ((1, 0), (2, 0))
G2: Point = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)
GENERATORS = {1: G1, 2: G2}


def add_numbers(*numbers: Number) -> Number:
    return sum(a for a, _ in numbers) % Q, sum(b for _, b in numbers) % Q


def subtract(a: Number, b: Number) -> Number:
    return (a[0] - b[0]) % Q, (a[1] - b[1]) % Q


def multiply(a: Number, b: Number) -> Number:
    return (a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q


def invert(a: Number) -> Number:
    norm = pow(a[0] * a[0] + a[1] * a[1], -1, Q)
    return a[0] * norm % Q, -a[1] * norm % Q


def negate(point: Point) -> Point:
    return None if point is None else (point[0], subtract((0, 0), point[1]))


def add(first: Point, second: Point) -> Point:
    """The group law, case by case."""
    if first is None or second is None:
        return second if first is None else first
    (x1, y1), (x2, y2) = first, second
    if x1 == x2 and y1 != y2:
        return None
    if x1 == x2:
        square = multiply(x1, x1)
        slope = multiply(add_numbers(square, square, square), invert(add_numbers(y1, y1)))
    else:
        slope = multiply(subtract(y2, y1), invert(subtract(x2, x1)))
    x3 = subtract(subtract(multiply(slope, slope), x1), x2)
    return x3, subtract(multiply(slope, subtract(x1, x3)), y1)


def add_all(points: Sequence[Point]) -> Point:
    return reduce(add, points, None)


def scale(point: Point, factor: int) -> Point:
    """factor mod R times a point."""
    total: Point = None
    for bit in f"{factor % R:b}":
        total = add(total, total)
        total = add(total, point) if bit == "1" else total
    return total


def make_points(degree: int, count: int) -> list[Point]:
    """1, 2, 3, .. times the generator."""
    points: list[Point] = [GENERATORS[degree]]
    while len(points) < count:
        points.append(add(points[-1], GENERATORS[degree]))
    return points[:count]


def encode_point(point: Point, degree: int, radix_bits: int) -> bytes:
    """Affine in Montgomery's form, all zeros at infinity."""
    parts = [0] * 4 if point is None else [part for number in point for part in number]
    kept = parts if degree == 2 else parts[::2]
    return b"".join(((part << radix_bits) % Q).to_bytes(32, "little") for part in kept)


def decode_point(data: bytes, degree: int, radix_bits: int) -> Point:
    """Inverse of `encode_point`; refuses an x that is not canonical and a y of three moduli or more."""
    parts = [int.from_bytes(data[first : first + 32], "little") for first in range(0, len(data), 32)]
    assert all(part < Q for part in parts[:degree]) and all(part < 3 * Q for part in parts[degree:])
    values = [part * pow(2, -radix_bits, Q) % Q for part in parts]
    if not any(values):
        return None
    x, y = values[:degree], values[degree:]
    return (x[0], x[1] if degree == 2 else 0), (y[0], y[1] if degree == 2 else 0)


def transform(values: Sequence[int], root: int) -> list[int]:
    """Number i of the result is the sum of values[k] root^(i k)."""
    size = len(values)
    powers = [pow(root, i, R) for i in range(size)]
    return [sum(value * powers[i * k % size] for k, value in enumerate(values)) % R for i in range(size)]
