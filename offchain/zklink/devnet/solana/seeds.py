"""The secrets of people on a local Solana chain, which everybody can derive. Needs no package of Solana."""

from typing import Final

SEED_BYTES: Final = 32


def seed_of(name: str) -> bytes:
    """The seed of the key that goes by a name."""
    return name.encode().ljust(SEED_BYTES, b"\0")
