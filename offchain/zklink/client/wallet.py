"""An owner's wallet: the account that signs, and the layer-2 key that follows from one signature of it.

Takes a key, a keystore, a mnemonic, an account of ape, or anything that signs EIP-712 and transactions. Keeps the
layer-2 key in memory, one per deployment; it is never sent anywhere.
"""

from pathlib import Path
from typing import Any

from zklink.client.signers import ApeSigner, LocalSigner, Signer, open_key, open_keystore, open_mnemonic
from zklink.l1.contracts.bridge_structs import universal_address


class Wallet:
    """One owner. `signer` holds the key of its account; see `Signer` for what it must do."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    @classmethod
    def from_key(cls, key: str | bytes) -> "Wallet":
        """The wallet of a private key: 32 bytes, or their hexadecimal. Raises KeyFileInvalid."""
        return cls(open_key(key))

    @classmethod
    def from_keystore(cls, path: str | Path, passphrase: str) -> "Wallet":
        """The wallet of a keystore file. Raises KeyFileInvalid."""
        return cls(open_keystore(Path(path), passphrase))

    @classmethod
    def from_mnemonic(cls, words: str, index: int = 0) -> "Wallet":
        """The wallet of a mnemonic's account at m/44'/60'/0'/0/index. Raises KeyFileInvalid."""
        return cls(open_mnemonic(words, index))

    @classmethod
    def from_account(cls, account: Any) -> "Wallet":
        """The wallet of a LocalAccount of eth-account."""
        return cls(LocalSigner(account))

    @classmethod
    def from_ape(cls, account: Any) -> "Wallet":
        """The wallet of an account of ape, such as `accounts.load("alias")`. Needs the extra `ape`."""
        return cls(ApeSigner(account))

    @property
    def address(self) -> str:
        """The account's address, with checksum."""
        return self.signer.address

    @property
    def owner(self) -> bytes:
        """The universal address, 32 bytes."""
        return universal_address(self.address)

    def __repr__(self) -> str:
        return f"Wallet({self.address})"
