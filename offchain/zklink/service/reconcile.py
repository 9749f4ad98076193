"""Asks every bridge for its books and compares them with the sequencer's states. Never sends a transaction."""

from collections.abc import Iterator, Mapping

from zklink.history.solvency import BridgeBooks, Holding, Reconciliation, compute_holding, compute_totals
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.log_cursor import LogCursor
from zklink.l1.tallies import QueueTally
from zklink.operations.payout import Payout
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import find_paid
from zklink.sequencer.sequencer import Sequencer


def reconcile(deployment: Deployment, bridges: Mapping[ChainId, BridgeClient], sequencer: Sequencer) -> Reconciliation:
    """Compare all chains' books; nothing may move on the chains meanwhile. Raises UnknownBlock if a chain has executed
    a block that is not sealed here, RequestGap, and RpcUnavailable.
    """
    holdings = tuple(
        holding for chain in sorted(bridges) for holding in _read_chain(deployment, bridges[chain], sequencer)
    )
    return Reconciliation(holdings, compute_totals(sequencer.state, (token.token_id for token in deployment.tokens)))


def _read_chain(deployment: Deployment, bridge: BridgeClient, sequencer: Sequencer) -> Iterator[Holding]:
    chain, after = bridge.chain_id, sequencer.record(bridge.history.tip().number)
    tally = QueueTally.empty(bridge, deployment.deployment_hash)
    cursor = LogCursor(bridge.client.profile.name, bridge.requests, deployment.chains[chain].from_block, tally)
    requests = [event.request for event in cursor.advance(bridge.client.head().number)]
    owed = list(_find_owed(bridge, sequencer, after.number))
    for token in (plan.token_id for plan in deployment.tokens if chain in plan.contracts):
        at = bridge.solvency(token)
        books = BridgeBooks(chain, token, at.balance, at.pending, at.custody, bridge.tokens.token_scale(token))
        reserve = sequencer.token_after(token, after.number).reserve(chain)
        yield compute_holding(books, requests, after, reserve, owed)


def _find_owed(bridge: BridgeClient, sequencer: Sequencer, last: BlockNumber) -> Iterator[Payout]:
    """The payouts of blocks up to `last` that are still owed there."""
    for block in sequencer.blocks(sequencer.settled, last - sequencer.settled):
        payouts = block.payouts(bridge.chain_id)
        if payouts:
            paid = find_paid(block, bridge.chain_id, bridge.history.owed(block.number))
            yield from payouts[0 if paid is None else paid :]
