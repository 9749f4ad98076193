"""Which instructions sBPF v3 runs as BPF means them. Takes linked code; refuses what means another thing or nothing."""

import struct
from typing import Final

from zklink.protocol.errors import ProgramNotLinked

_WIDE_LOAD: Final = 0x18
_EXIT: Final = 0x95
_ALU32, _ALU64, _LOAD, _STORE_REGISTER = 4, 7, 1, 3
_SIGN_EXTENDED: Final = (0x04, 0x0C, 0x14, 0x1C, 0x24, 0x2C)
"""Sums, differences and products of 32 bits: sBPF extends their sign, BPF does not."""
_MODE: Final = 0xE0
_ATOMIC: Final = 0xC0
_SIGNED_LOAD: Final = 0x80


def check_instructions(code: bytearray) -> None:
    """Refuses what a compiler gives only with another -mcpu than v2; puts an exit into the gaps between sections.
    Raises ProgramNotLinked.
    """
    at = 0
    while at < len(code):
        operation, registers, offset, immediate = struct.unpack_from("<BBhi", code, at)
        kind = operation & 7
        if operation == _WIDE_LOAD:
            at += 16
            continue
        if (operation, registers, offset, immediate) == (0, 0, 0, 0):
            struct.pack_into("<BBhi", code, at, _EXIT, 0, 0, 0)
        elif kind == _STORE_REGISTER and operation & _MODE == _ATOMIC:
            raise ProgramNotLinked(f"an atomic at {at:#x}")
        elif kind == _LOAD and operation & _MODE == _SIGNED_LOAD:
            raise ProgramNotLinked(f"a load with sign at {at:#x}: compile with -mcpu=v2")
        elif operation in _SIGN_EXTENDED:
            raise ProgramNotLinked(f"arithmetic of 32 bits at {at:#x}: compile with -mcpu=v2")
        elif offset and kind in (_ALU32, _ALU64):
            raise ProgramNotLinked(f"arithmetic of -mcpu=v4 at {at:#x}: compile with -mcpu=v2")
        at += 8
