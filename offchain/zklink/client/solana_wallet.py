"""An owner's keypair on Solana: what signs swaps from there. Needs the extra `solana`, for `solders`.

Takes a keypair of `solders`, or anything with the same two methods: a device, say. Never sends anything.
"""

from pathlib import Path
from typing import Any, Protocol

from zklink.protocol.errors import ExtraMissing, KeyFileInvalid


class SolanaSigner(Protocol):
    """Port: a keypair, as `solders.keypair.Keypair` is one. `sign_message` may block."""

    def pubkey(self) -> Any:
        """The address; its text is base58, its bytes are the 32 of it."""
        ...

    def sign_message(self, message: bytes) -> Any:
        """The signature; its bytes are the 64 of it."""
        ...


class SolanaWallet:
    """One owner on Solana: the account that pays, signs and is refunded."""

    def __init__(self, keypair: SolanaSigner) -> None:
        self._keypair = keypair

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

    def sign(self, message: bytes) -> bytes:
        """64 bytes over a transaction's message."""
        return bytes(self._keypair.sign_message(message))

    def __repr__(self) -> str:
        return f"SolanaWallet({self.address})"
