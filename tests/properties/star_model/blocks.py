"""Blocks as far as the star cares: which requests they serve, and where those are paid.

A history is a tuple of blocks, and stands for its sync hash too: a hash that cannot collide says as much as what it
hashes, and opening it downwards is taking a prefix.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

PRIMARY = 0


class Serving(NamedTuple):
    """One request served: the next of its chain's queue."""

    source: int
    target: int
    """Where it is paid; the source itself is a refund."""
    forged: bool = False
    """Nobody has queued it on its source."""
    final: bool = True
    """Whether it is consumed. A full exit served in part (kind 19) stays first in its queue."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Two objects are two blocks, with different hashes."""

    name: str
    number: int
    servings: tuple[Serving, ...] = ()
    provable: bool = True
    sealable: bool = True
    """Whether its seal can exist at all: honest validators never seal a forged request of another chain."""

    def __repr__(self) -> str:
        return self.name


History = tuple[Block, ...]


def is_prefix(history: History, of: History) -> bool:
    """Whether `of` opens downwards to `history`."""
    return of[: len(history)] == history


def agree(one: History, other: History) -> bool:
    return is_prefix(one, other) or is_prefix(other, one)


@cache
def count_consumed(k: int, history: History) -> int:
    """How many requests of chain k these blocks consume."""
    return sum(serving.source == k and serving.final for block in history for serving in block.servings)


@cache
def find_highest_place(k: int, history: History) -> int:
    """The highest place of k's queue that these blocks use: one served in part counts, though it is not consumed."""
    place = highest = 0
    for block in history:
        for serving in block.servings:
            if serving.source == k:
                highest = max(highest, place + 1)
                place += serving.final
    return highest


@cache
def has_forged(k: int, history: History) -> bool:
    return any(serving.source == k and serving.forged for block in history for serving in block.servings)


def does_concern(k: int, block: Block) -> bool:
    """Whether the block serves requests of k."""
    return any(serving.source == k for serving in block.servings)


def show(history: History) -> str:
    return f"[{' '.join(map(str, history))}]"
