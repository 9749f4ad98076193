"""The orders that a user signs for the entry contract of a chain (EIP-712), which anybody may bring there.

Takes field names and types once, gives the texts that Permit2 wants for a witness, the type hashes, and the nonce of an
EIP-3009 authorization, which is the hash of its order. What an order says is in docs/protocol.md, section 8.
"""

from typing import Final

from zklink.primitives.keccak import keccak256, keccak_words

Fields = tuple[tuple[str, str], ...]
"""Name and type of each field, in order."""

RELAY_FIELDS: Final[Fields] = (("relayerFee", "uint256"), ("relayer", "address"))
"""What the signer leaves to whoever brings the order, in units of the token's contract, and who that must be; zero:
anybody.
"""

SWAP_FIELDS: Final[Fields] = (
    ("tokenIn", "uint16"),
    ("l1Amount", "uint256"),
    ("destination", "uint8"),
    ("tokenOut", "uint16"),
    ("via", "uint16"),
    ("minOut", "uint112"),
    ("operatorFee", "uint112"),
    ("fillFee", "uint112"),
    ("recipient", "bytes32"),
    ("refundTo", "address"),
    ("deadline", "uint40"),
    *RELAY_FIELDS,
)
DEPOSIT_FIELDS: Final[Fields] = (
    ("tokenId", "uint16"),
    ("l1Amount", "uint256"),
    ("owner", "bytes32"),
    ("account", "uint32"),
    ("refundTo", "address"),
    *RELAY_FIELDS,
)
PERMISSION_FIELDS: Final[Fields] = (("token", "address"), ("amount", "uint256"))

SWAP_NAME: Final = "SwapOrder"
DEPOSIT_NAME: Final = "DepositOrder"


def render_type(name: str, fields: Fields) -> str:
    """A struct as EIP-712 writes it."""
    return f"{name}({','.join(f'{kind} {field}' for field, kind in fields)})"


def render_witness(name: str, fields: Fields) -> str:
    """What Permit2 appends to its own type for an order of this kind."""
    permissions = render_type("TokenPermissions", PERMISSION_FIELDS)
    return f"{name} witness){render_type(name, fields)}{permissions}"


SWAP_WITNESS: Final = render_witness(SWAP_NAME, SWAP_FIELDS)
DEPOSIT_WITNESS: Final = render_witness(DEPOSIT_NAME, DEPOSIT_FIELDS)
SWAP_ORDER_TYPE_HASH: Final = keccak256(render_type(SWAP_NAME, SWAP_FIELDS).encode())
DEPOSIT_ORDER_TYPE_HASH: Final = keccak256(render_type(DEPOSIT_NAME, DEPOSIT_FIELDS).encode())


def compute_authorization_nonce(evm_chain_id: int, entry: bytes, bridge: bytes, order_hash: bytes) -> bytes:
    """The nonce of the authorization that belongs to an order: it binds the order to one entry contract.

    `entry` and `bridge` are the 20 bytes of the addresses, `order_hash` the order's EIP-712 struct hash.
    """
    return keccak_words(evm_chain_id, int.from_bytes(entry, "big"), int.from_bytes(bridge, "big"), order_hash)
