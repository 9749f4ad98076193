"""What a relayer takes for bringing a signed order, and what it may lose: takes costs in a chain's coin, gives fees in
tokens. Pure.

A fee is the price of the gas and of the bridge's door, at the operator's price of the coin. What is quoted leaves room
for gas to rise until the order comes; what is taken leaves room until it is mined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zklink.protocol.ids import Amount, ChainId, TokenId

COIN_WEI: Final = 10**18
PERCENT: Final = 100

RELAY_GAS: Final = 260_000
"""More gas than a swap with an authorization takes, and its estimate's margin, for quotes."""

QUOTED_PERCENT: Final = 150
"""A quoted fee, in percent of the present cost."""

TAKEN_PERCENT: Final = 110
"""The least fee that is taken, in percent of the cost of this call now."""


@dataclass(frozen=True, slots=True)
class RelayTerms:
    """`coin_prices`: for each token that is taken as fee, by the chain where it is taken, layer-2 units of the token
    for one whole coin (10^18 wei) of that chain. On each chain orders that were brought in vain may cost
    `greatest_loss_wei` within a day, those on their way counted as if they did; `most_open` are on their way at once.
    """

    coin_prices: Mapping[TokenId, Mapping[ChainId, int]]
    greatest_loss_wei: int
    most_open: int

    def is_served(self, chain: ChainId, token: TokenId) -> bool:
        """Whether the token has a price there."""
        return self.coin_prices.get(token, {}).get(chain, 0) > 0

    def compute_fee(self, chain: ChainId, token: TokenId, cost_wei: int, percent: int) -> Amount:
        """So many percent of a cost in layer-2 units of the token, rounded up; only where it is served."""
        return Amount(-(-cost_wei * self.coin_prices[token][chain] * percent // (COIN_WEI * PERCENT)))
