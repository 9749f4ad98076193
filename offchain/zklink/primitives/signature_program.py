"""The equation of EdDSA in the lanes of the field machine: each row is one signature, checked as `eddsa.verify` does.

Nothing is combined between rows and nothing left to chance, so a row holds iff the signature does, whatever torsion its
points have: S * BASE8 = R8 + 8 h A without a cofactor on the side of R8, as in the circuit.

The curve is carried over to a = -1 (x' = sqrt(-a) x, d' = -d / a), where a point is (X, Y, Z, T) with T = XY / Z, and
points of tables are (Y - X, Y + X, 2 d' T, 2 Z). -1 is a square and d' is not, so the addition is complete (Hisil,
Wong, Carter, Dawson 2008, sections 3.1 and 3.3). A digit of both scalars takes four doublings and two additions.
"""

from __future__ import annotations

from typing import Final

from zklink.primitives.curve import BASE8, A, D, Point, Projective, add_projective
from zklink.primitives.field import R
from zklink.primitives.machine_code import (
    ELEMENT_BYTES,
    ENTRY,
    encode_add,
    encode_dot,
    encode_select,
    encode_subtract,
)
from zklink.primitives.machine_lanes import LanesMachine, Run

INPUTS: Final = 6
"""The key's coordinates, those of R8, the challenge and S."""
OUTPUTS: Final = 5
DIGITS: Final = 16
PLACES: Final = 64
"""Hexadecimal digits of a scalar below R."""
IS_ZERO: Final[list[bool | None]] = [True, False, False, True, True]
"""Of a good signature: the key's residual on the curve, x of eight times the key and R8, and both differences. R8 is on
the curve if it is what the equation says.
"""
_KEY, _R8, _CHALLENGE, _S = 0, 2, 4, 5
ROOT: Final = 6360561867910373094066688120553762416144456282423235903351243436111059670888
"""A square root of -a."""

assert ROOT * ROOT % R == -A % R
_D: Final = -D * pow(A, -1, R) % R


