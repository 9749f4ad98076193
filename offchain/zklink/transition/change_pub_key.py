"""The change of an account's key; the primary chain checks the owner's signature (docs/protocol.md, section 5.8)."""

from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.signed import Signed
from zklink.primitives.field import is_scalar
from zklink.protocol.addresses import ADDRESS_BYTES
from zklink.protocol.errors import FieldInvalid
from zklink.state.state import State
from zklink.transition.checks import check_chain, check_signature, check_signer, check_token
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan, check_plan


def check_change_pub_key(state: State, signed: Signed[ChangePubKey], context: Context) -> None:
    """Errors of the signer and of the fee; the signature is the new key's."""
    operation = signed.operation
    check_chain("key change", operation.chain)
    check_token(operation.fee_token, context.preset.token_limit, lowest=0)
    if not is_scalar(operation.public_key_hash):
        raise FieldInvalid("key change", "public_key_hash", operation.public_key_hash, "a field element")
    check_signer(state, operation.account, operation.nonce, operation.valid_until, context)
    check_signature(signed, operation.public_key_hash, context)
    check_plan(state, _plan(state, signed))


def apply_change_pub_key(state: State, signed: Signed[ChangePubKey], context: Context) -> LedgerSlot:
    """Give the account its key."""
    return apply_plan(state, _plan(state, signed), context)


def _plan(state: State, signed: Signed[ChangePubKey]) -> LedgerPlan:
    operation = signed.operation
    owner = state.account(operation.account).owner
    return LedgerPlan(
        data=operation.data(),
        debit=operation.fee,
        new_key_hash=operation.public_key_hash,
        chain_record=operation.key_change(owner),
        party=owner,
        second=operation.public_key_hash.to_bytes(ADDRESS_BYTES, "big"),
        nonce=operation.nonce,
        valid_until=operation.valid_until,
        signed=signed,
    )
