"""A wallet's layer-2 key, and the owner's consent to it: two EIP-712 signatures of one account.

Takes a signer and a deployment; gives a key that stays in memory, and 65 bytes. The signature that makes the key is as
secret as the key: it is never kept, sent or shown.
"""

from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data

from zklink.client.signers import LocalSigner, Signer
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.errors import SignerUnfit
from zklink.protocol.ids import AccountId, Nonce
from zklink.protocol.layer2_key import build_layer2_key_data, derive_layer2_seed
from zklink.protocol.messages import ACCOUNT_DOMAIN_NAME, ACCOUNT_DOMAIN_VERSION

_DOMAIN: Final = (("name", "string"), ("version", "string"), ("salt", "bytes32"))
_KEY_CHANGE: Final = (
    ("account", "uint32"),
    ("nonce", "uint32"),
    ("publicKeyHash", "bytes32"),
    ("validUntil", "uint40"),
)


def derive_key(signer: Signer, deployment_hash: bytes, index: int = 0) -> PrivateKey:
    """The key of an owner in one deployment. A signer that is no key in this process is asked twice: one whose
    signatures differ would lose the key. Raises SignerUnfit, WrongSignature.
    """
    data = build_layer2_key_data(deployment_hash, bytes.fromhex(signer.address[2:]), index)
    signature = sign_checked(signer, data)
    if not isinstance(signer, LocalSigner) and sign_checked(signer, data)[:64] != signature[:64]:
        raise SignerUnfit(signer.address, "it signs the same data with another signature each time")
    return PrivateKey.from_seed(derive_layer2_seed(signature))


def sign_checked(signer: Signer, data: dict[str, Any]) -> bytes:
    """The signer's 65 bytes over EIP-712 data. Raises SignerUnfit unless they are the account's."""
    signature = bytes(signer.sign_typed_data(data))
    try:
        found = Account.recover_message(encode_typed_data(full_message=data), signature=signature)
    except Exception as error:  # eth-account has no common class for what is no signature
        raise SignerUnfit(signer.address, "it gives no signature of 65 bytes") from error
    if found != signer.address:
        raise SignerUnfit(signer.address, f"its signature is that of {found}")
    return signature


def build_consent_data(
    deployment_hash: bytes, account: AccountId, nonce: Nonce, public_key_hash: int, valid_until: int
) -> dict[str, Any]:
    """What an owner signs to give its account a key, as `eth_signTypedData_v4` takes it (protocol, section 5.8)."""
    return {
        "types": {"EIP712Domain": _render(_DOMAIN), "ChangePubKey": _render(_KEY_CHANGE)},
        "primaryType": "ChangePubKey",
        "domain": {
            "name": ACCOUNT_DOMAIN_NAME,
            "version": ACCOUNT_DOMAIN_VERSION,
            "salt": f"0x{deployment_hash.hex()}",
        },
        "message": {
            "account": account,
            "nonce": nonce,
            "publicKeyHash": f"0x{public_key_hash.to_bytes(32, 'big').hex()}",
            "validUntil": valid_until,
        },
    }


def _render(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]
