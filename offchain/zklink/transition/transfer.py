"""The transfer between accounts, also to an owner that has none yet (docs/protocol.md, section 5.4)."""

from zklink.operations.signed import Signed
from zklink.operations.transfer import Transfer
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import FieldInvalid
from zklink.state.state import State
from zklink.transition.checks import check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.credited_account import choose_target
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan, check_plan


def check_transfer(state: State, signed: Signed[Transfer], context: Context) -> None:
    """Errors of the signer and of the balances; FieldInvalid, NoSuchToken, AccountsExhausted."""
    operation = signed.operation
    check_token(operation.token, context.preset.token_limit)
    if operation.recipient == ZERO_ADDRESS:
        raise FieldInvalid("transfer", "recipient", operation.recipient, "an owner")
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, account.public_key_hash, context)
    check_plan(state, _plan(state, signed))


def apply_transfer(state: State, signed: Signed[Transfer], context: Context) -> LedgerSlot:
    """Move the amount; a recipient without an account gets the next unused one."""
    return apply_plan(state, _plan(state, signed), context)


def _plan(state: State, signed: Signed[Transfer]) -> LedgerPlan:
    operation = signed.operation
    target = choose_target(state, operation.recipient)
    return LedgerPlan(
        data=operation.data(target.account, is_new=target.is_new),
        debit=operation.amount + operation.fee,
        credit=operation.amount,
        new_owner=operation.recipient if target.is_new else None,
        party=operation.recipient,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
