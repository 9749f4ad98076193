"""The key request: the owner's transaction on a chain sets an account's key (docs/protocol.md, section 5.8)."""

from zklink.operations.key_request import KeyRequest
from zklink.primitives.field import R, is_scalar
from zklink.protocol.addresses import ADDRESS_BYTES, ZERO_ADDRESS
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import MAX_CHAINS
from zklink.protocol.presets import Preset
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan


def check_key_request(state: State, request: KeyRequest, context: Context) -> None:
    """InadmissibleRequest for a request that no bridge admits; every other request is consumed, even if it does
    nothing.
    """
    check_admissible(request, context.preset)


def apply_key_request(state: State, request: KeyRequest, context: Context) -> LedgerSlot:
    """Replace the key and use the nonce, so that older consents are void; nothing if the account is another's."""
    return apply_plan(state, _plan(state, request), context)


def check_admissible(request: KeyRequest, preset: Preset) -> None:
    """InadmissibleRequest for a request that no bridge admits; FieldOutOfRange or WrongAddressLength if it cannot be
    packed.
    """
    problems = (
        (not 1 <= request.source <= MAX_CHAINS, "its source is not a chain"),
        (request.owner == ZERO_ADDRESS, "its owner is zero"),
        (not 0 <= request.account < preset.account_limit, "its account is not in the tree"),
        (not is_scalar(request.public_key_hash), f"its key hash is not below {R}"),
    )
    for is_problem, reason in problems:
        if is_problem:
            raise InadmissibleRequest(request.source, request.request_id, reason)
    request.words()


def _plan(state: State, request: KeyRequest) -> LedgerPlan:
    is_of_owner = state.account(request.account).owner == request.owner
    return LedgerPlan(
        data=request.data(),
        new_key_hash=request.public_key_hash if is_of_owner else None,
        uses_nonce=is_of_owner,
        knows_a=request.source if is_of_owner else None,
        chain_record=request,
        party=request.owner,
        second=request.public_key_hash.to_bytes(ADDRESS_BYTES, "big"),
        request=request,
    )
