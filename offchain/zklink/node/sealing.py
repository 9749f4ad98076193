"""Turns a sealed block into its event, and into payouts for the broker. Pure."""

from collections.abc import Iterator, Mapping

from zklink.broker.broker import Candidate
from zklink.node.events import BlockSealed, Result
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import Lane, RequestId
from zklink.sequencer.sealed_block import SealedBlock


def describe_block(sealed: SealedBlock, at: float) -> BlockSealed:
    """The event of a block: with the results of a swap block, or the requests and operations of an account block."""
    results = tuple(Result((r.source, r.request_id), outcome, payout) for r, payout, outcome in sealed.block.results())
    requests = () if sealed.lane is Lane.SWAP else tuple((r.source, r.request_id) for r in sealed.requests)
    operations = tuple(pending.id for pending in sealed.signed)
    timestamp = sealed.block.header.timestamp
    return BlockSealed(at, sealed.number, sealed.lane, timestamp, results, requests, operations)


def list_candidates(sealed: SealedBlock, l1_blocks: Mapping[RequestKey, int]) -> Iterator[Candidate]:
    """The payouts that a broker may fill: every payout of a swap, with its request's L1 block, and every withdrawal."""
    for chain in sealed.stored:
        for payout in sealed.payouts(chain):
            if sealed.lane is Lane.SWAP:
                yield Candidate(payout, sealed.number, l1_blocks[payout.source, RequestId(payout.id)])
            elif payout.is_fillable:
                yield Candidate(payout, sealed.number, None)
