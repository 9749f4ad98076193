"""Asks every bridge for its books and compares them with the sequencer's states. Never sends a transaction."""

from collections.abc import Iterator, Mapping, Sequence

from zklink.history.solvency import (
    BridgeBooks,
    FeeHolding,
    Holding,
    Reconciliation,
    compute_holding,
    compute_totals,
    list_waiting,
)
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NATIVE, WEI_PER_GWEI
from zklink.l1.deployment.records import Deployment
from zklink.l1.log_cursor import LogCursor
from zklink.l1.tallies import QueueTally
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.protocol.ids import NO_TOKEN, BlockNumber, ChainId
from zklink.sequencer.decision import find_paid
from zklink.sequencer.sequencer import Sequencer


def reconcile(deployment: Deployment, bridges: Mapping[ChainId, BridgeClient], sequencer: Sequencer) -> Reconciliation:
    """Compare all chains' books; nothing may move on the chains meanwhile. Raises UnknownBlock if a chain has executed
    a block that is not sealed here, RequestGap, and RpcUnavailable.
    """
    holdings, fees = list[Holding](), list[FeeHolding]()
    for chain in sorted(bridges):
        requests = _read_requests(deployment, bridges[chain])
        holdings += _read_tokens(deployment, bridges[chain], sequencer, requests)
        fees.append(_read_fees(bridges[chain], sequencer, requests))
    totals = compute_totals(sequencer.state, (token.token_id for token in deployment.tokens))
    return Reconciliation(tuple(holdings), totals, tuple(fees))


def _read_requests(deployment: Deployment, bridge: BridgeClient) -> list[Request]:
    tally = QueueTally.empty(bridge, deployment.deployment_hash)
    from_block = deployment.chains[bridge.chain_id].from_block
    cursor = LogCursor(bridge.client.profile.name, bridge.requests, from_block, tally)
    return [event.request for event in cursor.advance(bridge.client.head().number)]


def _read_fees(bridge: BridgeClient, sequencer: Sequencer, requests: Sequence[Request]) -> FeeHolding:
    waiting = list_waiting(bridge.chain_id, requests, sequencer.record(bridge.history.tip().number))
    at, fees = bridge.solvency(NO_TOKEN), bridge.fees()
    paid = sum(request.native_fee_gwei for request in waiting) * WEI_PER_GWEI
    return FeeHolding(bridge.chain_id, at.balance, at.pending, fees.open_wei, paid, fees.earned_wei)


def _read_tokens(
    deployment: Deployment, bridge: BridgeClient, sequencer: Sequencer, requests: Sequence[Request]
) -> Iterator[Holding]:
    chain, after, fees = bridge.chain_id, sequencer.record(bridge.history.tip().number), bridge.fees()
    owed = list(_find_owed(bridge, sequencer, after.number))
    for plan in (plan for plan in deployment.tokens if chain in plan.contracts):
        token, at = plan.token_id, bridge.solvency(plan.token_id)
        coin = fees.open_wei + fees.earned_wei if plan.contracts[chain] == NATIVE else 0
        books = BridgeBooks(chain, token, at.balance, at.pending, at.custody, bridge.tokens.token_scale(token), coin)
        reserve = sequencer.token_after(token, after.number).reserve(chain)
        yield compute_holding(books, requests, after, reserve, owed)


def _find_owed(bridge: BridgeClient, sequencer: Sequencer, last: BlockNumber) -> Iterator[Payout]:
    """The payouts of blocks up to `last` that are still owed there."""
    for block in sequencer.blocks(sequencer.settled, last - sequencer.settled):
        payouts = block.payouts(bridge.chain_id)
        if payouts:
            paid = find_paid(block, bridge.chain_id, bridge.history.owed(block.number))
            yield from payouts[0 if paid is None else paid :]
