"""The messages that are signed for L1 (EIP-712): sync messages and key changes (docs/protocol.md, sections 5.8 and
8).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, Nonce

DOMAIN_NAME: Final = "zkLink sync"
DOMAIN_VERSION: Final = "1"
DOMAIN_TYPE: Final = "EIP712Domain(string name,string version,bytes32 salt)"
MESSAGE_TYPE: Final = "SyncMessage(uint8 kind,uint8 sourceChain,uint64 number,bytes32 syncHash)"

DOMAIN_TYPE_HASH: Final = keccak256(DOMAIN_TYPE.encode())
MESSAGE_TYPE_HASH: Final = keccak256(MESSAGE_TYPE.encode())
DOMAIN_NAME_HASH: Final = keccak256(DOMAIN_NAME.encode())
DOMAIN_VERSION_HASH: Final = keccak256(DOMAIN_VERSION.encode())

ACCOUNT_DOMAIN_NAME: Final = "zkLink account"
KEY_CHANGE_TYPE: Final = "ChangePubKey(uint32 account,uint32 nonce,bytes32 publicKeyHash,uint40 validUntil)"
KEY_REQUEST_TYPE: Final = "SetPubKey(uint8 chain,bytes32 owner,uint32 account,bytes32 publicKeyHash,uint64 counter)"

ACCOUNT_DOMAIN_NAME_HASH: Final = keccak256(ACCOUNT_DOMAIN_NAME.encode())
KEY_CHANGE_TYPE_HASH: Final = keccak256(KEY_CHANGE_TYPE.encode())
KEY_REQUEST_TYPE_HASH: Final = keccak256(KEY_REQUEST_TYPE.encode())


SIGNATURE_BYTES: Final = 65
"""An ECDSA signature as contracts take it: r, s, v."""

HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half of secp256k1's order: of the two forms of a signature only the one with the smaller s counts."""


class MessageKind(IntEnum):
    """The two kinds of sync messages: accepted blocks (ACC) and a freeze (FRZ)."""

    ACC = 1
    FRZ = 2


@dataclass(frozen=True, slots=True)
class SyncMessage:
    """`source_chain` has accepted every block up to `number`, whose rolling hash is `sync_hash`.

    FRZ says the same, and that the chain has frozen there and accepts no later block that concerns it.
    """

    source_chain: ChainId
    number: BlockNumber
    sync_hash: bytes
    kind: MessageKind = MessageKind.ACC


def compute_domain_separator(deployment_hash: bytes) -> bytes:
    """EIP-712 domain separator; the salt is the deployment, so one signature serves every chain of it."""
    return keccak_words(DOMAIN_TYPE_HASH, DOMAIN_NAME_HASH, DOMAIN_VERSION_HASH, deployment_hash)


def compute_digest(message: SyncMessage, deployment_hash: bytes) -> bytes:
    """The 32 bytes that a committee member signs (EIP-712)."""
    struct_hash = keccak_words(MESSAGE_TYPE_HASH, message.kind, message.source_chain, message.number, message.sync_hash)
    return keccak256(b"\x19\x01" + compute_domain_separator(deployment_hash) + struct_hash)


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
    separator = keccak_words(DOMAIN_TYPE_HASH, ACCOUNT_DOMAIN_NAME_HASH, DOMAIN_VERSION_HASH, deployment_hash)
    return keccak256(b"\x19\x01" + separator + struct_hash)
