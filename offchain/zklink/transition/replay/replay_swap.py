"""The effects of a published swap block: its requests and payouts, paired by source and request id."""

from itertools import chain

from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import ReplayIncomplete, ReplayMismatch
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId, Kind
from zklink.state.state import State
from zklink.transition.replay.replay_records import Records
from zklink.transition.replay.replay_sums import Sums


def replay_swap(state: State, records: Records) -> None:
    """Add a swap block's effects; ReplayIncomplete, ReplayMismatch or StateError."""
    number = records.number
    payouts: dict[tuple[ChainId, int], Payout] = {}
    for payout in chain.from_iterable(records.payouts.values()):
        if (payout.source, payout.id) in payouts:
            raise ReplayIncomplete(number, payout.chain, f"request {payout.id} of chain {payout.source} is paid twice")
        payouts[payout.source, payout.id] = payout
    sums = Sums(state)
    for request in chain.from_iterable(records.chain_records.values()):
        assert isinstance(request, SwapRequest)
        found = payouts.pop((request.source, request.request_id), None)
        if found is None:
            raise ReplayIncomplete(number, request.source, f"request {request.request_id} has no payout")
        _check_payout(number, request, found)
        if found.kind == Kind.SWAP_PAID:
            _add_paid(sums, request, found)
    if payouts:
        source, request_id = next(iter(payouts))
        raise ReplayIncomplete(number, source, f"the payout of request {request_id} has no request")
    sums.store()


def _check_payout(number: int, request: SwapRequest, payout: Payout) -> None:
    is_paid = payout.kind == Kind.SWAP_PAID
    between = payout.between if request.via != NO_TOKEN else Amount(0)
    expected = Payout.paid(request, payout.amount, between) if is_paid else Payout.refunded(request)
    for what, right, wrong in zip(("p0", "p1", "p2"), expected.words(), payout.words(), strict=True):
        if right != wrong:
            name = f"{what} of the payout of request {request.request_id} of chain {request.source}"
            raise ReplayMismatch(number, name, right, wrong)


def _add_paid(sums: Sums, request: SwapRequest, payout: Payout) -> None:
    sums.add(request.token_in, request.source, request.amount)
    sums.accrue(request.token_in, request.operator_fee)
    sums.add(payout.token, payout.chain, -payout.amount)
    legs = request.legs()
    amounts = (request.amount - request.operator_fee, *[payout.between][: len(legs) - 1], payout.amount)
    for leg, dx, out in zip(legs, amounts, amounts[1:], strict=False):
        sums.set_pool(*leg, sums.pool(*leg).traded(*leg, dx, out))
