"""Universal addresses: 32 bytes, split in two for words of 248 bits (docs/protocol.md, section 1)."""

from typing import Final

from zklink.protocol.errors import WrongAddressLength
from zklink.protocol.ids import WORD_BITS, WORD_LIMIT

ADDRESS_BYTES: Final = 32
ZERO_ADDRESS: Final = bytes(ADDRESS_BYTES)
"""The zero address: never an owner, a recipient or a sender."""


def split_address(what: str, address: bytes) -> tuple[int, int]:
    """The top 8 and the low 248 bits of a universal address."""
    if len(address) != ADDRESS_BYTES:
        raise WrongAddressLength(what, len(address))
    return split_number(int.from_bytes(address, "big"))


def join_address(hi: int, lo: int) -> bytes:
    """The universal address with these top 8 and low 248 bits."""
    return (hi << WORD_BITS | lo).to_bytes(ADDRESS_BYTES, "big")


def split_number(value: int) -> tuple[int, int]:
    """The top and the low 248 bits of a number of 256 bits."""
    return value >> WORD_BITS, value % WORD_LIMIT
