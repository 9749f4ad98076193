"""Who signs: an account's key, whatever holds it.

Takes EIP-712 data and transactions; gives signatures and raw transactions. A LocalAccount of eth-account, an account of
ape and anything with the same two methods will do. Never sends anything.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import ValidationError as KeyUnfit  # type: ignore[attr-defined]
from eth_utils import ValidationError, to_checksum_address

from zklink.protocol.errors import KeyFileInvalid, SignerUnfit

UNREADABLE: Final = (ValueError, TypeError, KeyError, ValidationError, KeyUnfit)


@runtime_checkable
class Signer(Protocol):
    """Port: one account. Both methods may block, as a device does."""

    @property
    def address(self) -> str:
        """The account's address, with checksum."""
        ...

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """The raw signed transaction; `transaction` has the fields of eth-account."""
        ...

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """65 bytes r, s, v over EIP-712 data, as `eth_signTypedData_v4` takes them."""
        ...


class LocalSigner:
    """A key in this process."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account

    @property
    def address(self) -> str:
        """See `Signer`."""
        return to_checksum_address(self.account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """See `Signer`."""
        return bytes(self.account.sign_transaction(dict(transaction)).raw_transaction)

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """See `Signer`."""
        return bytes(self.account.sign_typed_data(full_message=dict(data)).signature)


class ApeSigner:
    """An account of ape: it asks for its passphrase, or on its device, by itself."""

    def __init__(self, account: Any) -> None:
        self._account = account

    @property
    def address(self) -> str:
        """See `Signer`."""
        return to_checksum_address(str(self._account.address))

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """See `Signer`."""
        from ape_ethereum.transactions import DynamicFeeTransaction, StaticFeeTransaction  # of the extra `ape`

        values = {**transaction, "from": self.address}
        kind = DynamicFeeTransaction if "maxFeePerGas" in transaction else StaticFeeTransaction
        signed = self._account.sign_transaction(kind.model_validate(values))
        if signed is None:
            raise SignerUnfit(self.address, "it does not sign this transaction")
        return bytes(signed.serialize_transaction())

    def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
        """See `Signer`."""
        signature = self._account.sign_message(encode_typed_data(full_message=dict(data)))
        if signature is None:
            raise SignerUnfit(self.address, "it does not sign this message")
        return bytes(signature.encode_rsv())


def open_keystore(path: Path, passphrase: str) -> LocalSigner:
    """The account of a keystore file. Raises KeyFileInvalid, which shows nothing of it."""
    try:
        return LocalSigner(Account.from_key(Account.decrypt(path.read_text(), passphrase)))
    except (OSError, *UNREADABLE):
        raise KeyFileInvalid(str(path)) from None


def open_mnemonic(words: str, index: int) -> LocalSigner:
    """The account of a mnemonic at m/44'/60'/0'/0/index. Raises KeyFileInvalid, which shows nothing of it."""
    Account.enable_unaudited_hdwallet_features()
    try:
        return LocalSigner(Account.from_mnemonic(words, account_path=f"m/44'/60'/0'/0/{index}"))
    except UNREADABLE:
        raise KeyFileInvalid("the mnemonic") from None


def open_key(key: str | bytes) -> LocalSigner:
    """The account of a private key: 32 bytes, or hexadecimal. Raises KeyFileInvalid, which shows nothing of it."""
    try:
        return LocalSigner(Account.from_key(key))
    except UNREADABLE:
        raise KeyFileInvalid("the private key") from None
