"""The consent to a new key that an account's owner signs for the primary (EIP-712; docs/protocol.md, section 5.8), and
what an ECDSA signature is. The facts of groups stand in facts.py.
"""

from typing import Final

from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.ids import AccountId, ChainId, Nonce

DOMAIN_TYPE: Final = "EIP712Domain(string name,string version,bytes32 salt)"
ACCOUNT_DOMAIN_NAME: Final = "zkLink account"
ACCOUNT_DOMAIN_VERSION: Final = "1"
KEY_CHANGE_TYPE: Final = "ChangePubKey(uint32 account,uint32 nonce,bytes32 publicKeyHash,uint40 validUntil)"
KEY_REQUEST_TYPE: Final = "SetPubKey(uint8 chain,bytes32 owner,uint32 account,bytes32 publicKeyHash,uint64 counter)"

DOMAIN_TYPE_HASH: Final = keccak256(DOMAIN_TYPE.encode())
ACCOUNT_DOMAIN_NAME_HASH: Final = keccak256(ACCOUNT_DOMAIN_NAME.encode())
ACCOUNT_DOMAIN_VERSION_HASH: Final = keccak256(ACCOUNT_DOMAIN_VERSION.encode())
KEY_CHANGE_TYPE_HASH: Final = keccak256(KEY_CHANGE_TYPE.encode())
KEY_REQUEST_TYPE_HASH: Final = keccak256(KEY_REQUEST_TYPE.encode())

SIGNATURE_BYTES: Final = 65
"""An ECDSA signature as contracts take it: r, s, v."""

HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half of secp256k1's order: of the two forms of a signature only the one with the smaller s counts."""


def compute_key_change_digest(
    deployment_hash: bytes, account: AccountId, nonce: Nonce, public_key_hash: int, valid_until: int
) -> bytes:
    """The 32 bytes that an account's owner signs to give it a key (EIP-712)."""
    struct_hash = keccak_words(KEY_CHANGE_TYPE_HASH, account, nonce, public_key_hash, valid_until)
    return _compute_account_digest(deployment_hash, struct_hash)


def compute_key_request_digest(
    deployment_hash: bytes, chain: ChainId, owner: bytes, account: AccountId, public_key_hash: int, counter: int
) -> bytes:
    """The 32 bytes that an owner, a contract on `chain`, accepts by ERC-1271 at the door there, to request a key.

    `counter` is the owner's at the door: the number of consents that were used or revoked there before.
    """
    struct_hash = keccak_words(KEY_REQUEST_TYPE_HASH, chain, owner, account, public_key_hash, counter)
    return _compute_account_digest(deployment_hash, struct_hash)


def _compute_account_digest(deployment_hash: bytes, struct_hash: bytes) -> bytes:
    separator = keccak_words(DOMAIN_TYPE_HASH, ACCOUNT_DOMAIN_NAME_HASH, ACCOUNT_DOMAIN_VERSION_HASH, deployment_hash)
    return keccak256(b"\x19\x01" + separator + struct_hash)
