"""Instructions of the field machine: sums, differences and dot products of registers that hold field elements.

Programs are plain bytes and are joined like bytes. They have no branches: the code that joins the parts makes every
decision that depends on data, such as the digits of a scalar.
"""

import struct
from typing import Final

FIELD_BITS: Final = 16
"""An instruction is four numbers of 16 bits: operation, target, left and right register."""

ELEMENT_BYTES: Final = 32

ADD: Final = 0
SUBTRACT: Final = 0xFFFF
MAX_TERMS: Final = 17
"""An operation that is neither of the two is a dot product of 1 to 17 terms, i.e. of so many consecutive registers."""

ADD_CONSTANT: Final = 0x100
MULTIPLY_ADD: Final = 0x101
DOT_CONSTANTS: Final = 0x200
"""Of the machine in lanes alone, whose constants are no registers: the right operand is a constant, the first of as
many as the operation exceeds DOT_CONSTANTS by.
"""
SELECT: Final = 0x102
"""Of the machine in lanes alone: each lane takes its own entry of a table, by a hexadecimal digit of its own number."""
ENTRY: Final = 4
"""Registers of an entry."""
DIGIT_BITS: Final = 4

_pack = struct.Struct("<4H").pack
INSTRUCTION_BYTES: Final = 8


def encode_add(target: int, left: int, right: int) -> bytes:
    """target = left + right."""
    return _pack(ADD, target, left, right)


def encode_subtract(target: int, left: int, right: int) -> bytes:
    """target = left - right."""
    return _pack(SUBTRACT, target, left, right)


def encode_dot(target: int, left: int, right: int, terms: int = 1) -> bytes:
    """target = the sum over `terms` of left[i] * right[i]; with one term, which is the default, a product."""
    if not 1 <= terms <= MAX_TERMS:
        raise ValueError(f"a dot product has 1 to {MAX_TERMS} terms")
    return _pack(terms, target, left, right)


def encode_select(target: int, table: int, number: int, place: int) -> bytes:
    """The ENTRY registers from `target` = entry d of a table of sixteen, d being the hexadecimal digit of an input at
    `place`, 0 for the lowest. The input must be as it came.
    """
    return _pack(SELECT, target, table, number << 8 | place)


def encode_constant(operation: int, target: int, left: int, right: int) -> bytes:
    """An instruction of the machine in lanes whose right operand is a constant."""
    return _pack(operation, target, left, right)
