"""The swap within layer 2, by the same rule as a swap between chains (docs/protocol.md, section 5.12)."""

from zklink.operations.pool_swap import PoolSwap
from zklink.operations.signed import Signed
from zklink.protocol.errors import FieldInvalid, LimitNotMet, SameToken
from zklink.protocol.ids import Amount, TokenId
from zklink.state.rows import Pool
from zklink.state.state import State
from zklink.transition.checks import check_pool, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.pool_slot import PoolPlan, PoolSlot, apply_plan, check_plan
from zklink.transition.swap import compute_out


def check_pool_swap(state: State, signed: Signed[PoolSwap], context: Context) -> None:
    """Errors of the signer and the balances; SameToken, NoSuchPool, FieldInvalid, LimitNotMet."""
    operation, preset = signed.operation, context.preset
    for token in (operation.token_a, operation.token_b):
        check_token(token, preset.lp_base)
    if operation.token_a == operation.token_b:
        raise SameToken(operation.token_a)
    check_token(operation.fee_token, preset.token_limit, lowest=0)
    if not operation.limit_a:
        raise FieldInvalid("pool swap", "limit_a", 0, "above 0")
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    pool = check_pool(state, operation.token_a, operation.token_b)
    out = compute_pool_swap(pool, operation.token_a, operation.token_b, operation.limit_a)
    if out < max(operation.limit_b, 1):
        raise LimitNotMet("amount_b", out, max(operation.limit_b, 1), is_least=True)
    check_plan(state, _plan(state, signed))


def apply_pool_swap(state: State, signed: Signed[PoolSwap], context: Context) -> PoolSlot:
    """Exchange with the pool."""
    return apply_plan(state, _plan(state, signed), context)


def compute_pool_swap(pool: Pool, token_a: TokenId, token_b: TokenId, amount_a: int) -> Amount:
    """The amount of `token_b` that `amount_a` >= 1 of `token_a` buys, rounded down."""
    return compute_out(amount_a, *pool.oriented(token_a, token_b), pool.fee)


def _plan(state: State, signed: Signed[PoolSwap]) -> PoolPlan:
    operation = signed.operation
    token_a, token_b, amount_a = operation.token_a, operation.token_b, operation.limit_a
    pool = state.pool(token_a, token_b)
    amount_b = compute_pool_swap(pool, token_a, token_b, amount_a)
    return PoolPlan(
        data=operation.data(amount_b),
        change_a=-amount_a,
        change_b=amount_b,
        pool=pool.traded(token_a, token_b, amount_a, amount_b),
        limit_a=amount_a,
        limit_b=operation.limit_b,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
