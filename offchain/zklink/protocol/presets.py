"""Compile-time sizes of a block and its trees (docs/protocol.md, section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from zklink.protocol.errors import UnknownPreset


@dataclass(frozen=True, slots=True)
class Preset:
    """A named circuit size: it fixes the verification key and changes no code and no contract."""

    name: str
    slots: int
    token_rows: int
    pool_rows: int
    token_depth: int

    @property
    def pool_depth(self) -> int:
        """Depth of the pool tree, whose index is two token ids."""
        return 2 * self.token_depth

    @property
    def token_limit(self) -> int:
        """Token ids are below this number of leaves of the token tree."""
        return 1 << 2 * self.token_depth


MINIMAL: Final = Preset("minimal", slots=4, token_rows=4, pool_rows=2, token_depth=2)
COMPACT: Final = Preset("compact", slots=16, token_rows=4, pool_rows=2, token_depth=5)
MAIN: Final = Preset("main", slots=64, token_rows=6, pool_rows=3, token_depth=5)

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType({p.name: p for p in (MINIMAL, COMPACT, MAIN)})


def get_preset(name: str) -> Preset:
    """Find a preset by name; UnknownPreset lists the known ones."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownPreset(name, tuple(PRESETS)) from None
