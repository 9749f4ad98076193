"""Slices: the words of a block that concern one chain (docs/protocol.md, section 7)."""

from collections.abc import Sequence
from typing import Final

from zklink.primitives.field import R
from zklink.primitives.keccak import keccak_words


def compute_slice_hash(words: Sequence[int]) -> bytes:
    """keccak256(count || words), each item 32 bytes."""
    return keccak_words(len(words), *words)


def evaluate(words: Sequence[int], z: int) -> int:
    """Read the words as a polynomial, highest power first, at `z`; no words give 0."""
    result = 0
    for word in words:
        result = (result * z + word) % R
    return result


EMPTY_SLICE_HASH: Final = compute_slice_hash(())
