"""What a sealed block says, for events and for the broker. Pure."""

from collections.abc import Iterator, Mapping

from zklink.broker.broker import Candidate
from zklink.node.events import BlockSealed, Result
from zklink.operations.requests import RequestKey
from zklink.sequencer.sealed_block import SealedBlock
from zklink.transition.swap_block import SwapBlock


def describe_block(sealed: SealedBlock, at: float) -> BlockSealed:
    """The event of a block of either lane."""
    timestamp = sealed.block.header.timestamp
    if isinstance(sealed.block, SwapBlock):
        slots = zip(sealed.block.slots, sealed.block.outcomes, strict=True)
        results = tuple(Result((r.source, r.request_id), outcome, payout) for (r, payout), outcome in slots)
        return BlockSealed(at, sealed.number, sealed.lane, timestamp, results)
    requests = tuple((request.source, request.request_id) for request in sealed.requests)
    operations = tuple(pending.id for pending in sealed.signed)
    return BlockSealed(at, sealed.number, sealed.lane, timestamp, (), requests, operations)


def list_candidates(sealed: SealedBlock, l1_blocks: Mapping[RequestKey, int]) -> Iterator[Candidate]:
    """What a broker may be offered: every payout of a swap, with its request's L1 block, and every withdrawal."""
    for chain in sealed.stored:
        for payout in sealed.payouts(chain):
            if isinstance(sealed.block, SwapBlock):
                yield Candidate(payout, sealed.number, l1_blocks[payout.source, payout.id])  # type: ignore[index]
            elif payout.is_fillable:
                yield Candidate(payout, sealed.number, None)
