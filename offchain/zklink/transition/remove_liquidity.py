"""The removal of liquidity: shares in, two amounts out (docs/protocol.md, section 5.11)."""

from typing import NamedTuple

from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signed
from zklink.protocol.errors import LimitNotMet, NoShares, SupplyTooSmall
from zklink.protocol.ids import Amount, TokenId
from zklink.state.rows import Pool
from zklink.state.state import State
from zklink.transition.checks import check_pair, check_pool, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.pool_slot import PoolPlan, PoolSlot, apply_plan, check_plan


class Removal(NamedTuple):
    """The two amounts that come out."""

    amount_a: Amount
    amount_b: Amount


def check_remove_liquidity(state: State, signed: Signed[RemoveLiquidity], context: Context) -> None:
    """Errors of the signer and the balances; TokensNotAscending, NoSuchPool, NoShares, SupplyTooSmall, LimitNotMet."""
    operation, preset = signed.operation, context.preset
    check_pair(operation.token_a, operation.token_b, preset)
    check_token(operation.fee_token, preset.token_limit, lowest=0)
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    pool = check_pool(state, operation.token_a, operation.token_b)
    if not operation.limit_shares:
        raise NoShares(operation.limit_a, operation.limit_b)
    if operation.limit_shares > pool.lp_supply:
        raise SupplyTooSmall(pool.lp_token, pool.lp_supply, operation.limit_shares)
    removal = compute_remove_liquidity(pool, operation.limit_shares)
    for what, amount, limit in zip(
        ("amount_a", "amount_b"), removal, (operation.limit_a, operation.limit_b), strict=True
    ):
        if amount < limit:
            raise LimitNotMet(what, amount, limit, is_least=True)
    check_plan(state, _plan(state, signed))


def apply_remove_liquidity(state: State, signed: Signed[RemoveLiquidity], context: Context) -> PoolSlot:
    """Take the shares back and credit both amounts."""
    return apply_plan(state, _plan(state, signed), context)


def compute_remove_liquidity(pool: Pool, shares: int) -> Removal:
    """The amounts that 1 <= shares <= supply are worth, rounded down; the whole supply is worth the whole pool."""
    supply = pool.lp_supply
    return Removal(Amount(shares * pool.reserve_lower // supply), Amount(shares * pool.reserve_higher // supply))


def _plan(state: State, signed: Signed[RemoveLiquidity]) -> PoolPlan:
    operation = signed.operation
    shares = operation.limit_shares
    pool = state.pool(operation.token_a, operation.token_b)
    amount_a, amount_b = compute_remove_liquidity(pool, shares)
    return PoolPlan(
        data=operation.data(TokenId(pool.lp_token), amount_a, amount_b),
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
        limit_a=operation.limit_a,
        limit_b=operation.limit_b,
        limit_shares=shares,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
