"""Conservation (SOL-2): the amount of a token that exists is the amount that the state owes (docs/protocol.md, section
3).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from zklink.protocol.errors import ConservationBroken, PoolsMiscounted
from zklink.protocol.ids import POOL_COUNT_ROW, TokenId
from zklink.state.account import Account
from zklink.state.rows import EMPTY_TOKEN, Pool, TokenRow


def check_conservation(
    lp_base: int,
    tokens: Mapping[TokenId, TokenRow],
    pools: Mapping[tuple[TokenId, TokenId], Pool],
    accounts: Iterable[Account],
) -> None:
    """ConservationBroken or PoolsMiscounted unless, for every token, the amount that exists is the amount that is
    owed.

    A registered token exists as the chains' reserves, an LP token as its pool's supply; both are owed to accounts,
    pools and the operator (accrued fees). Row 0 holds only the number of pools, and LP tokens are numbered by it.
    """
    _check_pool_numbers(lp_base, tokens.get(POOL_COUNT_ROW, EMPTY_TOKEN), pools)
    exists: Counter[int] = Counter()
    owed: Counter[int] = Counter()
    for token, row in tokens.items():
        exists[token] += sum(row.reserves)
        owed[token] += row.fees if token != POOL_COUNT_ROW else 0
    for (lower, higher), pool in pools.items():
        owed[lower] += pool.reserve_lower
        owed[higher] += pool.reserve_higher
        exists[pool.lp_token] += pool.lp_supply
    for account in accounts:
        for token, amount in account.balances.items():
            owed[token] += amount
    for token_id in sorted(exists.keys() | owed.keys()):
        if exists[token_id] != owed[token_id]:
            raise ConservationBroken(token_id, exists[token_id], owed[token_id])
        is_registrable = POOL_COUNT_ROW < token_id < lp_base
        if not is_registrable and any(tokens.get(TokenId(token_id), EMPTY_TOKEN).reserves):
            raise ConservationBroken(token_id, exists[token_id], 0)


def _check_pool_numbers(lp_base: int, count_row: TokenRow, pools: Mapping[tuple[TokenId, TokenId], Pool]) -> None:
    numbers = sorted(pool.lp_token for pool in pools.values() if not pool.is_empty)
    if numbers != list(range(lp_base, lp_base + count_row.fees)):
        raise PoolsMiscounted(count_row.fees, len(numbers))
