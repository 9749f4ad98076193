"""Requests of the rig's chains, by their words."""

from tests.support.drafts.rig import Rig
from tests.support.three_chains import USD
from zklink.protocol.ids import ChainId

Words = tuple[int, ...]


def queue_swaps(rig: Rig, chain: ChainId, count: int) -> list[Words]:
    """Make swaps on a chain and give their words."""
    found = []
    for i in range(count):
        rig[chain].swap(l1_amount=(10**6 + i) * rig[chain].scale(USD))
        found.append(rig[chain].request_words())
    return found
