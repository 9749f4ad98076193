"""Orders that are signed for the entry contract of a chain: by Permit2 with the order as witness, or by an EIP-3009
authorization whose nonce is the order's hash.

Takes an order, who signs, what is left to the relayer and where the entry stands; gives what a wallet signs (EIP-712).
Never sends a transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_canonical_address, to_checksum_address

from zklink.l1.contracts.bridge_structs import NO_ADDRESS, DepositOrder, SwapOrder
from zklink.l1.contracts.permits import Domain
from zklink.primitives.keccak import keccak_words
from zklink.protocol.entry_orders import (
    DEPOSIT_FIELDS,
    DEPOSIT_NAME,
    DEPOSIT_ORDER_TYPE_HASH,
    PERMISSION_FIELDS,
    SWAP_FIELDS,
    SWAP_NAME,
    SWAP_ORDER_TYPE_HASH,
    Fields,
    compute_authorization_nonce,
)

Order = SwapOrder | DepositOrder

_PERMIT2_FIELDS: Final[Fields] = (
    ("permitted", "TokenPermissions"),
    ("spender", "address"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
_AUTHORIZATION_FIELDS: Final[Fields] = (
    ("from", "address"),
    ("to", "address"),
    ("value", "uint256"),
    ("validAfter", "uint256"),
    ("validBefore", "uint256"),
    ("nonce", "bytes32"),
)


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """An entry contract, its bridge and Permit2 on a chain; `evm_chain_id` is the EIP-155 id."""

    evm_chain_id: int
    entry: str
    bridge: str
    permit2: str = NO_ADDRESS


@dataclass(frozen=True, slots=True)
class Relay:
    """What the signer leaves to whoever brings the order, in units of the token's contract on top of the order's
    amount, and who that must be; NO_ADDRESS: anybody.
    """

    relayer_fee: int = 0
    relayer: str = NO_ADDRESS

    def abi(self) -> tuple[object, ...]:
        """The tuple that the entry takes."""
        return (self.relayer_fee, to_checksum_address(self.relayer))


@dataclass(frozen=True, slots=True)
class TypedData:
    """What a wallet signs (EIP-712)."""

    domain: Domain
    types: Mapping[str, list[dict[str, str]]]
    message: Mapping[str, Any]

    def sign(self, account: LocalAccount) -> bytes:
        """r, s and v, 65 bytes."""
        return bytes(account.sign_typed_data(dict(self.domain), dict(self.types), dict(self.message)).signature)


def hash_order(order: Order, signer: str, relay: Relay) -> bytes:
    """The order's EIP-712 struct hash, 32 bytes."""
    type_hash = SWAP_ORDER_TYPE_HASH if isinstance(order, SwapOrder) else DEPOSIT_ORDER_TYPE_HASH
    return keccak_words(type_hash, *map(_as_word, (*order.abi(signer), *relay.abi())))


def build_permit2_data(
    place: EntryPlace, token: str, order: Order, signer: str, relay: Relay, nonce: int, deadline: int
) -> TypedData:
    """What the signer of an order signs for Permit2. `nonce` is any that the signer has not used there, `deadline` the
    last second (UNIX) in which the order can be brought.
    """
    name, fields = _describe(order)
    types = {
        "PermitWitnessTransferFrom": _render((*_PERMIT2_FIELDS, ("witness", name))),
        "TokenPermissions": _render(PERMISSION_FIELDS),
        name: _render(fields),
    }
    values = (*order.abi(signer), *relay.abi())
    message = {
        "permitted": {"token": to_checksum_address(token), "amount": order.l1_amount + relay.relayer_fee},
        "spender": to_checksum_address(place.entry),
        "nonce": nonce,
        "deadline": deadline,
        "witness": {field: value for (field, _), value in zip(fields, values, strict=True)},
    }
    domain = {
        "name": "Permit2",
        "chainId": place.evm_chain_id,
        "verifyingContract": to_checksum_address(place.permit2),
    }
    return TypedData(domain, types, message)


def build_authorization_data(
    place: EntryPlace, token_domain: Domain, order: Order, signer: str, relay: Relay, valid_before: int
) -> TypedData:
    """What the signer of an order signs for the token (EIP-3009), over the token's own domain. The order can be brought
    before `valid_before` (UNIX seconds).
    """
    message = {
        "from": to_checksum_address(signer),
        "to": to_checksum_address(place.entry),
        "value": order.l1_amount + relay.relayer_fee,
        "validAfter": 0,
        "validBefore": valid_before,
        "nonce": compute_order_nonce(place, order, signer, relay),
    }
    return TypedData(token_domain, {"ReceiveWithAuthorization": _render(_AUTHORIZATION_FIELDS)}, message)


def compute_order_nonce(place: EntryPlace, order: Order, signer: str, relay: Relay) -> bytes:
    """The nonce of the authorization that belongs to an order."""
    entry, bridge = to_canonical_address(place.entry), to_canonical_address(place.bridge)
    return compute_authorization_nonce(place.evm_chain_id, entry, bridge, hash_order(order, signer, relay))


def _describe(order: Order) -> tuple[str, Fields]:
    return (SWAP_NAME, SWAP_FIELDS) if isinstance(order, SwapOrder) else (DEPOSIT_NAME, DEPOSIT_FIELDS)


def _render(fields: Fields) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def _as_word(value: object) -> int | bytes:
    if isinstance(value, str):
        return int(value, 16)
    assert isinstance(value, int | bytes)
    return value
