"""The full exit: a request of L1 pays the owner's balance, one chain's reserve in a slot (docs/protocol.md, section
5.3).

The paying chain, the amount and whether the request is consumed follow from the state; nobody chooses them. A share
token is served in a pool slot (`share_exit.py`).
"""

from typing import NamedTuple

from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.chain_sets import ALL_CHAINS, cycle_chains, has_chain, list_chains
from zklink.protocol.errors import InadmissibleRequest
from zklink.protocol.ids import MAX_CHAINS, Amount, ChainId
from zklink.protocol.presets import Preset
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot, apply_plan


class Serving(NamedTuple):
    """What one slot does for a full exit: `chain` pays `amount`; if it `is_final` the request is consumed."""

    chain: ChainId
    amount: Amount
    is_final: bool


def check_full_exit(state: State, request: FullExitRequest, context: Context) -> None:
    """InadmissibleRequest for a request that no bridge admits; every other one is served, even if it pays nothing."""
    check_admissible(request, context.preset)


def apply_full_exit(state: State, request: FullExitRequest, context: Context) -> LedgerSlot:
    """Pay the balance as far as one chain's reserve goes, or nothing if the account is another's."""
    return apply_plan(state, _plan(state, request, context), context)


def check_admissible(request: FullExitRequest, preset: Preset) -> None:
    """InadmissibleRequest for a request that no bridge admits; FieldOutOfRange or WrongAddressLength if it cannot be
    packed.
    """
    is_chain = 1 <= request.source <= MAX_CHAINS
    problems = (
        (not is_chain, "its source is not a chain"),
        (request.owner == ZERO_ADDRESS, "its owner is zero"),
        (not 1 <= request.token < preset.token_limit, "its token is not in the tree"),
        (not 0 <= request.account < preset.account_limit, "its account is not in the tree"),
        (is_chain and not has_chain(request.mask, request.source), "its chains are without its source"),
        (not 0 <= request.mask <= ALL_CHAINS, "its chains are no set of chains"),
    )
    for is_problem, reason in problems:
        if is_problem:
            raise InadmissibleRequest(request.source, request.request_id, reason)
    request.words()


def compute_serving(state: State, request: FullExitRequest) -> Serving:
    """The next serving of a request for an ordinary token."""
    row = state.token(request.token)
    chain = choose_paying_chain(row, request)
    if not is_of_owner(state, request):
        return Serving(chain, Amount(0), is_final=True)
    balance = state.balance(request.account, request.token)
    amount = compute_full_exit_amount(balance, row.reserve(chain))
    return Serving(chain, amount, is_final_serving(Amount(balance - amount), row.add(chain, -amount), request))


def choose_paying_chain(row: TokenRow, request: FullExitRequest) -> ChainId:
    """The first chain with a reserve among those that may pay, cyclically from the source; the source if none has."""
    chains = (chain for chain in cycle_chains(request.source) if has_chain(request.mask, chain) and row.reserve(chain))
    return next(chains, request.source)


def compute_full_exit_amount(balance: Amount, reserve: Amount) -> Amount:
    """All that both allow: a serving that is not the last one empties a reserve."""
    return min(balance, reserve)


def is_final_serving(balance: Amount, row: TokenRow, request: FullExitRequest) -> bool:
    """Whether, with what a serving has left, the balance is gone or no chain that may pay has a reserve."""
    return not balance or not any(row.reserve(chain) for chain in list_chains(request.mask))


def is_of_owner(state: State, request: FullExitRequest) -> bool:
    """Whether the account belongs to who asks."""
    return state.account(request.account).owner == request.owner


def _plan(state: State, request: FullExitRequest, context: Context) -> LedgerPlan:
    serving = compute_serving(state, request)
    return LedgerPlan(
        data=request.data(serving.chain, serving.amount, is_final=serving.is_final),
        credit=-serving.amount,
        reserve_change=-serving.amount,
        chain_record=request if serving.is_final else FullExitPart(request),
        payout=request.payout(serving.chain, serving.amount, context.block_number, context.slot),
        party=request.owner,
        second=request.second,
        knows_b=request.source if is_of_owner(state, request) else None,
        request=request,
    )
