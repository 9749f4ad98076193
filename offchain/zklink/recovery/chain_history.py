"""The history of one chain: its blocks, its bridge's records of them, and its queues.

Takes the words of a block and the record of the block before; gives the record that the bridge must keep.
`history_reader.py` reads them off the chains. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zklink.l1.published.commit_calldata import CommittedBlock
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.full_exit import FullExitPart
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.primitives.keccak import keccak_words
from zklink.protocol.block_preimage import compute_opened_commitment
from zklink.protocol.bridge_blocks import BlockPreimage
from zklink.protocol.bridge_hashes import StoredBlock, compute_inputs_hash, compute_payouts_hash, next_sync_hash
from zklink.protocol.commitment import PublicInputs, aggregate, challenge
from zklink.protocol.ids import SLICE_COUNT, TIME_BITS, BlockNumber, ChainId, Lane
from zklink.transition.replay.replay_records import read_records

Kept = tuple[StoredBlock, tuple[Payout, ...]]
"""The record of a block that a bridge keeps, and the payouts that the bridge owes for it."""


@dataclass(frozen=True, slots=True)
class ChainHistory:
    """The blocks and requests of one chain. `stored` also has block 0; `requests` are in queue order."""

    chain: ChainId
    name: str
    blocks: Mapping[BlockNumber, CommittedBlock]
    stored: Mapping[BlockNumber, StoredBlock]
    payouts: Mapping[BlockNumber, Sequence[Payout]]
    requests: Mapping[Lane, Sequence[Request]]


def compute_inputs(preimage: BlockPreimage) -> PublicInputs:
    """The public inputs that a block's proof must have, from the preimages of its hash."""
    z = challenge(keccak_words(*preimage.header, preimage.commitment, *preimage.slice_hashes))
    lambda_ = challenge(compute_opened_commitment(preimage))
    return PublicInputs(preimage.commitment, z, lambda_, aggregate(preimage.header_value, preimage.values, lambda_))


def compute_kept(chain: ChainId, last: StoredBlock, committed: CommittedBlock) -> Kept:
    """The record that the bridge keeps of the block after `last`, and its payouts, from the block's words. Raises
    ReplayRefused.
    """
    block, preimage = committed.block, committed.preimage
    slices: list[tuple[int, ...]] = [()] * SLICE_COUNT
    slices[chain] = block.words
    records = read_records(committed.number, block.lane, slices)
    payouts = tuple(records.payouts[chain])
    requests = sum(not isinstance(record, KeyChange | FullExitPart) for record in records.chain_records[chain])
    _, number_and_time, counts, _, new_root = preimage.header
    stored = StoredBlock(
        number=BlockNumber(last.number + 1),
        timestamp=number_and_time & ((1 << TIME_BITS) - 1),
        lane=block.lane,
        counts=counts,
        root=new_root,
        swap_requests=last.swap_requests + requests * (block.lane is Lane.SWAP),
        account_requests=last.account_requests + requests * (block.lane is Lane.ACCOUNT),
        payouts_hash=compute_payouts_hash([payout.words() for payout in payouts]),
        inputs_hash=compute_inputs_hash(compute_inputs(preimage)),
        sync_hash=next_sync_hash(last.sync_hash, compute_opened_commitment(preimage)),
    )
    return stored, payouts
