"""Keypairs as wallets and `solana-keygen` write them."""

import json
from typing import Final

from solders.keypair import Keypair

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
