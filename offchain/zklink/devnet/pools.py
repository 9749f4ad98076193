"""Liquidity for local networks: pools at round prices, and the deposits that fill them.

Takes whole dollars and the table's prices; gives amounts in layer-2 units, rounded down. The remainder of a division
goes to the token's first chain, so the deposits of a token add up to its sides of all pools. Never sends anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from zklink.devnet.tokens import AVAX, BNB, BTC, ETH, POL, USDC, USDT, WAVAX, WBNB, WETH, WPOL, TokenInfo, usual_table
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.ids import Amount, ChainId, TokenId

DEFAULT_FEE: Final = 30
STABLE_FEE: Final = 4


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """A pool with this many whole dollars on each side; `fee` is in 1/10,000."""

    tokens: tuple[TokenId, TokenId]
    usd_per_side: int = 1_000_000
    fee: int = DEFAULT_FEE

    @property
    def pair(self) -> tuple[TokenId, TokenId]:
        """The two tokens, ascending."""
        lower, higher = sorted(self.tokens)
        return lower, higher

    def amounts(self, table: Mapping[TokenId, TokenInfo] | None = None) -> tuple[Amount, Amount]:
        """The two sides in layer-2 units, in the order of `pair`, at the prices of the usual table or another one."""
        known = table or usual_table()
        lower, higher = (known[token].amount_for(self.usd_per_side) for token in self.pair)
        return lower, higher


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


@dataclass(frozen=True, slots=True)
class PlannedDeposit:
    """A deposit of one token on one chain, in layer-2 units."""

    chain: ChainId
    token: TokenId
    amount: Amount


def select_pools(tokens: Iterable[TokenPlan], pools: Sequence[PoolPlan] = DEFAULT_POOLS) -> tuple[PoolPlan, ...]:
    """The pools both of whose tokens the deployment has."""
    known = {token.token_id for token in tokens}
    return tuple(pool for pool in pools if known.issuperset(pool.tokens))


def plan_deposits(
    tokens: Iterable[TokenPlan], pools: Sequence[PoolPlan], table: Mapping[TokenId, TokenInfo] | None = None
) -> tuple[PlannedDeposit, ...]:
    """The deposits by which one provider fills these pools, spread evenly over each token's chains."""
    totals: dict[TokenId, int] = {}
    for pool in pools:
        for token_id, amount in zip(pool.pair, pool.amounts(table), strict=True):
            totals[token_id] = totals.get(token_id, 0) + amount
    return tuple(
        PlannedDeposit(chain, plan.token_id, amount)
        for plan in tokens
        if plan.token_id in totals
        for chain, amount in spread(totals[plan.token_id], plan.contracts).items()
    )


def spread(total: int, chains: Mapping[ChainId, str]) -> dict[ChainId, Amount]:
    """Equal parts on each of a token's chains; the remainder on the first."""
    share, rest = divmod(total, len(chains))
    first = min(chains)
    return {chain: Amount(share + (rest if chain == first else 0)) for chain in sorted(chains)}
