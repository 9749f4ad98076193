"""Public data words of 248 bits (docs/protocol.md, section 4).

Takes named fields and gives one integer, or the other way round; both directions refuse anything that is not exactly
one value of the layout.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zklink.protocol.errors import FieldMismatch, FieldOutOfRange, UnusedBitsSet
from zklink.protocol.ids import (
    ADDRESS_HI_BITS,
    AMOUNT_BITS,
    CHAIN_BITS,
    REQUEST_ID_BITS,
    TIME_BITS,
    TOKEN_BITS,
    WORD_BITS,
)

KIND_BITS: Final = 8
ZERO: Final = ""
"""Name of a run of bits that is always zero."""


@dataclass(frozen=True, slots=True)
class Field:
    """`bits` bits called `name`, whose lowest bit is bit `shift` of the word."""

    name: str
    bits: int
    shift: int

    @property
    def mask(self) -> int:
        """The field's largest value."""
        return (1 << self.bits) - 1


class Layout:
    """The fields of one word, most significant first; fields called ZERO are always zero."""

    __slots__ = ("_unused", "fields", "name")

    def __init__(self, name: str, *fields: tuple[str, int]) -> None:
        total = sum(bits for _, bits in fields)
        if total != WORD_BITS:
            raise ValueError(f"{name} has {total} bits, not {WORD_BITS}")
        self.name = name
        self.fields = tuple(field for field in _place(fields) if field.name != ZERO)
        used = sum(field.mask << field.shift for field in self.fields)
        self._unused = ~used

    def pack(self, **values: int) -> int:
        """Concatenate the fields; FieldMismatch or FieldOutOfRange unless every one is given and fits."""
        names = {field.name for field in self.fields}
        if names != values.keys():
            raise FieldMismatch(self.name, tuple(sorted(names - values.keys())), tuple(sorted(values.keys() - names)))
        word = 0
        for field in self.fields:
            value = values[field.name]
            if not 0 <= value <= field.mask:
                raise FieldOutOfRange(self.name, field.name, value, field.bits)
            word |= value << field.shift
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """Split a word into its fields; UnusedBitsSet if a zero bit is set or the word is too long."""
        if word & self._unused:
            raise UnusedBitsSet(self.name, word)
        return {field.name: (word >> field.shift) & field.mask for field in self.fields}


def _place(fields: tuple[tuple[str, int], ...]) -> Iterator[Field]:
    shift = WORD_BITS
    for name, bits in fields:
        shift -= bits
        yield Field(name, bits, shift)


SWAP_REQUEST_LAYOUTS: Final = (
    Layout(
        "swap_request_0",
        ("kind", KIND_BITS),
        ("source", CHAIN_BITS),
        ("destination", CHAIN_BITS),
        ("request_id", REQUEST_ID_BITS),
        ("token_in", TOKEN_BITS),
        ("token_out", TOKEN_BITS),
        (ZERO, 16),
        ("amount", AMOUNT_BITS),
    ),
    Layout(
        "swap_request_1",
        (ZERO, 8),
        ("min_out", AMOUNT_BITS),
        ("operator_fee", AMOUNT_BITS),
        ("recipient_hi", ADDRESS_HI_BITS),
        ("sender_hi", ADDRESS_HI_BITS),
    ),
    Layout(
        "swap_request_2",
        (ZERO, 56),
        ("fill_fee", AMOUNT_BITS),
        ("deadline", TIME_BITS),
        ("queued_at", TIME_BITS),
    ),
    Layout("swap_request_3", ("recipient_lo", WORD_BITS)),
    Layout("swap_request_4", ("sender_lo", WORD_BITS)),
)
"""The five words of a swap request, w0..w4."""

SWAP_PAYOUT_LAYOUTS: Final = (
    Layout(
        "swap_payout_0",
        ("kind", KIND_BITS),
        ("source", CHAIN_BITS),
        ("chain", CHAIN_BITS),
        ("request_id", REQUEST_ID_BITS),
        ("token", TOKEN_BITS),
        (ZERO, 32),
        ("amount", AMOUNT_BITS),
    ),
    Layout("swap_payout_1", ("recipient_lo", WORD_BITS)),
    Layout("swap_payout_2", (ZERO, 128), ("recipient_hi", ADDRESS_HI_BITS), ("fill_fee", AMOUNT_BITS)),
)
"""The three words of a swap payout, p0..p2, for both outcomes."""

REQUEST_WORDS: Final = len(SWAP_REQUEST_LAYOUTS)
PAYOUT_WORDS: Final = len(SWAP_PAYOUT_LAYOUTS)
SLOT_WORDS: Final = REQUEST_WORDS + PAYOUT_WORDS
EMPTY_SLOT: Final = (0,) * SLOT_WORDS
