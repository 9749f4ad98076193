"""The prices with which a registry begins, and their bounds. Takes computed prices; gives entries. Pure."""

from collections.abc import Mapping
from typing import Final

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.prices.table import GREATEST_GWEI

BOUND_FACTOR: Final = 16
"""A setter comes down to this part of a first price, and up to this many times it; further needs the governor."""


def plan_entries(prices: Mapping[int, int]) -> tuple[PriceEntry, ...]:
    """First prices in gwei by kind, each between bounds; none may be 0."""
    return tuple(
        PriceEntry(kind, gwei, max(1, gwei // BOUND_FACTOR), min(gwei * BOUND_FACTOR, GREATEST_GWEI))
        for kind, gwei in sorted(prices.items())
    )