class SignatureProgram:
    """A machine with the tables and the program."""

    def __init__(self, runs: dict[int, Run]) -> None:
        self._machine = machine = LanesMachine(runs, INPUTS)
        self._zero, self._one = machine.allot(1), machine.allot(1)
        self._root = machine.constants([ROOT, -ROOT % R])
        self._double_d = machine.constants([2 * _D % R])
        self._curve = machine.constants([A, D, R - 1])
        self._key, self._r8, self._total, self._other = (machine.allot(ENTRY) for _ in range(4))
        self._multiples, self._base = (machine.allot(DIGITS * ENTRY) for _ in range(2))
        self._temporary = machine.allot(6)
        self._chosen = machine.allot(ENTRY)
        self._residuals = machine.allot(3)
        self._program = b"".join(self._encode())

    def check(self, rows: list[tuple[Point, Point, int, int]]) -> list[bool]:
        """For each key, R8, challenge and S: whether both are on the curve and not of small order, and the equation
        holds. All numbers are canonical, S below the subgroup's order.
        """
        inputs = b"".join(
            number.to_bytes(ELEMENT_BYTES, "little")
            for key, r8, challenge, s in rows
            for number in (*key, *r8, challenge, s)
        )
        outputs = self._machine.run(self._program, inputs, OUTPUTS, len(rows))
        size = OUTPUTS * ELEMENT_BYTES
        return [_is_valid(outputs[start : start + size]) for start in range(0, len(outputs), size)]

    def _encode(self) -> list[bytes]:
        machine = self._machine
        zero = machine.constants([0])
        code = [
            machine.encode_dot_constants(self._zero, _KEY, zero),
            machine.encode_add_constant(self._one, self._zero, machine.constants([1])),
            *self._encode_point(self._key, _KEY, 1),
            *self._encode_point(self._r8, _R8, 0),
            *self._encode_curve(self._residuals, _KEY),
            *self._encode_eighth(self._other, self._r8),
            encode_add(self._residuals + 2, self._other, self._zero),
            *self._encode_eighth(self._key, self._key),
            encode_add(self._residuals + 1, self._key, self._zero),
            *self._encode_base(),
            *self._encode_multiples(),
            *self._encode_identity(self._total),
        ]
        for place in reversed(range(PLACES)):
            for with_t in (False, False, False, True):
                code += self._encode_double(self._total, self._total, with_t)
            for table, number in ((self._multiples, _CHALLENGE), (self._base, _S)):
                code.append(encode_select(self._chosen, table, number, place))
                code += self._encode_sum(self._total, self._total, self._chosen)
        return [*code, *self._encode_outputs()]

    def _encode_outputs(self) -> list[bytes]:
        """The residuals; and X - x Z, Y - y Z of the total and R8."""
        first, second = self._temporary, self._temporary + 1
        x, y, z = self._total, self._total + 1, self._total + 2
        return [
            *(self._machine.encode_output(position, self._residuals + position) for position in range(3)),
            encode_dot(first, self._r8, z),
            encode_subtract(first, first, x),
            encode_dot(second, self._r8 + 1, z),
            encode_subtract(second, second, y),
            self._machine.encode_output(3, first),
            self._machine.encode_output(4, second),
        ]

    def _encode_point(self, target: int, position: int, sign: int) -> list[bytes]:
        """The affine point of two inputs, or its negative."""
        machine, (x, y, z, t) = self._machine, range(target, target + ENTRY)
        return [
            machine.encode_input(x, position),
            machine.encode_dot_constants(x, x, self._root + sign),
            machine.encode_input(y, position + 1),
            encode_add(z, self._one, self._zero),
            encode_dot(t, x, y),
        ]

    def _encode_curve(self, target: int, position: int) -> list[bytes]:
        """a x^2 + y^2 - 1 - d x^2 y^2 of two inputs."""
        machine = self._machine
        xx, yy, product = range(self._temporary, self._temporary + 3)
        return [
            machine.encode_input(xx, position),
            encode_dot(xx, xx, xx),
            machine.encode_input(yy, position + 1),
            encode_dot(yy, yy, yy),
            encode_dot(product, xx, yy),
            machine.encode_dot_constants(product, product, self._curve + 1),
            machine.encode_dot_constants(xx, xx, self._curve),
            encode_add(xx, xx, yy),
            encode_subtract(xx, xx, product),
            machine.encode_add_constant(target, xx, self._curve + 2),
        ]

    def _encode_eighth(self, target: int, source: int) -> list[bytes]:
        """Eight times a point."""
        return [
            *self._encode_double(target, source, False),
            *self._encode_double(target, target, False),
            *self._encode_double(target, target, True),
        ]

    def _encode_base(self) -> list[bytes]:
        """The table of BASE8's multiples."""
        code = []
        for digit in range(DIGITS):
            numbers = self._machine.constants(compute_entry(digit))
            code += [
                self._machine.encode_add_constant(self._base + ENTRY * digit + part, self._zero, numbers + part)
                for part in range(ENTRY)
            ]
        return code

    def _encode_multiples(self) -> list[bytes]:
        """The table of the multiples of the key's point."""
        first = self._multiples + ENTRY
        code = [
            *self._encode_identity(self._other),
            *self._encode_entry(self._multiples, self._other),
            *self._encode_entry(first, self._key),
            *(encode_add(self._other + part, self._key + part, self._zero) for part in range(ENTRY)),
        ]
        for digit in range(2, DIGITS):
            code += self._encode_sum(self._other, self._other, first)
            code += self._encode_entry(self._multiples + ENTRY * digit, self._other)
        return code

    def _encode_entry(self, target: int, point: int) -> list[bytes]:
        """A point as tables have it."""
        x, y, z, t = range(point, point + ENTRY)
        return [
            encode_subtract(target, y, x),
            encode_add(target + 1, y, x),
            self._machine.encode_dot_constants(target + 2, t, self._double_d),
            encode_add(target + 3, z, z),
        ]

    def _encode_identity(self, target: int) -> list[bytes]:
        values = self._zero, self._one, self._one, self._zero
        return [encode_add(target + part, value, self._zero) for part, value in enumerate(values)]

    def _encode_sum(self, target: int, left: int, entry: int) -> list[bytes]:
        """A point and an entry of a table: add-2008-hwcd-3."""
        a, b, c, d, e, f = range(self._temporary, self._temporary + 6)
        x, y, z, t = range(left, left + ENTRY)
        return [
            encode_subtract(a, y, x),
            encode_add(b, y, x),
            encode_dot(a, a, entry),
            encode_dot(b, b, entry + 1),
            encode_dot(c, t, entry + 2),
            encode_dot(d, z, entry + 3),
            encode_subtract(e, b, a),
            encode_subtract(f, d, c),
            encode_add(d, d, c),
            encode_add(b, b, a),
            encode_dot(target, e, f),
            encode_dot(target + 1, d, b),
            encode_dot(target + 2, f, d),
            encode_dot(target + 3, e, b),
        ]

    def _encode_double(self, target: int, source: int, with_t: bool) -> list[bytes]:
        """Twice a point: dbl-2008-hwcd with a = -1, all coordinates of the other sign."""
        a, b, c, d, e, f = range(self._temporary, self._temporary + 6)
        x, y, z, _ = range(source, source + ENTRY)
        code = [
            encode_add(e, x, y),
            encode_dot(a, x, x),
            encode_dot(b, y, y),
            encode_dot(c, z, z),
            encode_dot(e, e, e),
            encode_add(d, a, b),
            encode_subtract(e, e, d),
            encode_subtract(f, b, a),
            encode_add(c, c, c),
            encode_subtract(c, c, f),
            encode_dot(target, e, c),
            encode_dot(target + 1, f, d),
            encode_dot(target + 2, c, f),
        ]
        return [*code, encode_dot(target + 3, e, d)] if with_t else code


def compute_entry(digit: int) -> list[int]:
    """A multiple of BASE8 as tables have it, with Z = 1."""
    point: Projective = (0, 1, 1)
    for _ in range(digit):
        point = add_projective(point, (*BASE8, 1))
    inverse = pow(point[2], -1, R)
    x, y = point[0] * inverse * ROOT % R, point[1] * inverse % R
    return [(y - x) % R, (y + x) % R, 2 * _D * x * y % R, 2]


def _is_valid(outputs: bytes) -> bool:
    zero = bytes(ELEMENT_BYTES)
    starts = range(0, len(outputs), ELEMENT_BYTES)
    return all(
        (outputs[start : start + ELEMENT_BYTES] == zero) is right
        for start, right in zip(starts, IS_ZERO, strict=True)
        if right is not None
    )
