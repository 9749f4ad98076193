"""The forced exit of an account that has no key, initiated by another's (docs/protocol.md, section 5.6)."""

from zklink.operations.forced_exit import ForcedExit
from zklink.operations.signed import Signed
from zklink.protocol.chain_sets import has_chain
from zklink.protocol.errors import OwnerNotKnown, TargetHasKey
from zklink.state.state import State
from zklink.transition.checks import check_account, check_chain, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan, check_plan


def check_forced_exit(state: State, signed: Signed[ForcedExit], context: Context) -> None:
    """Errors of the signer, its balance and the reserve; NoSuchAccount, TargetHasKey or OwnerNotKnown for the
    target.
    """
    operation = signed.operation
    check_chain("forced exit", operation.chain)
    check_token(operation.token, context.preset.lp_base)
    check_token(operation.fee_token, context.preset.token_limit, lowest=0)
    account = check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    target = check_account(state, operation.target)
    if target.public_key_hash:
        raise TargetHasKey(operation.target)
    if not has_chain(target.known, operation.chain):
        raise OwnerNotKnown(operation.target, operation.chain, target.owner)
    check_signature(signed, account.public_key_hash, context)
    check_plan(state, _plan(state, signed))


def apply_forced_exit(state: State, signed: Signed[ForcedExit], context: Context) -> LedgerSlot:
    """Pay the target's whole balance to its owner on the chain."""
    return apply_plan(state, _plan(state, signed), context)


def _plan(state: State, signed: Signed[ForcedExit]) -> LedgerPlan:
    """The target is not the signer, who has a key: its balance is not touched before side B."""
    operation = signed.operation
    owner = state.account(operation.target).owner
    amount = state.balance(operation.target, operation.token)
    return LedgerPlan(
        data=operation.data(amount),
        debit=operation.fee,
        credit=-amount,
        reserve_change=-amount,
        payout=operation.payout(owner, amount),
        party=owner,
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
