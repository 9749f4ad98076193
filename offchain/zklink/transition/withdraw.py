"""The withdrawal from a balance and a chain's reserve (docs/protocol.md, section 5.5)."""

from zklink.operations.signed import Signed
from zklink.operations.withdraw import Withdraw
from zklink.state.state import State
from zklink.transition.checks import check_chain, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan, check_plan


def check_withdraw(state: State, signed: Signed[Withdraw], context: Context) -> None:
    """Errors of the signer, the balance and the reserve; FieldInvalid, NoSuchToken (LP tokens are on no chain)."""
    operation = signed.operation
    check_chain("withdrawal", operation.chain)
    check_token(operation.token, context.preset.lp_base)
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    check_plan(state, _plan(signed))


def apply_withdraw(state: State, signed: Signed[Withdraw], context: Context) -> LedgerSlot:
    """Take the amount from the balance and the reserve; the chain owes it to the recipient."""
    return apply_plan(state, _plan(signed), context)


def _plan(signed: Signed[Withdraw]) -> LedgerPlan:
    operation = signed.operation
    return LedgerPlan(
        data=operation.data(),
        debit=operation.amount + operation.fee,
        reserve_change=-operation.amount,
        payout=operation.payout(),
        party=operation.recipient,
        fill_fee=operation.fill_fee,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
