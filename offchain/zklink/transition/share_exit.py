"""The full exit of share tokens: all shares of the account become balances, in a pool slot (docs/protocol.md, section
5.3).
"""

from zklink.operations.full_exit import FullExitRequest
from zklink.protocol.ids import Amount, TokenId
from zklink.state.rows import Pool
from zklink.state.state import PoolId, State
from zklink.transition.context import Context
from zklink.transition.full_exit import check_admissible, is_of_owner
from zklink.transition.pool_slot import PoolPlan, PoolSlot, apply_plan
from zklink.transition.remove_liquidity import Removal, compute_remove_liquidity

NO_PAIR: PoolId = (TokenId(0), TokenId(0))
"""In place of the pair where no pool has issued the token."""


def check_share_exit(state: State, request: FullExitRequest, context: Context) -> None:
    """InadmissibleRequest for a request that no bridge admits; every other request is consumed, even if it does
    nothing.
    """
    check_admissible(request, context.preset)


def apply_share_exit(state: State, request: FullExitRequest, context: Context) -> PoolSlot:
    """Take every share back and credit both amounts; nothing if the account is another's or the token is no pool's."""
    return apply_plan(state, _plan(state, request), context)


def find_issuer(state: State, lp_token: TokenId) -> PoolId | None:
    """The pair of the pool that has issued a share token; None if none has."""
    return next((pair for pair, pool in state.pools() if not pool.is_empty and pool.lp_token == lp_token), None)


def compute_share_exit(pool: Pool, shares: Amount) -> Removal:
    """The amounts that the shares are worth; (0, 0) for none."""
    return compute_remove_liquidity(pool, shares) if shares else Removal(Amount(0), Amount(0))


def _plan(state: State, request: FullExitRequest) -> PoolPlan:
    pair = find_issuer(state, request.token)
    knows = request.source if is_of_owner(state, request) else None
    if pair is None:
        data = request.share_data(*NO_PAIR, Amount(0), Amount(0), Amount(0))
        return PoolPlan(data, pool=None, knows=knows, request=request)
    pool = state.pool(*pair)
    shares = state.balance(request.account, request.token) if knows is not None else Amount(0)
    amount_a, amount_b = compute_share_exit(pool, shares)
    return PoolPlan(
        data=request.share_data(*pair, amount_a, amount_b, shares),
        change_a=amount_a,
        change_b=amount_b,
        change_shares=-shares,
        pool=Pool(
            pool.reserve_lower - amount_a,
            pool.reserve_higher - amount_b,
            pool.lp_supply - shares,
            pool.fee,
            pool.lp_token,
        ),
        knows=knows,
        request=request,
    )
