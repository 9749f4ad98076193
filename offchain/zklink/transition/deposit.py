"""The deposit: a request of L1 becomes a balance of its owner (docs/protocol.md, section 5.2)."""

from zklink.operations.deposit import DepositRequest
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import MAX_CHAINS
from zklink.protocol.presets import Preset
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.credited_account import choose_target
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan, check_plan


def check_deposit(state: State, request: DepositRequest, context: Context) -> None:
    """InadmissibleRequest for a request that no bridge admits; AccountsExhausted or BalanceOverflow."""
    check_admissible(request, context.preset)
    check_plan(state, _plan(state, request))


def apply_deposit(state: State, request: DepositRequest, context: Context) -> LedgerSlot:
    """Credit the account that it names, or another one of the owner's, and the chain's reserve; an owner without an
    account gets the next unused one.
    """
    return apply_plan(state, _plan(state, request), context)


def check_admissible(request: DepositRequest, preset: Preset) -> None:
    """InadmissibleRequest for a request that no bridge admits; FieldOutOfRange or WrongAddressLength if it cannot be
    packed.
    """
    problems = (
        (not 1 <= request.source <= MAX_CHAINS, "its source is not a chain"),
        (not 1 <= request.token < preset.lp_base, "its token cannot be registered on a chain"),
        (request.owner == ZERO_ADDRESS, "its owner is zero"),
        (not 0 <= request.account < preset.account_limit, "its account is not in the tree"),
    )
    for is_problem, reason in problems:
        if is_problem:
            raise InadmissibleRequest(request.source, request.request_id, reason)
    request.words()


def _plan(state: State, request: DepositRequest) -> LedgerPlan:
    target = choose_target(state, request.owner, request.account)
    return LedgerPlan(
        data=request.data(target.account),
        credit=request.amount,
        reserve_change=request.amount,
        new_owner=request.owner if target.is_new else None,
        chain_record=request,
        party=request.owner,
        second=request.refund_to,
        knows_b=request.source if request.by_owner else None,
        request=request,
    )
