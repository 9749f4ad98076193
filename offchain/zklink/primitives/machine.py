"""The field machine: registers of BN254 scalars and straight-line programs over them (see `machine_code`).

It makes Poseidon and signatures fast: programs are written in Python and run in machine code. Where LLVM cannot be
loaded there is no machine, and its users compute the same with Python's integers, some twenty times slower.
"""

import ctypes
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from zklink.primitives.field import R
from zklink.primitives.machine_code import ELEMENT_BYTES, INSTRUCTION_BYTES, encode_add, encode_dot

if TYPE_CHECKING:
    from zklink.primitives.machine_llvm import Run

REGISTERS: Final = 8192
BATCH_ROWS: Final = 256
"""Rows between two chances for other threads."""


@cache
def load() -> "Run | None":
    """The machine's code, or None where llvmlite is missing or does not know this processor."""
    try:
        from zklink.primitives.machine_llvm import compile_run

        return compile_run()
    except (ImportError, OSError, RuntimeError):
        return None


class Machine:
    """Registers that are laid out once, with constants, and keep what programs leave in them.

    The first registers are the inputs and outputs of each run: canonical elements of 32 bytes, little-endian. A program
    begins by bringing its inputs into the machine's form and ends by bringing its outputs back.
    """

    __slots__ = ("_address", "_allotted", "_registers", "_run", "_scratch", "_unit", "one", "zero")

    def __init__(self, run: "Run", reserved: int) -> None:
        """The first `reserved` registers are for inputs and outputs."""
        self._run = run
        self._registers = ctypes.create_string_buffer(REGISTERS * ELEMENT_BYTES)
        self._address = ctypes.addressof(self._registers)
        self._allotted = reserved
        self._unit = self.allot(2)
        self._write(self._unit, [1, _to_form(_to_form(1))])
        self._scratch = self.allot(1)
        self.zero, self.one = self.constants([0]), self.constants([1])

    def allot(self, count: int) -> int:
        """The first of `count` consecutive registers that nothing else uses; they hold 0."""
        first = self._allotted
        self._allotted += count
        if self._allotted > REGISTERS:
            raise ValueError("the machine has no registers left")
        return first

    def constants(self, values: Iterable[int]) -> int:
        """The first of new registers that hold these canonical elements."""
        elements = [_to_form(value) for value in values]
        first = self.allot(len(elements))
        self._write(first, elements)
        return first

    def encode_input(self, target: int, position: int) -> bytes:
        """Bring an input into a register."""
        return encode_dot(target, position, self._unit + 1)

    def encode_output(self, position: int, source: int) -> bytes:
        """Bring a register to an output."""
        return encode_dot(position, source, self._unit)

    def encode_add_constant(self, target: int, left: int, constant: int) -> bytes:
        """target = left + constant."""
        return encode_add(target, left, constant)

    def encode_multiply_add(self, target: int, left: int, constant: int) -> bytes:
        """target = target + left * constant."""
        return encode_dot(self._scratch, left, constant) + encode_add(target, target, self._scratch)

    def encode_dot_constants(self, target: int, left: int, constants: int, terms: int = 1) -> bytes:
        """target = the sum over `terms` of left[i] * constants[i]."""
        return encode_dot(target, left, constants, terms)

    def run(self, program: bytes, inputs: bytes = b"", outputs: int = 0, rows: int = 1) -> bytes:
        """Run a program once per row of inputs; the rows' outputs, joined."""
        if rows == 0:
            return b""
        length = len(program) // INSTRUCTION_BYTES
        results = ctypes.create_string_buffer(rows * outputs * ELEMENT_BYTES)
        address = ctypes.addressof(results)
        width = len(inputs) // rows
        for first in range(0, rows, BATCH_ROWS):
            count = min(BATCH_ROWS, rows - first)
            part = inputs if count == rows else inputs[first * width : (first + count) * width]
            place = address + first * outputs * ELEMENT_BYTES
            self._run(program, length, self._address, part, width // ELEMENT_BYTES, place, outputs, count)
        return results.raw

    def _write(self, first: int, elements: list[int]) -> None:
        data = b"".join(element.to_bytes(ELEMENT_BYTES, "little") for element in elements)
        ctypes.memmove(self._address + first * ELEMENT_BYTES, data, len(data))


def _to_form(value: int) -> int:
    """Montgomery's form."""
    return (value << 8 * ELEMENT_BYTES) % R
