"""A genesis for local networks: pools at round prices, their tokens spread over the chains that have them.

All integers: token amounts come from whole dollars and the table's prices, rounded down; what a division leaves over
goes to the token's first chain. So the sum of reserves is the sum of the pools' sides, as SOL-2 asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final

from zklink.devnet.tokens import AVAX, BNB, BTC, ETH, POL, USDC, USDT, WAVAX, WBNB, WETH, WPOL, load_tokens
from zklink.l1.deployment import TokenPlan
from zklink.protocol.ids import MAX_CHAINS, Amount, ChainId, TokenId
from zklink.state.genesis import Genesis
from zklink.state.rows import Pool, TokenRow

DEFAULT_FEE: Final = 30
STABLE_FEE: Final = 4


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """A pool with this many whole dollars on each side; the fee in 1/10,000."""

    tokens: tuple[TokenId, TokenId]
    usd_per_side: int = 1_000_000
    fee: int = DEFAULT_FEE


DEFAULT_POOLS: Final = (
    PoolPlan((USDC, USDT), fee=STABLE_FEE),
    PoolPlan((USDC, ETH)),
    PoolPlan((USDC, BNB)),
    PoolPlan((USDC, POL)),
    PoolPlan((USDC, AVAX)),
    PoolPlan((USDC, BTC)),
    PoolPlan((ETH, WETH), fee=STABLE_FEE),
    PoolPlan((POL, WPOL), fee=STABLE_FEE),
    PoolPlan((BNB, WBNB), fee=STABLE_FEE),
    PoolPlan((AVAX, WAVAX), fee=STABLE_FEE),
    PoolPlan((ETH, BNB)),
    PoolPlan((ETH, AVAX)),
)


def build_genesis(tokens: Sequence[TokenPlan], pools: Sequence[PoolPlan] = DEFAULT_POOLS) -> Genesis:
    """The genesis of these tokens and pools; pools of tokens that are not among them are left out."""
    plans = {token.token_id: token for token in tokens}
    prices = {token.token_id: token for token in load_tokens()}
    built: dict[tuple[TokenId, TokenId], Pool] = {}
    totals: dict[TokenId, int] = {}
    for pool in pools:
        lower, higher = sorted(pool.tokens)
        if lower in plans and higher in plans:
            amounts = [prices[token].amount_for(pool.usd_per_side) for token in (lower, higher)]
            supply = Amount(isqrt(amounts[0] * amounts[1]))
            built[lower, higher] = Pool(amounts[0], amounts[1], supply, pool.fee)
            for token, amount in zip((lower, higher), amounts, strict=True):
                totals[token] = totals.get(token, 0) + amount
    rows = {token: TokenRow(spread(total, plans[token].contracts), Amount(0)) for token, total in totals.items()}
    return Genesis(rows, built)


def spread(total: int, chains: Mapping[ChainId, str]) -> tuple[Amount, ...]:
    """Equal reserves on each of a token's chains; the remainder on the first."""
    share, rest = divmod(total, len(chains))
    first = min(chains)
    amounts = {chain: share + (rest if chain == first else 0) for chain in chains}
    return tuple(Amount(amounts.get(ChainId(k), 0)) for k in range(1, MAX_CHAINS + 1))
