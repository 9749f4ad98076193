"""How few requests a block carries at worst: each with tokens and pools of its own, so that rows run out before slots.

Takes a preset; gives how many requests of a kind a block has room for whatever they are, when nothing else is in it.
That is what a request must pay for: whoever fills blocks with odd pairs pays for those blocks. Pure.
"""

from typing import Final

from zklink.protocol.presets import Preset

SWAP_TOKENS: Final = 2
SWAP_POOLS: Final = 2
"""Rows of a swap through a token between, which itself needs no row: no reserve of it moves."""


def count_swaps(preset: Preset) -> int:
    """Swaps of a block, each between tokens of its own and through two pools of its own."""
    return min(preset.slots, preset.token_rows // SWAP_TOKENS, preset.pool_rows // SWAP_POOLS)


def count_deposits(preset: Preset) -> int:
    """Deposits of a block, each of another token."""
    return min(preset.account.ledger, preset.account.token_rows)


def count_key_requests(preset: Preset) -> int:
    """Key requests of a block, which read no token."""
    return preset.account.ledger


def count_full_exits(preset: Preset) -> int:
    """Full exits of a block, each of other shares: those take a pool slot."""
    return min(count_deposits(preset), preset.account.pool, preset.account.pool_rows)
