"""The addition of liquidity: two amounts in, shares out (docs/protocol.md, section 5.10)."""

from math import isqrt
from typing import NamedTuple

from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.signed import Signed
from zklink.protocol.errors import LimitNotMet, NoShares
from zklink.protocol.ids import Amount, TokenId
from zklink.state.rows import Pool
from zklink.state.state import State
from zklink.transition.checks import check_pair, check_pool, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.pool_slot import PoolPlan, PoolSlot, apply_plan, check_plan


class Addition(NamedTuple):
    """The two amounts that go in, and the shares that come out."""

    amount_a: Amount
    amount_b: Amount
    shares: Amount


def check_add_liquidity(state: State, signed: Signed[AddLiquidity], context: Context) -> None:
    """Errors of the signer and the balances; TokensNotAscending, NoSuchPool, NoShares, LimitNotMet."""
    operation, preset = signed.operation, context.preset
    check_pair(operation.token_a, operation.token_b, preset)
    check_token(operation.fee_token, preset.token_limit, lowest=0)
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    pool = check_pool(state, operation.token_a, operation.token_b)
    addition = compute_add_liquidity(pool, operation.limit_a, operation.limit_b)
    if not addition.shares:
        raise NoShares(operation.limit_a, operation.limit_b)
    if addition.shares < operation.limit_shares:
        raise LimitNotMet("shares", addition.shares, operation.limit_shares, is_least=True)
    check_plan(state, _plan(state, signed))


def apply_add_liquidity(state: State, signed: Signed[AddLiquidity], context: Context) -> PoolSlot:
    """Move both amounts into the pool and credit the shares."""
    return apply_plan(state, _plan(state, signed), context)


def compute_add_liquidity(pool: Pool, limit_a: int, limit_b: int) -> Addition:
    """The largest number of shares that the limits allow, and their price: a limit itself, or rounded up.

    The first shares are floor(sqrt(limit_a * limit_b)) for everything that is offered.
    """
    x, y, supply = pool.reserve_lower, pool.reserve_higher, pool.lp_supply
    if not supply:
        return Addition(Amount(limit_a), Amount(limit_b), Amount(isqrt(limit_a * limit_b)))
    shares = min(limit_a * supply // x, limit_b * supply // y)
    return Addition(Amount(_ceil(shares * x, supply)), Amount(_ceil(shares * y, supply)), Amount(shares))


def _ceil(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _plan(state: State, signed: Signed[AddLiquidity]) -> PoolPlan:
    operation = signed.operation
    pool = state.pool(operation.token_a, operation.token_b)
    amount_a, amount_b, shares = compute_add_liquidity(pool, operation.limit_a, operation.limit_b)
    return PoolPlan(
        data=operation.data(TokenId(pool.lp_token), amount_a, amount_b, shares),
        change_a=-amount_a,
        change_b=-amount_b,
        change_shares=shares,
        pool=Pool(
            pool.reserve_lower + amount_a,
            pool.reserve_higher + amount_b,
            pool.lp_supply + shares,
            pool.fee,
            pool.lp_token,
        ),
        limit_a=operation.limit_a,
        limit_b=operation.limit_b,
        limit_shares=operation.limit_shares,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
