"""The prices at the doors of a local network: what gas costs on the chains that it imitates, and the table's prices of
their coins. Takes profiles; gives the entries with which registries begin.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from zklink.devnet.tokens import load_tokens
from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.prices.founding import plan_entries
from zklink.prices.table import Market, Prices
from zklink.protocol.ids import ChainId
from zklink.protocol.presets import Preset

GAS_PRICES_WEI: Final[Mapping[str, int]] = {
    "ethereum": 1_000_000_000,
    "polygon": 30_000_000_000,
    "bsc": 100_000_000,
    "avalanche": 1_000_000_000,
}
"""The price of gas on the chains that are imitated, in wei: their order of magnitude."""

USUAL_GAS_PRICE_WEI: Final = 1_000_000_000
"""On any other local chain."""

USUAL_COIN_MICRO_USD: Final = 1_000_000
"""The coin of a chain for which the table has none: a dollar."""


def plan_door_prices(
    profiles: Sequence[ChainProfile], primary: ChainId, preset: Preset
) -> dict[ChainId, tuple[PriceEntry, ...]]:
    """The first prices of every chain."""
    table = Prices({profile.chain_id: find_market(profile) for profile in profiles}, primary, preset)
    return {profile.chain_id: plan_entries(table.compute(profile.chain_id)) for profile in profiles}


def find_market(profile: ChainProfile) -> Market:
    """The prices of gas and of the coin on an imitated chain."""
    coins = (
        token.price_micro_usd
        for token in load_tokens()
        if (contract := token.contracts.get(profile.name)) is not None and contract.is_native
    )
    gas_price = GAS_PRICES_WEI.get(profile.name, USUAL_GAS_PRICE_WEI)
    return Market(gas_price, next(coins, USUAL_COIN_MICRO_USD))
