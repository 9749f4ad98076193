"""Names of chains, accounts and assets in forms that others read: CAIP-2, CAIP-10, CAIP-19 and ERC-7930.

The layer-2 ledger is a chain of its own there: namespace `zklink`, reference the first 16 bytes of the deployment hash.
"""

from typing import Final

from eth_utils import to_checksum_address

from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import AccountId, TokenId

SLIP44: Final = {"ETH": 60, "POL": 966, "BNB": 714, "AVAX": 9005, "SOL": 501}
"""Coin types (SLIP-0044) of native coins by symbol; any other one is named like Ether."""

ERC7930_EIP155: Final = "00010000"
"""Version 1, chain type eip155."""


def find_coin_type(native_symbol: str) -> int:
    """The type of a coin in SLIP-0044."""
    return SLIP44.get(native_symbol, SLIP44["ETH"])


def name_ledger(deployment_hash: bytes) -> str:
    """The layer-2 ledger in CAIP-2."""
    return f"zklink:{deployment_hash[:16].hex()}"


def name_account(deployment_hash: bytes, account: AccountId) -> str:
    """An account of layer 2 in CAIP-10."""
    return f"{name_ledger(deployment_hash)}:{account}"


def name_token(deployment_hash: bytes, token: TokenId) -> str:
    """A layer-2 token in CAIP-19."""
    return f"{name_ledger(deployment_hash)}/token:{token}"


def encode_interop(evm_chain_id: int, address: str) -> str:
    """An EVM address on a chain in ERC-7930's binary form, hexadecimal."""
    reference = evm_chain_id.to_bytes((evm_chain_id.bit_length() + 7) // 8 or 1, "big")
    return f"0x{ERC7930_EIP155}{len(reference):02x}{reference.hex()}14{address.removeprefix('0x').lower()}"


def decode_interop(field: str, text: str) -> tuple[int, str]:
    """(EIP-155 chain, checksummed address) of an ERC-7930 address. Raises RequestRefused."""
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
        head, rest = data[:4], data[4:]
        length = rest[0]
        reference, rest = rest[1 : 1 + length], rest[1 + length :]
        address = rest[1:]
        if head.hex() != ERC7930_EIP155 or len(reference) != length or length > 8 or rest[0] != len(address):
            raise ValueError
        if not length or len(address) != 20:
            raise ValueError
    except (ValueError, IndexError):
        raise RequestRefused(
            "invalid_request", f"{field} must be an EVM address in ERC-7930 form, with its chain", {"field": field}
        ) from None
    return int.from_bytes(reference, "big"), str(to_checksum_address(address))
