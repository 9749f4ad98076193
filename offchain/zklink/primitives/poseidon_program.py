"""Poseidon as a program of the field machine, with sparse partial rounds (see `poseidon_parameters`)."""

from typing import TYPE_CHECKING

from zklink.primitives.machine import Machine
from zklink.primitives.machine_code import encode_add, encode_dot
from zklink.primitives.poseidon_parameters import Matrix, Vector, compute_sparse_parameters

if TYPE_CHECKING:
    from zklink.primitives.machine_llvm import Run


class Permutation:
    """Poseidon for one number of inputs: a machine with the constants, and the program."""

    __slots__ = ("_boxed", "_count", "_machine", "_program", "_scratch", "_state")

    def __init__(self, run: "Run", count: int) -> None:
        self._count = count
        self._machine = Machine(run, reserved=count)
        self._state = self._machine.allot(count + 1)
        self._boxed = self._machine.allot(count + 1)
        self._scratch = self._machine.allot(1)
        self._program = b"".join(self._encode())

    def hash_rows(self, inputs: bytes, rows: int) -> bytes:
        """Hash `rows` rows of canonical elements of 32 bytes."""
        return self._machine.run(self._program, inputs, 1, rows)

    def _encode(self) -> list[bytes]:
        parameters = compute_sparse_parameters(self._count + 1)
        machine, state = self._machine, self._state
        code = [encode_add(state, machine.zero, machine.zero)]
        code += [machine.encode_input(state + 1 + place, place) for place in range(self._count)]
        for constants, matrix in parameters.first_rounds:
            code += self._encode_full_round(constants, matrix)
        head = state
        for constant, row, column in parameters.partial_rounds:
            code += self._encode_partial_round(head, constant, [parameters.corner, *row], column)
            head = self._boxed
        code.append(encode_add(state, head, machine.zero))
        for constants, matrix in parameters.last_rounds:
            code += self._encode_full_round(constants, matrix)
        return [*code, machine.encode_output(0, state)]

    def _encode_full_round(self, constants: Vector, matrix: Matrix) -> list[bytes]:
        code: list[bytes] = []
        first = self._machine.constants(constants)
        for place in range(self._count + 1):
            code.append(encode_add(self._state + place, self._state + place, first + place))
            code += self._encode_power5(self._boxed + place, self._state + place)
        for place, row in enumerate(matrix):
            factors = self._machine.constants(row)
            code.append(encode_dot(self._state + place, self._boxed, factors, self._count + 1))
        return code

    def _encode_partial_round(self, head: int, constant: int, row: Vector, column: Vector) -> list[bytes]:
        """The head comes from one register; the following one is left in the first boxed register."""
        state, scratch = self._state, self._scratch
        code = [encode_add(scratch, head, self._machine.constants([constant]))]
        code += self._encode_power5(state, scratch)
        code.append(encode_dot(self._boxed, state, self._machine.constants(row), self._count + 1))
        factors = self._machine.constants(column)
        for place in range(self._count):
            code.append(encode_dot(scratch, factors + place, state))
            code.append(encode_add(state + 1 + place, state + 1 + place, scratch))
        return code

    def _encode_power5(self, target: int, source: int) -> list[bytes]:
        """The target is another register than the source, which keeps its value."""
        return [
            encode_dot(target, source, source),
            encode_dot(target, target, target),
            encode_dot(target, target, source),
        ]
