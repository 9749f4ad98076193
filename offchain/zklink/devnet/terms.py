"""The fee terms of a local network's operator: a cent for a unit of work, in every token of the deployment; and what a
relayer there holds a chain's coin to be worth.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from zklink.devnet.door_prices import find_market
from zklink.devnet.tokens import TokenInfo, usual_table
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.protocol.ids import TokenId
from zklink.sequencer.fee_terms import PoolTerms, Terms

WORK_MICRO_USD: Final = 10_000
"""The price of a unit of work, in millionths of a dollar."""

GREATEST_POOL_FEE: Final = 100
"""One percent, so that nobody can make a pair useless by creating its pool with a higher fee."""


def build_terms(tokens: Iterable[TokenPlan], table: Mapping[TokenId, TokenInfo] | None = None) -> Terms:
    """Prices from the table's, rounded up, or from those of another `table`; anybody may create pools of these
    tokens.
    """
    known = table or usual_table()
    prices = {plan.token_id: _price(known[plan.token_id]) for plan in tokens}
    return Terms(prices, PoolTerms(greatest_fee=GREATEST_POOL_FEE, tokens=frozenset(prices)))


def price_coins(token: TokenInfo, profiles: Sequence[ChainProfile]) -> dict[str, int]:
    """Layer-2 units of a token for one whole coin of each chain, by the chain's name, at the table's prices."""
    coins = {profile.name: find_market(profile).coin_micro_usd for profile in profiles}
    return {name: max(token.unit * coin // token.price_micro_usd, 1) for name, coin in coins.items()}


def _price(token: TokenInfo) -> int:
    return -(-WORK_MICRO_USD * token.unit // token.price_micro_usd)
