"""An owner's wallet: the account that signs, and the layer-2 key that follows from one signature of it.

Takes a key, a keystore, a mnemonic, an account of ape, or anything that signs EIP-712 and transactions. Keeps the
layer-2 key in memory, one per deployment; it is never sent anywhere.
"""

from pathlib import Path
from typing import Any

from zklink.client.layer2_keys import derive_key
from zklink.client.signers import ApeSigner, LocalSigner, Signer, open_key, open_keystore, open_mnemonic
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.eddsa import PrivateKey


class Wallet:
    """One owner. `signer` holds the key of its account; see `Signer` for what it must do. `layer2_seed`, 32 secret
    bytes, makes the layer-2 key of an owner whose signatures are not always the same, such as a contract.
    """

    def __init__(self, signer: Signer, layer2_seed: bytes | None = None) -> None:
        self.signer = signer
        self._seed = layer2_seed
        self._keys: dict[bytes, PrivateKey] = {}

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

    def layer2_key(self, deployment_hash: bytes) -> PrivateKey:
        """The layer-2 key in one deployment; the account signs for it at the first use. Raises SignerUnfit,
        WrongSignature.
        """
        if deployment_hash not in self._keys:
            seed = self._seed
            made = derive_key(self.signer, deployment_hash) if seed is None else PrivateKey.from_seed(seed)
            self._keys[deployment_hash] = made
        return self._keys[deployment_hash]

    def __repr__(self) -> str:
        return f"Wallet({self.address})"
