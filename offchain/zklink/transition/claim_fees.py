"""The operator's claim of accrued fees (docs/protocol.md, section 5.7)."""

from zklink.operations.claim_fees import ClaimFees
from zklink.operations.signed import Signed
from zklink.protocol.errors import FieldInvalid
from zklink.protocol.ids import OPERATOR_ACCOUNT
from zklink.state.state import State
from zklink.transition.checks import check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan, check_plan


def check_claim_fees(state: State, signed: Signed[ClaimFees], context: Context) -> None:
    """Errors of the signer; FieldInvalid for another account than the operator's, FeesTooSmall, BalanceTooSmall."""
    operation = signed.operation
    check_token(operation.token, context.preset.token_limit)
    if operation.account != OPERATOR_ACCOUNT:
        raise FieldInvalid("claim of fees", "account", operation.account, f"{OPERATOR_ACCOUNT}, the operator's")
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    check_plan(state, _plan(signed))


def apply_claim_fees(state: State, signed: Signed[ClaimFees], context: Context) -> LedgerSlot:
    """Move the amount from the accrued fees to the operator's balance; its own fee accrues again."""
    return apply_plan(state, _plan(signed), context)


def _plan(signed: Signed[ClaimFees]) -> LedgerPlan:
    operation = signed.operation
    return LedgerPlan(
        data=operation.data(),
        debit=operation.fee - operation.amount,
        claimed=operation.amount,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
