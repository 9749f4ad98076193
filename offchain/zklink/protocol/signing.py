"""The messages that account-lane signatures sign, and the hashes of their keys (docs/protocol.md, sections 1 and 4).

A sequencer needs the same numbers several times (when an operation comes in, is tried, and is sealed), so the last ones
are kept in memory. Never sees a private key.
"""

from functools import lru_cache
from typing import Final

from zklink.primitives.babyjubjub import Point
from zklink.primitives.poseidon import poseidon

KEPT: Final = 1 << 16
"""How many messages and keys are remembered."""


@lru_cache(maxsize=KEPT)
def compute_message(domain: int, m0: int, m1: int, m2: int) -> int:
    """M = H_4(domain, m0, m1, m2); ValueError unless all four are canonical field elements."""
    return poseidon([domain, m0, m1, m2])


@lru_cache(maxsize=KEPT)
def compute_public_key_hash(public_key: Point) -> int:
    """H_2(A.x, A.y), the hash of the key that an account keeps."""
    return poseidon([public_key.x, public_key.y])
