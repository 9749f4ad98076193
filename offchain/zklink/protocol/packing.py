"""Operator fees of signed operations in 16 bits (docs/protocol.md, section 1).

A packed fee is an exponent (5 bits) and a mantissa (11 bits), worth mantissa * 10^exponent, below 2^112. Signers write
the smallest exponent that represents the value; readers take every form.
"""

from typing import Final

from zklink.protocol.errors import FeeNotPackable, FieldOutOfRange
from zklink.protocol.ids import (
    AMOUNT_BITS,
    AMOUNT_LIMIT,
    FEE_EXPONENT_BITS,
    FEE_MANTISSA_BITS,
    PACKED_FEE_BITS,
    Amount,
)

BASE: Final = 10
MANTISSA_LIMIT: Final = 1 << FEE_MANTISSA_BITS
EXPONENT_LIMIT: Final = 1 << FEE_EXPONENT_BITS


def pack_fee(value: int) -> int:
    """The canonical packed form; FieldOutOfRange if it is no amount, FeeNotPackable (names the nearest) otherwise."""
    if not 0 <= value < AMOUNT_LIMIT:
        raise FieldOutOfRange("fee", "value", value, AMOUNT_BITS)
    exponent, mantissa = 0, value
    while mantissa >= MANTISSA_LIMIT:
        exponent += 1
        mantissa //= BASE
    below = mantissa * BASE**exponent
    if below != value:
        above = -(-(mantissa + 1) // BASE) * BASE if mantissa + 1 == MANTISSA_LIMIT else mantissa + 1
        above *= BASE**exponent
        raise FeeNotPackable(value, below, above if above < AMOUNT_LIMIT else None)
    return exponent << FEE_MANTISSA_BITS | mantissa


def unpack_fee(packed: int) -> Amount:
    """The value of a packed fee; FieldOutOfRange unless it has 16 bits and is worth less than 2^112."""
    if not 0 <= packed < 1 << PACKED_FEE_BITS:
        raise FieldOutOfRange("fee", "packed", packed, PACKED_FEE_BITS)
    exponent, mantissa = split_fee(packed)
    value = mantissa * BASE**exponent
    if value >= AMOUNT_LIMIT:
        raise FieldOutOfRange("fee", "value", value, AMOUNT_BITS)
    return Amount(value)


def split_fee(packed: int) -> tuple[int, int]:
    """(exponent, mantissa) of a packed fee."""
    return packed >> FEE_MANTISSA_BITS, packed % MANTISSA_LIMIT


def compute_nearest_fee(value: int) -> Amount:
    """The largest fee up to `value` that can be packed."""
    try:
        return unpack_fee(pack_fee(value))
    except FeeNotPackable as error:
        return Amount(error.below)


def round_up_fee(value: int) -> Amount:
    """The smallest fee from `value` on that can be packed; FieldOutOfRange if there is none."""
    try:
        return unpack_fee(pack_fee(value))
    except FeeNotPackable as error:
        if error.above is None:
            raise FieldOutOfRange("fee", "value", value, AMOUNT_BITS) from error
        return Amount(error.above)
