"""The seeds of the program's derived addresses. `solders` derives them; nothing here needs it."""

from typing import Final

BRIDGE_SEEDS: Final = (b"bridge",)
"""The bridge: owner of the vaults, and the bridge's address in the chain table."""

SOL_SEEDS: Final = (b"sol",)
"""What holds the bridge's own lamports: SOL as a token, and the fees."""


def token_seeds(token_id: int) -> tuple[bytes, ...]:
    """Where a token of the layer 2 is kept."""
    return b"token", token_id.to_bytes(8, "little")


def mint_seeds(mint: bytes) -> tuple[bytes, ...]:
    """Where it is kept which token a mint is."""
    return b"mint", mint


def fill_seeds(fill_key: bytes) -> tuple[bytes, ...]:
    """Where a broker's fill of a payout with that key is kept."""
    return b"fill", fill_key


def exit_seeds(account: int, token_id: int, mark: bytes) -> tuple[bytes, ...]:
    """Where it is kept that an account's balance of a token has left by proof, under the bridge's mark."""
    return b"exit", (account << 16 | token_id).to_bytes(8, "little"), mark
