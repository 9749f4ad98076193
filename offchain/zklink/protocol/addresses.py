"""Universal addresses: 32 bytes, split in two for words of 248 bits (docs/protocol.md, section 1)."""

from typing import Final

from zklink.protocol.errors import WrongAddressLength
from zklink.protocol.ids import MAX_CHAINS, WORD_BITS, WORD_LIMIT, AddressFormat, ChainId

ADDRESS_BYTES: Final = 32
EVM_ADDRESS_BYTES: Final = 20
ZERO_ADDRESS: Final = bytes(ADDRESS_BYTES)
"""The zero address: never an owner or a recipient."""

_EVM_PADDING: Final = bytes(ADDRESS_BYTES - EVM_ADDRESS_BYTES - 1)


def bind_owner(owner: bytes, chain: ChainId) -> bytes:
    """The owner with the same 20 bytes, bound to an EVM chain; ValueError for anything but an unbound EVM address."""
    if find_bound_chain(owner) != 0 or not 1 <= chain <= MAX_CHAINS:
        raise ValueError(f"{owner.hex()} cannot be bound to chain {chain}")
    return bytes([chain]) + owner[1:]


def find_bound_chain(owner: bytes) -> int | None:
    """The chain that an EVM address is bound to, 0 for an unbound one; None for an address of 32 bytes."""
    is_evm = owner[1:].startswith(_EVM_PADDING) and any(owner[-EVM_ADDRESS_BYTES:]) and owner[0] <= MAX_CHAINS
    return owner[0] if is_evm and len(owner) == ADDRESS_BYTES else None


def name_on(address: bytes, address_format: AddressFormat, chain: ChainId) -> bytes:
    """The name that a universal address has on `chain`, whose addresses have this format: on an EVM chain without the
    byte that binds it; empty if the chain has no account of this name (docs/protocol.md, section 1).
    """
    bound = find_bound_chain(address)
    if address_format == AddressFormat.EVM:
        return ZERO_ADDRESS[:1] + address[1:] if bound in (0, chain) else b""
    return address if len(address) == ADDRESS_BYTES and address != ZERO_ADDRESS and bound is None else b""


def is_recipient(address: bytes, address_format: AddressFormat, chain: ChainId) -> bool:
    """Whether `chain`, whose addresses have this format, has an account of this name (docs/protocol.md, section 1)."""
    return name_on(address, address_format, chain) != b""


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
