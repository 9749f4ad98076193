"""The full exit: a request of L1 pays the owner's balance, as far as the chain's reserve goes (docs/protocol.md,
section 5.3).
"""

from zklink.operations.full_exit import FullExitRequest
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import MAX_CHAINS, Amount
from zklink.protocol.presets import Preset
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan


def check_full_exit(state: State, request: FullExitRequest, context: Context) -> None:
    """InadmissibleRequest for a request that no bridge admits; every other request is consumed, even if it pays
    nothing.
    """
    check_admissible(request, context.preset)


def apply_full_exit(state: State, request: FullExitRequest, context: Context) -> LedgerSlot:
    """Pay the balance as far as the chain's reserve goes, or nothing if the account is another's."""
    return apply_plan(state, _plan(state, request), context)


def check_admissible(request: FullExitRequest, preset: Preset) -> None:
    """InadmissibleRequest for a request that no bridge admits; FieldOutOfRange or WrongAddressLength if it cannot be
    packed.
    """
    problems = (
        (not 1 <= request.source <= MAX_CHAINS, "its source is not a chain"),
        (not 1 <= request.token < preset.lp_base, "its token cannot be registered on a chain"),
        (not 0 <= request.account < preset.account_limit, "its account is not in the tree"),
    )
    for is_problem, reason in problems:
        if is_problem:
            raise InadmissibleRequest(request.source, request.request_id, reason)
    request.words()


def compute_full_exit_amount(state: State, request: FullExitRequest) -> Amount:
    """min(balance, reserve) if the request comes from the account's owner, else 0."""
    if state.account(request.account).owner != request.owner:
        return Amount(0)
    balance = state.balance(request.account, request.token)
    return min(balance, state.token(request.token).reserve(request.source))


def _plan(state: State, request: FullExitRequest) -> LedgerPlan:
    amount = compute_full_exit_amount(state, request)
    return LedgerPlan(
        data=request.data(amount),
        credit=-amount,
        reserve_change=-amount,
        chain_record=request,
        payout=request.payout(amount),
        party=request.owner,
        second=request.owner,
        request_id=request.request_id,
        queued_at=request.queued_at,
    )
