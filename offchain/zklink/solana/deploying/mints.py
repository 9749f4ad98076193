"""What a mint is: its decimals, and what its issuer can do with it; which mints the program takes. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zklink.l1.deployment.places import NATIVE_MINT
from zklink.solana.client.node import AccountData

SPL_TOKEN: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022: Final = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
MINT_BYTES: Final = 82
DECIMALS_AT, STATE_AT, FREEZE_AT, KIND_AT, EXTENSIONS_AT = 44, 45, 46, 165, 166
MOST_DECIMALS: Final = 19
"""Of a mint: more do not fit the amounts of 64 bits."""
MOST_SCALE: Final = 18
"""Decimals that a mint may have beyond those of the layer 2."""
SOL_DECIMALS: Final = 9
HARMLESS: Final = range(18, 24)
EXTENSIONS: Final = {
    1: "a fee on transfers",
    3: "a close authority",
    4: "confidential transfers",
    6: "a state that accounts begin with",
    9: "that it cannot be transferred",
    10: "interest",
    12: "a permanent delegate",
    14: "a hook on transfers",
    16: "confidential fees",
    18: "a pointer to metadata",
    19: "metadata",
    20: "a pointer to a group",
    21: "a group",
    22: "a pointer to a member of a group",
    23: "a member of a group",
    24: "confidential mints and burns",
    25: "scaled amounts",
    26: "that it can be paused",
}
"""Extensions of Token-2022 that a mint may have, by their numbers."""


@dataclass(frozen=True, slots=True)
class Mint:
    """`program` moves it, `extensions` are the numbers of those it has; `can_freeze` says that its issuer can."""

    program: str
    decimals: int
    extensions: tuple[int, ...]
    can_freeze: bool

    @property
    def refused(self) -> tuple[str, ...]:
        """What it has and must not have, in words."""
        return tuple(EXTENSIONS.get(each, f"extension {each}") for each in self.extensions if each not in HARMLESS)


def read_mint(account: AccountData) -> Mint | None:
    """The mint that an account is; None for anything else."""
    data = account.data
    if account.owner not in (SPL_TOKEN, TOKEN_2022) or len(data) < MINT_BYTES or data[STATE_AT] != 1:
        return None
    is_plain = len(data) == MINT_BYTES
    if not is_plain and (account.owner != TOKEN_2022 or len(data) < EXTENSIONS_AT or data[KIND_AT] != 1):
        return None
    found = () if is_plain else tuple(_list_extensions(data))
    return Mint(account.owner, data[DECIMALS_AT], found, any(data[FREEZE_AT : FREEZE_AT + 4]))


def find_scale(mint: str, decimals: int, layer2_decimals: int) -> int | None:
    """Units of a mint in one of the layer 2; None where the program would refuse them."""
    found = SOL_DECIMALS if mint == NATIVE_MINT else decimals
    if not layer2_decimals <= found <= MOST_DECIMALS or found - layer2_decimals > MOST_SCALE:
        return None
    return int(10 ** (found - layer2_decimals))


def most_cap(scale: int) -> int:
    """The greatest cap, in layer-2 units: with it no sum in the mint's units passes 64 bits."""
    return ((1 << 64) - 1) // scale


def _list_extensions(data: bytes) -> Iterator[int]:
    at = EXTENSIONS_AT
    while at + 4 <= len(data):
        kind, size = (int.from_bytes(data[at + i : at + i + 2], "little") for i in (0, 2))
        if not kind:
            return
        yield kind
        at += 4 + size
