"""Sets of chains as one number: bit c - 1 stands for chain c (docs/protocol.md, section 1)."""

from collections.abc import Iterable, Iterator
from typing import Final

from zklink.protocol.ids import CHAIN_SET_BITS, MAX_CHAINS, ChainId, ChainSet

NO_CHAINS: Final = ChainSet(0)
ALL_CHAINS: Final = ChainSet((1 << CHAIN_SET_BITS) - 1)


def make_chain_set(chains: Iterable[ChainId]) -> ChainSet:
    """The set of these chains; ValueError for a number that is no chain."""
    found = 0
    for chain in chains:
        if not 1 <= chain <= MAX_CHAINS:
            raise ValueError(f"{chain} is not a chain")
        found |= 1 << chain - 1
    return ChainSet(found)


def has_chain(chains: ChainSet, chain: ChainId) -> bool:
    """Whether a chain (1..MAX_CHAINS) is in the set."""
    return bool(chains >> chain - 1 & 1)


def with_chain(chains: ChainSet, chain: ChainId) -> ChainSet:
    """The set with one chain (1..MAX_CHAINS) more, if it was not in it."""
    return ChainSet(chains | 1 << chain - 1)


def list_chains(chains: ChainSet) -> list[ChainId]:
    """The chains of a set, ascending."""
    return [ChainId(chain) for chain in range(1, MAX_CHAINS + 1) if has_chain(chains, ChainId(chain))]


def cycle_chains(first: ChainId) -> Iterator[ChainId]:
    """Every chain once, from `first` on; chain 1 comes after chain MAX_CHAINS."""
    return (ChainId((first - 1 + step) % MAX_CHAINS + 1) for step in range(MAX_CHAINS))
