"""Turns a sealed block into its event, into a proposal for validators, and into payouts for the broker. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from zklink.broker.records import Candidate
from zklink.node.events import BlockSealed, Result, SignedItem
from zklink.operations.payout import split_operation_id
from zklink.operations.requests import RequestKey
from zklink.operations.signed import Signed
from zklink.operations.swap import SwapRequest
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import ChainId, Lane, RequestId
from zklink.sequencer.operation_queue import Pending
from zklink.sequencer.sealed_block import BlockRecord, SealedBlock
from zklink.signers.proposal import Proposal
from zklink.transition.rules import type_of


def describe_block(sealed: SealedBlock, at: float) -> BlockSealed:
    """The event of a block: with the results of a swap block, or the consumed requests and the operations of an account
    block.
    """
    results = tuple(Result((r.source, r.request_id), outcome, payout) for r, payout, outcome in sealed.block.results())
    requests = () if sealed.lane is Lane.SWAP else tuple((r.source, r.request_id) for r in sealed.requests)
    signed = tuple(_describe_signed(pending) for pending in sealed.signed)
    return BlockSealed(
        at=at,
        number=sealed.number,
        lane=sealed.lane,
        timestamp=sealed.timestamp,
        results=results,
        requests=requests,
        operations=tuple(item.id for item in signed),
        signed=signed,
        root=sealed.record.root,
        commitment=sealed.record.commitment,
    )


def _describe_signed(pending: Pending) -> SignedItem:
    is_match = pending.account is None
    nonce = None if is_match else pending.nonce
    return SignedItem(pending.id, type_of(pending.operation).__name__, pending.account, nonce)


def propose(sealed: SealedBlock, previous: BlockRecord, primary: ChainId) -> Proposal:
    """A block on top of `previous`, as validators are asked to seal it."""
    served = {chain: place for (_, chain), place in sealed.record.served.items()}
    return Proposal(sealed.number, previous.sync_hash, previous.root, sealed.full(primary), served)


def list_candidates(
    sealed: SealedBlock, chains: Iterable[ChainId], l1_blocks: Mapping[RequestKey, int]
) -> Iterator[Candidate]:
    """The payouts that a broker may fill: every payout of a swap, with its request's L1 block, and every withdrawal."""
    deadlines = {(r.source, r.request_id): r.deadline for r in sealed.requests if isinstance(r, SwapRequest)}
    withdrawals = [p.operation.operation for p in sealed.signed if isinstance(p.operation, Signed)]
    expiries = {(w.account, w.nonce): w.valid_until for w in withdrawals if isinstance(w, Withdraw)}
    for chain in chains:
        for payout in sealed.payouts(chain):
            if sealed.lane is Lane.SWAP:
                key = payout.source, RequestId(payout.id)
                yield Candidate(payout, sealed.number, l1_blocks[key], deadlines[key])
            elif payout.is_fillable:
                yield Candidate(payout, sealed.number, None, expiries[split_operation_id(payout.id)])
