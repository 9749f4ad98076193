"""The field machine in lanes: the same programs on eight or sixteen rows at once, on processors with AVX-512 IFMA.

Constants are no registers here, so programs for both machines write sums and products with constants by methods of the
machine. Rows that do not fill the last group are made up by zeros. Bounds of registers are in `machine_lanes_code`.
"""

import ctypes
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from zklink.primitives.field import R
from zklink.primitives.machine_code import (
    ADD_CONSTANT,
    DOT_CONSTANTS,
    ELEMENT_BYTES,
    INSTRUCTION_BYTES,
    MULTIPLY_ADD,
    encode_constant,
)

LANES: Final = 8
SIZES: Final = (1, 2)
"""Vectors that a program works on side by side: with two, one waits for the other less often."""
BATCH_ROWS: Final = 1024
"""Rows between two chances for other threads."""
REGISTERS: Final = 256
_LIMB_BITS: Final = 52
_LIMBS: Final = 5
_RADIX_BITS: Final = _LIMBS * _LIMB_BITS
_WORD_BYTES: Final = 8
_LINE_BYTES: Final = 64

Run = Callable[..., int]


@cache
def load() -> dict[int, Run] | None:
    """The machine's code for each of SIZES; None where the processor or llvmlite lacks something, or by the switch."""
    try:
        from zklink.primitives.machine_lanes_code import ARGUMENTS, build_module
        from zklink.primitives.native.compiler import compile_code, link_code
        from zklink.primitives.native.layout import Layout, is_supported

        if not is_supported(Layout.LANES):
            return None
        names = {size: f"run{size}" for size in SIZES}
        code = compile_code(build_module(SIZES))
        functions = link_code(code, dict.fromkeys(names.values(), ARGUMENTS), keeps_lock=True)
        return {size: functions[name] for size, name in names.items()}
    except (ImportError, OSError, RuntimeError):
        return None


def is_loaded() -> bool:
    """Whether the code is compiled already."""
    return load.cache_info().currsize > 0 and load() is not None


class LanesMachine:
    """Registers that are laid out once, and constants. As `machine.Machine`, but registers keep nothing for the next
    run.
    """

    __slots__ = ("_address", "_allotted", "_constants", "_encoded", "_numbers", "_room", "_runs", "_units")

    def __init__(self, runs: dict[int, Run], reserved: int) -> None:
        """The first `reserved` registers are for inputs and outputs."""
        self._runs = runs
        self._allotted = reserved
        self._constants: list[int] = []
        self._encoded = b""
        self._room = ctypes.create_string_buffer(REGISTERS * max(SIZES) * _LIMBS * _LINE_BYTES + _LINE_BYTES)
        self._address = -(-ctypes.addressof(self._room) // _LINE_BYTES) * _LINE_BYTES
        self._units = self._add([1, _to_form(_to_form(1))])

    def allot(self, count: int) -> int:
        """The first of `count` consecutive registers that nothing else uses."""
        first = self._allotted
        self._allotted += count
        if self._allotted > REGISTERS:
            raise ValueError("the machine has no registers left")
        return first

    def constants(self, values: Iterable[int]) -> int:
        """The first of new constants that are these canonical elements."""
        return self._add([_to_form(value) for value in values])

    def encode_input(self, target: int, position: int) -> bytes:
        """Bring an input into a register."""
        return self.encode_dot_constants(target, position, self._units + 1)

    def encode_output(self, position: int, source: int) -> bytes:
        """Bring a register to an output."""
        return self.encode_dot_constants(position, source, self._units)

    def encode_add_constant(self, target: int, left: int, constant: int) -> bytes:
        """target = left + constant."""
        return encode_constant(ADD_CONSTANT, target, left, constant)

    def encode_multiply_add(self, target: int, left: int, constant: int) -> bytes:
        """target = target + left * constant."""
        return encode_constant(MULTIPLY_ADD, target, left, constant)

    def encode_dot_constants(self, target: int, left: int, constants: int, terms: int = 1) -> bytes:
        """target = the sum over `terms` of left[i] * constants[i]."""
        return encode_constant(DOT_CONSTANTS + terms, target, left, constants)

    def run(self, program: bytes, inputs: bytes, outputs: int, rows: int) -> bytes:
        """Run a program once per row of inputs; the rows' outputs, joined."""
        if rows == 0:
            return b""
        constants = self._encoded = self._encoded or _encode(self._constants)
        length, width = len(program) // INSTRUCTION_BYTES, len(inputs) // rows
        results = bytearray()
        for first in range(0, rows, BATCH_ROWS):
            count = min(BATCH_ROWS, rows - first)
            groups = -(-count // LANES)
            part = inputs[first * width : (first + count) * width]
            part += bytes((groups * LANES - count) * width)
            out = ctypes.create_string_buffer(groups * LANES * outputs * ELEMENT_BYTES)
            self._run_groups(program, length, constants, part, width, out, outputs, groups)
            results += memoryview(out)[: count * outputs * ELEMENT_BYTES]
        return bytes(results)

    def _run_groups(
        self,
        program: bytes,
        length: int,
        constants: bytes,
        inputs: bytes,
        width: int,
        out: "ctypes.Array[ctypes.c_char]",
        outputs: int,
        groups: int,
    ) -> None:
        """As many groups side by side as the machine can, then what is left."""
        code, table, source = (_find_address(part) for part in (program, constants, inputs))
        target = ctypes.addressof(out)
        for size in sorted(self._runs, reverse=True):
            count = groups // size
            if count:
                elements = width // ELEMENT_BYTES
                self._runs[size](code, length, self._address, table, source, elements, target, outputs, count)
            rows = count * size * LANES
            source, target, groups = source + rows * width, target + rows * outputs * ELEMENT_BYTES, groups % size

    def _add(self, elements: list[int]) -> int:
        first = len(self._constants)
        self._constants += elements
        self._encoded = b""
        return first


def _find_address(data: bytes) -> int:
    """Where the bytes lie, as long as the caller holds them."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def _encode(constants: list[int]) -> bytes:
    shifts = range(0, _RADIX_BITS, _LIMB_BITS)
    mask = (1 << _LIMB_BITS) - 1
    return b"".join((value >> shift & mask).to_bytes(_WORD_BYTES, "little") for value in constants for shift in shifts)


def _to_form(value: int) -> int:
    """Montgomery's form."""
    return (value << _RADIX_BITS) % R
