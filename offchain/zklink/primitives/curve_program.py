"""BabyJubjub as programs of the field machine: multiples of points, and the equation of EdDSA.

A program has no branches, so a scalar is written in hexadecimal and each digit chooses a ready part of the program:
"multiply by 16 and add this multiple of the point", or, for the base point, "add this multiple of 16^i BASE8".
"""

from typing import TYPE_CHECKING, Final

from zklink.primitives.curve import BASE8, A, D, Point, Projective
from zklink.primitives.machine import Machine
from zklink.primitives.machine_code import ELEMENT_BYTES, encode_add, encode_dot, encode_subtract

if TYPE_CHECKING:
    from zklink.primitives.machine_llvm import Run

COORDINATES: Final = 3
DIGITS: Final = 16
BASE_DIGITS: Final = 63
"""Hexadecimal digits of a scalar below SUBORDER."""


class CurveMachine:
    """The machine with the curve's constants and the base point's multiples; every point takes three registers."""

    __slots__ = (
        "_a", "_accumulator", "_balance", "_base_parts", "_base_sum", "_d", "_machine", "_multiples", "_parts",
        "_table", "_temporary",
    )  # fmt: skip

    def __init__(self, run: "Run") -> None:
        self._machine = machine = Machine(run, reserved=4)
        self._a, self._d = machine.constants([A]), machine.constants([D])
        self._temporary = machine.allot(6)
        self._accumulator, self._base_sum = (machine.allot(COORDINATES) for _ in range(2))
        self._table = machine.allot(DIGITS * COORDINATES)
        self._multiples = self._encode_multiples()
        self._parts = self._encode_digit_parts()
        self._base_parts = self._compute_base_parts()
        self._balance = self._encode_balance()

    def multiply(self, point: Point, scalar: int) -> Projective:
        """`scalar`, from 0 on, times a point on the curve."""
        load, store = self._encode_load(self._table + COORDINATES, 0), self._encode_store(self._accumulator)
        program = b"".join((load, *self._choose_parts(scalar), store))
        return _decode_projective(self._machine.run(program, _encode(point), COORDINATES))

    def multiply_base(self, scalar: int) -> Projective:
        """`scalar` in [0, SUBORDER) times BASE8."""
        program = b"".join((*self._choose_base_parts(scalar), self._encode_store(self._base_sum)))
        return _decode_projective(self._machine.run(program, b"", COORDINATES))

    def is_balanced(self, s: int, r8: Point, key: Point, challenge: int) -> bool:
        """Tell whether s BASE8 = r8 + 8 challenge key, for s in [0, SUBORDER) and points on the curve."""
        start, end = self._balance
        program = b"".join((start, *self._choose_parts(challenge), *self._choose_base_parts(s), end))
        return not any(self._machine.run(program, _encode(key, r8), 2))

    def _encode_balance(self) -> tuple[bytes, bytes]:
        """Eight times input 0's point to the table; the accumulator and input 2's point against the base sum."""
        first, total = self._table + COORDINATES, self._accumulator
        start = self._encode_load(first, 0) + self._encode_double(first, first) * 3
        total_with_r8 = self._encode_load(first, 2) + self._encode_sum(total, total, first)
        return start, total_with_r8 + self._encode_difference(total, self._base_sum)

    def _choose_parts(self, scalar: int) -> list[bytes]:
        """accumulator = scalar times the table's point 1."""
        return [self._multiples, *[self._parts[digit] for digit in f"{scalar:x}"]]

    def _choose_base_parts(self, scalar: int) -> list[bytes]:
        """base_sum = scalar times BASE8."""
        digits = f"{scalar:x}"[::-1]
        parts = [self._base_parts[place][int(digit, DIGITS)] for place, digit in enumerate(digits)]
        return [self._encode_identity(self._base_sum), *parts]

    def _encode_multiples(self) -> bytes:
        """Fill the table from its point 1."""
        first = self._table + COORDINATES
        code = [self._encode_identity(self._table), self._encode_identity(self._accumulator)]
        for previous in range(first, first + COORDINATES * (DIGITS - 2), COORDINATES):
            code.append(self._encode_sum(previous + COORDINATES, previous, first))
        return b"".join(code)

    def _encode_digit_parts(self) -> dict[str, bytes]:
        point = self._accumulator
        shift = self._encode_double(point, point) * 4
        return {
            f"{digit:x}": shift + self._encode_sum(point, point, self._table + COORDINATES * digit)
            for digit in range(DIGITS)
        }

    def _compute_base_parts(self) -> list[list[bytes]]:
        """For each place and digit the part that adds digit 16^place BASE8, whose registers are filled here."""
        parts: list[list[bytes]] = []
        machine, target = self._machine, self._base_sum
        point = machine.allot(COORDINATES)
        program = [self._encode_load(point, 0)]
        for _ in range(BASE_DIGITS):
            adding = [b""]
            first = point
            for _ in range(1, DIGITS):
                adding.append(self._encode_sum(target, target, point))
                following = machine.allot(COORDINATES)
                program.append(self._encode_sum(following, point, first))
                point = following
            parts.append(adding)
        machine.run(b"".join(program), _encode(BASE8))
        return parts

    def _encode_sum(self, target: int, left: int, right: int) -> bytes:
        """`curve.add_projective`."""
        z, xx, yy, e, f, cross = range(self._temporary, self._temporary + 6)
        x1, y1, z1 = range(left, left + COORDINATES)
        x2, y2, z2 = range(right, right + COORDINATES)
        x3, y3, z3 = range(target, target + COORDINATES)
        return b"".join(
            (
                encode_dot(z, z1, z2),
                encode_dot(xx, x1, x2),
                encode_dot(yy, y1, y2),
                encode_add(cross, x1, y1),
                encode_add(e, x2, y2),
                encode_dot(cross, cross, e),
                encode_subtract(cross, cross, xx),
                encode_subtract(cross, cross, yy),
                encode_dot(e, xx, yy),
                encode_dot(e, e, self._d),
                encode_dot(xx, xx, self._a),
                encode_subtract(yy, yy, xx),
                encode_dot(xx, z, z),
                encode_subtract(f, xx, e),
                encode_add(e, xx, e),
                encode_dot(x3, z, f),
                encode_dot(x3, x3, cross),
                encode_dot(y3, z, e),
                encode_dot(y3, y3, yy),
                encode_dot(z3, f, e),
            )
        )

    def _encode_double(self, target: int, source: int) -> bytes:
        """`curve.double_projective`."""
        b, c, d, e, f, j = range(self._temporary, self._temporary + 6)
        x1, y1, z1 = range(source, source + COORDINATES)
        x3, y3, z3 = range(target, target + COORDINATES)
        return b"".join(
            (
                encode_add(b, x1, y1),
                encode_dot(b, b, b),
                encode_dot(c, x1, x1),
                encode_dot(d, y1, y1),
                encode_dot(j, z1, z1),
                encode_subtract(b, b, c),
                encode_subtract(b, b, d),
                encode_dot(e, c, self._a),
                encode_add(f, e, d),
                encode_subtract(e, e, d),
                encode_add(j, j, j),
                encode_subtract(j, f, j),
                encode_dot(x3, b, j),
                encode_dot(y3, f, e),
                encode_dot(z3, f, j),
            )
        )

    def _encode_identity(self, target: int) -> bytes:
        zero, one = self._machine.zero, self._machine.one
        return b"".join(encode_add(target + i, zero, value) for i, value in enumerate((zero, one, one)))

    def _encode_load(self, target: int, position: int) -> bytes:
        """The affine point at inputs `position` and `position + 1`."""
        coordinates = [self._machine.encode_input(target + i, position + i) for i in range(2)]
        return b"".join((*coordinates, encode_add(target + 2, self._machine.zero, self._machine.one)))

    def _encode_store(self, source: int) -> bytes:
        return b"".join(self._machine.encode_output(i, source + i) for i in range(COORDINATES))

    def _encode_difference(self, left: int, right: int) -> bytes:
        """Outputs 0 and 1 are zero iff two points are the same: X1 Z2 - X2 Z1 and Y1 Z2 - Y2 Z1."""
        first, second = self._temporary, self._temporary + 1
        return b"".join(
            encode_dot(first, left + i, right + 2)
            + encode_dot(second, right + i, left + 2)
            + encode_subtract(i, first, second)
            for i in range(2)
        )


def _encode(*points: Point) -> bytes:
    return b"".join(coordinate.to_bytes(ELEMENT_BYTES, "little") for point in points for coordinate in point)


def _decode_projective(data: bytes) -> Projective:
    x, y, z = (int.from_bytes(data[i : i + ELEMENT_BYTES], "little") for i in range(0, len(data), ELEMENT_BYTES))
    return x, y, z
