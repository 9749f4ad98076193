"""An owner's keypair on Solana: what signs there, and the layer-2 key that follows from one signature of it. Needs the
extra `solana`, for `solders`.

Takes a keypair of `solders`, or anything with the same two methods: a device, say. Keeps the layer-2 key in memory, one
per deployment. Never sends anything.
"""

from pathlib import Path
from typing import Any, Protocol

from zklink.client.wallet import Wallet
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.errors import ExtraMissing, KeyFileInvalid, SignerUnfit
from zklink.protocol.layer2_key import build_layer2_key_text, derive_layer2_seed_of_text


class SolanaSigner(Protocol):
    """Port: a keypair, as `solders.keypair.Keypair` is one. `sign_message` may block."""

    def pubkey(self) -> Any:
        """The address; its text is base58, its bytes are the 32 of it."""
        ...

    def sign_message(self, message: bytes) -> Any:
        """The signature; its bytes are the 64 of it."""
        ...


class SolanaWallet:
    """One owner on Solana: the account that pays, signs and is refunded. `layer2_seed`, 32 secret bytes, makes the
    layer-2 key of an owner whose signatures are not always the same.
    """

    def __init__(self, keypair: SolanaSigner, layer2_seed: bytes | None = None) -> None:
        self._keypair, self._seed = keypair, layer2_seed
        self._keys: dict[bytes, PrivateKey] = {}

    @classmethod
    def from_file(cls, path: str | Path) -> "SolanaWallet":
        """The wallet of a `solana-keygen` file. Raises ExtraMissing, and KeyFileInvalid, which shows nothing of it."""
        try:
            from zklink.solana.keys import read_keypair  # of the extra `solana`
        except ModuleNotFoundError as error:
            raise ExtraMissing("solana", "a wallet of Solana") from error
        try:
            return cls(read_keypair(Path(path).read_text()))
        except (OSError, ValueError):
            raise KeyFileInvalid(str(path)) from None

    @property
    def address(self) -> str:
        """The account's address, in base58."""
        return str(self._keypair.pubkey())

    @property
    def owner(self) -> bytes:
        """The universal address, 32 bytes."""
        return bytes(self._keypair.pubkey())

    @property
    def keypair(self) -> SolanaSigner:
        """What signs."""
        return self._keypair

    def sign(self, message: bytes) -> bytes:
        """64 bytes over a transaction's message."""
        return bytes(self._keypair.sign_message(message))

    def layer2_key(self, deployment_hash: bytes) -> PrivateKey:
        """The layer-2 key in one deployment; the account signs for it at the first use, twice: one whose signatures
        differ would lose the key. Raises SignerUnfit, WrongSignature.
        """
        if deployment_hash not in self._keys:
            seed = self._derive_seed(deployment_hash) if self._seed is None else self._seed
            self._keys[deployment_hash] = PrivateKey.from_seed(seed)
        return self._keys[deployment_hash]

    def _derive_seed(self, deployment_hash: bytes) -> bytes:
        text = build_layer2_key_text(deployment_hash, self.owner)
        signature = self.sign(text)
        if self.sign(text) != signature:
            raise SignerUnfit(self.address, "it signs the same text with another signature each time")
        return derive_layer2_seed_of_text(signature)

    def __repr__(self) -> str:
        return f"SolanaWallet({self.address})"


AnyWallet = Wallet | SolanaWallet
"""An owner on either kind of chain."""
