"""Compile-time sizes of a block and its trees (docs/protocol.md, section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from zklink.protocol.errors import UnknownPreset


@dataclass(frozen=True, slots=True)
class AccountSlots:
    """Sizes of an account block: its slots of each kind, and its hot token rows and pools."""

    ledger: int
    pool: int
    order: int
    token_rows: int
    pool_rows: int


@dataclass(frozen=True, slots=True)
class Preset:
    """A named circuit size: it fixes the verification keys and changes no code and no contract.

    `slots`, `token_rows` and `pool_rows` are the swap block's.
    """

    name: str
    slots: int
    token_rows: int
    pool_rows: int
    token_depth: int
    account_depth: int
    order_depth: int
    account: AccountSlots

    @property
    def pool_depth(self) -> int:
        """Depth of the pool tree, whose index is two token ids."""
        return 2 * self.token_depth

    @property
    def token_limit(self) -> int:
        """Token ids are below this number of leaves of the token tree."""
        return 1 << 2 * self.token_depth

    @property
    def lp_base(self) -> int:
        """LP tokens have ids from this one; below it are the tokens that chains register."""
        return self.token_limit // 2

    @property
    def account_limit(self) -> int:
        """Account ids are below this number of leaves of the account tree."""
        return 1 << 2 * self.account_depth

    @property
    def order_slots(self) -> int:
        """How many orders of one account can be open at a time."""
        return 1 << 2 * self.order_depth


MINIMAL: Final = Preset(
    "minimal",
    slots=4,
    token_rows=4,
    pool_rows=2,
    token_depth=2,
    account_depth=3,
    order_depth=2,
    account=AccountSlots(ledger=2, pool=1, order=1, token_rows=4, pool_rows=2),
)
COMPACT: Final = Preset(
    "compact",
    slots=16,
    token_rows=4,
    pool_rows=2,
    token_depth=5,
    account_depth=12,
    order_depth=3,
    account=AccountSlots(ledger=4, pool=2, order=1, token_rows=4, pool_rows=2),
)
MAIN: Final = Preset(
    "main",
    slots=64,
    token_rows=8,
    pool_rows=7,
    token_depth=5,
    account_depth=12,
    order_depth=3,
    account=AccountSlots(ledger=12, pool=2, order=2, token_rows=4, pool_rows=2),
)

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType({p.name: p for p in (MINIMAL, COMPACT, MAIN)})


def get_preset(name: str) -> Preset:
    """Find a preset by name; UnknownPreset lists the known ones."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownPreset(name, tuple(PRESETS)) from None
