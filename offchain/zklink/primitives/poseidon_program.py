"""Poseidon as a program of a field machine, with sparse partial rounds (see `poseidon_parameters`)."""

from typing import Protocol

from zklink.primitives.machine_code import encode_dot
from zklink.primitives.poseidon_parameters import Matrix, Vector, compute_sparse_parameters


class ProgramMachine(Protocol):
    """What a program asks of a machine; see `machine.Machine`."""

    def allot(self, count: int) -> int: ...
    def constants(self, values: Vector) -> int: ...
    def encode_input(self, target: int, position: int) -> bytes: ...
    def encode_output(self, position: int, source: int) -> bytes: ...
    def encode_add_constant(self, target: int, left: int, constant: int) -> bytes: ...
    def encode_multiply_add(self, target: int, left: int, constant: int) -> bytes: ...
    def encode_dot_constants(self, target: int, left: int, constants: int, terms: int = 1) -> bytes: ...
    def run(self, program: bytes, inputs: bytes, outputs: int, rows: int) -> bytes: ...


class Permutation:
    """Poseidon for one number of inputs: a machine with the constants, and the program."""

    __slots__ = ("_boxed", "_count", "_machine", "_program", "_scratch", "_state")

    def __init__(self, machine: ProgramMachine, count: int) -> None:
        """A machine with `count` reserved registers that is used for nothing else."""
        self._count = count
        self._machine = machine
        self._state = machine.allot(count + 1)
        self._boxed = machine.allot(count + 1)
        self._scratch = machine.allot(1)
        self._program = b"".join(self._encode())

    def hash_rows(self, inputs: bytes, rows: int) -> bytes:
        """Hash `rows` rows of canonical elements of 32 bytes."""
        return self._machine.run(self._program, inputs, 1, rows)

    def _encode(self) -> list[bytes]:
        parameters = compute_sparse_parameters(self._count + 1)
        machine, state = self._machine, self._state
        zero = machine.constants([0])
        code = [machine.encode_input(state + 1 + place, place) for place in range(self._count)]
        code.append(machine.encode_dot_constants(state, state + 1, zero))
        for constants, matrix in parameters.first_rounds:
            code += self._encode_full_round(constants, matrix)
        head = state
        for constant, row, column in parameters.partial_rounds:
            code += self._encode_partial_round(head, constant, [parameters.corner, *row], column)
            head = self._boxed
        code.append(machine.encode_add_constant(state, head, zero))
        for constants, matrix in parameters.last_rounds:
            code += self._encode_full_round(constants, matrix)
        return [*code, machine.encode_output(0, state)]

    def _encode_full_round(self, constants: Vector, matrix: Matrix) -> list[bytes]:
        code: list[bytes] = []
        machine = self._machine
        first = machine.constants(constants)
        for place in range(self._count + 1):
            code.append(machine.encode_add_constant(self._state + place, self._state + place, first + place))
            code += self._encode_power5(self._boxed + place, self._state + place)
        for place, row in enumerate(matrix):
            factors = machine.constants(row)
            code.append(machine.encode_dot_constants(self._state + place, self._boxed, factors, self._count + 1))
        return code

    def _encode_partial_round(self, head: int, constant: int, row: Vector, column: Vector) -> list[bytes]:
        """The head comes from one register; the following one is left in the first boxed register."""
        machine, state, scratch = self._machine, self._state, self._scratch
        code = [machine.encode_add_constant(scratch, head, machine.constants([constant]))]
        code += self._encode_power5(state, scratch)
        code.append(machine.encode_dot_constants(self._boxed, state, machine.constants(row), self._count + 1))
        factors = machine.constants(column)
        return code + [
            machine.encode_multiply_add(state + 1 + place, state, factors + place) for place in range(self._count)
        ]

    def _encode_power5(self, target: int, source: int) -> list[bytes]:
        """The target is another register than the source, which keeps its value."""
        return [
            encode_dot(target, source, source),
            encode_dot(target, target, target),
            encode_dot(target, target, source),
        ]
