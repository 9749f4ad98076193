"""The creation of a pool, whose shares get the next LP token (docs/protocol.md, section 5.9)."""

from zklink.operations.create_pool import CreatePool
from zklink.operations.signed import Signed
from zklink.protocol.errors import FieldInvalid, PoolExists, PoolsExhausted
from zklink.protocol.ids import FEE_DENOMINATOR, POOL_COUNT_ROW, TokenId
from zklink.state.rows import Pool
from zklink.state.state import State
from zklink.transition.checks import check_pair, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.pool_slot import PoolPlan, PoolSlot, apply_plan, check_plan


def check_create_pool(state: State, signed: Signed[CreatePool], context: Context) -> None:
    """Errors of the signer and of the fee; FieldInvalid, TokensNotAscending, PoolExists, PoolsExhausted."""
    operation, preset = signed.operation, context.preset
    check_pair(operation.token_a, operation.token_b, preset)
    check_token(operation.fee_token, preset.token_limit, lowest=0)
    if not 0 <= operation.pool_fee < FEE_DENOMINATOR:
        raise FieldInvalid("creation of a pool", "pool_fee", operation.pool_fee, f"below {FEE_DENOMINATOR}")
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    pool = state.pool(operation.token_a, operation.token_b)
    if pool.lp_token:
        raise PoolExists(operation.token_a, operation.token_b, pool.lp_token)
    if compute_lp_token(state) >= preset.token_limit:
        raise PoolsExhausted(preset.token_limit - preset.lp_base)
    check_signature(signed, account.public_key_hash, context)
    check_plan(state, _plan(state, signed))


def apply_create_pool(state: State, signed: Signed[CreatePool], context: Context) -> PoolSlot:
    """Give the pair its fee and its LP token."""
    return apply_plan(state, _plan(state, signed), context)


def compute_lp_token(state: State) -> TokenId:
    """The LP token of the next pool; the token limit or more when none is left."""
    return TokenId(state.preset.lp_base + state.token(POOL_COUNT_ROW).fees)


def _plan(state: State, signed: Signed[CreatePool]) -> PoolPlan:
    operation = signed.operation
    lp_token = compute_lp_token(state)
    return PoolPlan(
        data=operation.data(lp_token),
        pool=Pool(0, 0, 0, operation.pool_fee, lp_token),
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
