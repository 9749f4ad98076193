"""Keypairs as wallets and `solana-keygen` write them."""

import json
from pathlib import Path
from typing import Final

from solders.keypair import Keypair

from zklink.files import read_file
from zklink.protocol.errors import FileUnreadable, KeyFileInvalid

KEYPAIR_BYTES: Final = 64


def read_keypair(text: str) -> Keypair:
    """A keypair: a JSON list of 64 numbers, or their base58. Raises ValueError, which shows nothing of it."""
    try:
        text = text.strip()
        if not text.startswith("["):
            return Keypair.from_base58_string(text)
        data = bytes(json.loads(text))
        if len(data) != KEYPAIR_BYTES:
            raise ValueError
        return Keypair.from_bytes(data)
    except Exception:  # solders raises panics of its own kinds
        raise ValueError("no keypair") from None


def load_keypair(path: Path) -> Keypair:
    """A keypair from a file. Raises FileUnreadable, KeyFileInvalid; no text shows the content."""
    try:
        return read_keypair(read_file(path))
    except FileUnreadable as error:
        if error.position is None:
            raise
        raise KeyFileInvalid(str(path)) from None
    except ValueError:
        raise KeyFileInvalid(str(path)) from None
