"""The fee terms of a local network's operator: a cent for a unit of work, in every token of the deployment."""

from collections.abc import Iterable
from typing import Final

from zklink.devnet.tokens import token_by_id
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.ids import TokenId
from zklink.sequencer.fee_terms import PoolTerms, Terms

WORK_MICRO_USD: Final = 10_000
"""The price of a unit of work, in millionths of a dollar."""

GREATEST_POOL_FEE: Final = 100
"""One percent, so that nobody can make a pair useless by creating its pool with a higher fee."""


def build_terms(tokens: Iterable[TokenPlan]) -> Terms:
    """Prices from the table's, rounded up; anybody may create pools of these tokens."""
    prices = {plan.token_id: _price(plan.token_id) for plan in tokens}
    return Terms(prices, PoolTerms(greatest_fee=GREATEST_POOL_FEE, tokens=frozenset(prices)))


def _price(token_id: TokenId) -> int:
    token = token_by_id(token_id)
    return -(-WORK_MICRO_USD * token.unit // token.price_micro_usd)
