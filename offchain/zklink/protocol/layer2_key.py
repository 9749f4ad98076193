"""A layer-2 key out of one signature of its owner: EIP-712, or on Solana of a text (docs/protocol.md, section 4).

Takes a deployment, an owner and an index; gives what the owner's wallet signs, and the seed that its signature makes.
The signature is the key: never send, log or keep it. Never sees a private key.
"""

from typing import Any, Final

from zklink.primitives.base58 import encode_base58
from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.errors import WrongSignature
from zklink.protocol.messages import (
    ACCOUNT_DOMAIN_NAME,
    ACCOUNT_DOMAIN_NAME_HASH,
    ACCOUNT_DOMAIN_VERSION,
    ACCOUNT_DOMAIN_VERSION_HASH,
    DOMAIN_TYPE_HASH,
    HALF_ORDER,
    SIGNATURE_BYTES,
)

LAYER2_KEY_NAME: Final = "Layer2Key"
LAYER2_KEY_FIELDS: Final = (("warning", "string"), ("owner", "address"), ("index", "uint32"))
LAYER2_KEY_TYPE: Final = f"{LAYER2_KEY_NAME}({','.join(f'{kind} {name}' for name, kind in LAYER2_KEY_FIELDS)})"
LAYER2_KEY_TYPE_HASH: Final = keccak256(LAYER2_KEY_TYPE.encode())
WARNING: Final = (
    "This signature is the key of your zkLink account. Give it only to a page or program that may spend all of it."
)
SEED_TAG: Final = keccak256(b"zklink.layer2.key.1")
TEXT_SEED_TAG: Final = keccak256(b"zklink.layer2.key.ed25519.1")
INDEX_LIMIT: Final = 1 << 32
ORDER: Final = 2 * HALF_ORDER + 1
"""The order of secp256k1."""

ED25519_BYTES: Final = 64
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493

_DOMAIN_FIELDS: Final = (("name", "string"), ("version", "string"), ("salt", "bytes32"))
_ADDRESS_BYTES: Final = 20
_RECOVERY: Final = (0, 1, 27, 28)


def build_layer2_key_data(deployment_hash: bytes, owner: bytes, index: int = 0) -> dict[str, Any]:
    """What the owner's wallet signs, as `eth_signTypedData_v4` takes it. `owner` is the 20 bytes of its address,
    `index` counts the keys of one owner, below 2^32. ValueError for anything else.
    """
    _check(deployment_hash, owner, index)
    return {
        "types": {"EIP712Domain": _render(_DOMAIN_FIELDS), LAYER2_KEY_NAME: _render(LAYER2_KEY_FIELDS)},
        "primaryType": LAYER2_KEY_NAME,
        "domain": {
            "name": ACCOUNT_DOMAIN_NAME,
            "version": ACCOUNT_DOMAIN_VERSION,
            "salt": f"0x{deployment_hash.hex()}",
        },
        "message": {"warning": WARNING, "owner": f"0x{owner.hex()}", "index": index},
    }


def compute_layer2_key_digest(deployment_hash: bytes, owner: bytes, index: int = 0) -> bytes:
    """The 32 bytes that are signed (EIP-712). ValueError as `build_layer2_key_data`."""
    _check(deployment_hash, owner, index)
    separator = keccak_words(DOMAIN_TYPE_HASH, ACCOUNT_DOMAIN_NAME_HASH, ACCOUNT_DOMAIN_VERSION_HASH, deployment_hash)
    struct_hash = keccak_words(LAYER2_KEY_TYPE_HASH, keccak256(WARNING.encode()), int.from_bytes(owner, "big"), index)
    return keccak256(b"\x19\x01" + separator + struct_hash)


def derive_layer2_seed(signature: bytes) -> bytes:
    """The 32 bytes for `PrivateKey.from_seed`: keccak256(SEED_TAG, r, s) with the smaller form of s, so that neither
    the form of s nor that of v makes another key. Raises WrongSignature unless it is r, s and v of an ECDSA signature.

    Never checks who has signed: recover the signer from the digest, and compare it with the owner.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise WrongSignature(f"it has {len(signature)} bytes, not {SIGNATURE_BYTES}: a contract's makes no key")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise WrongSignature("r or s is not between 0 and the order of secp256k1")
    if signature[64] not in _RECOVERY:
        raise WrongSignature(f"v is {signature[64]}, not 27 or 28")
    return keccak_words(SEED_TAG, r, min(s, ORDER - s))


def build_layer2_key_text(deployment_hash: bytes, owner: bytes, index: int = 0) -> bytes:
    """What an owner on Solana signs for a key: a text, as wallets there show it. `owner` is the 32 bytes of its
    address. ValueError for anything else.
    """
    if len(deployment_hash) != 32 or len(owner) != 32 or not 0 <= index < INDEX_LIMIT:
        raise ValueError("a key is of 32 bytes of a deployment, 32 of an owner, and an index below 2^32")
    lines = (ACCOUNT_DOMAIN_NAME, "", WARNING, "", f"deployment 0x{deployment_hash.hex()}")
    return "\n".join((*lines, f"owner {encode_base58(owner)}", f"key {index}")).encode()


def derive_layer2_seed_of_text(signature: bytes) -> bytes:
    """The 32 bytes for `PrivateKey.from_seed`: keccak256(TEXT_SEED_TAG, R, S) of an Ed25519 signature (RFC 8032).
    Raises WrongSignature unless it has 64 bytes and S below the order of the group: there is one form of it.

    Never checks who has signed.
    """
    if len(signature) != ED25519_BYTES:
        raise WrongSignature(f"it has {len(signature)} bytes, not {ED25519_BYTES}")
    if int.from_bytes(signature[32:], "little") >= ED25519_ORDER:
        raise WrongSignature("S is not below the order of the group")
    return keccak256(TEXT_SEED_TAG + signature)


def _check(deployment_hash: bytes, owner: bytes, index: int) -> None:
    if len(deployment_hash) != 32 or len(owner) != _ADDRESS_BYTES or not 0 <= index < INDEX_LIMIT:
        raise ValueError("a key is of 32 bytes of a deployment, 20 of an owner, and an index below 2^32")


def _render(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]
