"""Where a ceremony's beacon comes from: announced when it begins, so that nobody chooses among several afterwards.

Takes and gives text; says what the randomness of a source looks like and where anybody reads it. Never asks anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from zklink.protocol.errors import CeremonyRefused

RANDOMNESS: Final = re.compile(r"[0-9a-f]{64}")
"""32 bytes: a block's hash, a round's randomness."""

_BLOCK: Final = re.compile(r"block:([1-9][0-9]{0,17}):([1-9][0-9]{0,17})")
_ROUND: Final = re.compile(r"drand:([0-9a-f]{64}):([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class BeaconSource:
    """`text` is how it is announced: `block:EVM_CHAIN_ID:HEIGHT`, the hash of a block that is still to come; or
    `drand:CHAIN_HASH:ROUND`, a round of the League of Entropy. `help` says where its value is read.
    """

    text: str
    help: str


def parse_source(text: str) -> BeaconSource:
    """Raises CeremonyRefused for a text that announces no source."""
    if found := _BLOCK.fullmatch(text):
        return BeaconSource(text, f"the hash of block {found[2]} of the chain with EIP-155 id {found[1]}, by any node")
    if found := _ROUND.fullmatch(text):
        place = f"https://api.drand.sh/{found[1]}/public/{found[2]}"
        return BeaconSource(text, f"`randomness` of round {found[2]}, for example from {place}")
    raise CeremonyRefused(f"{text!r} announces no beacon: block:EVM_CHAIN_ID:HEIGHT or drand:CHAIN_HASH:ROUND does")


def check_randomness(source: BeaconSource, randomness: str) -> None:
    """Raise CeremonyRefused unless a value can be that of the source: 32 bytes in hex, not all the same."""
    if not RANDOMNESS.fullmatch(randomness) or len(set(randomness)) < 3:
        raise CeremonyRefused(f"the randomness is 32 bytes in hex, in small letters: {source.help}")
