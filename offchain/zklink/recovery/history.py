"""The history of one chain, from its events and calldata alone: blocks, what the bridge keeps of them, proofs, queues.

Takes a bridge and the published deployment; gives everything the bridge was told. What it keeps of each block is
recomputed from the words and compared with its own hash of the last one, which binds all before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zklink.l1.blocks import Opening, ProveBlock
from zklink.l1.bridge import BridgeClient
from zklink.l1.calldata import CommittedBlock, History, read_committed_blocks
from zklink.l1.deployment import Deployment
from zklink.l1.opening import compute_opened_commitment
from zklink.l1.proofs import read_proofs
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.keccak import keccak_words
from zklink.protocol.chain import StoredBlock, compute_inputs_hash, compute_payouts_hash, genesis_block, next_sync_hash
from zklink.protocol.commitment import PublicInputs, aggregate, challenge
from zklink.protocol.errors import HistoryDisagrees
from zklink.protocol.ids import SLICE_COUNT, TIME_BITS, BlockNumber, ChainId, Lane
from zklink.transition.replay_records import read_records

Request = SwapRequest | DepositRequest | FullExitRequest


@dataclass(frozen=True, slots=True)
class ChainHistory:
    """What one chain has been told. `stored` has block 0 too, `proofs` go by sync hash, `requests` are in queue
    order.
    """

    chain: ChainId
    name: str
    blocks: Mapping[BlockNumber, CommittedBlock]
    stored: Mapping[BlockNumber, StoredBlock]
    payouts: Mapping[BlockNumber, Sequence[Payout]]
    proofs: Mapping[bytes, ProveBlock]
    requests: Mapping[Lane, Sequence[Request]]


def read_chain(bridge: BridgeClient, deployment: Deployment, last_block: int | None = None) -> ChainHistory:
    """Read a chain from its deployment to L1 block `last_block` (default: now).

    Raises HistoryDisagrees, CalldataUnreadable, RpcUnavailable.
    """
    place = deployment.chains[bridge.chain_id]
    to_block = bridge.client.head().number if last_block is None else last_block
    history = History(deployment.deployment_hash, deployment.primary)
    blocks = read_committed_blocks(bridge, history, place.from_block, to_block)
    stored, payouts = _store(
        bridge.chain_id, blocks, genesis_block(deployment.genesis.root, deployment.deployment_hash)
    )
    last = max(stored)
    if bridge.stored_block_hash(last) != stored[last].hash():
        raise HistoryDisagrees(place.name, last, "the bridge keeps another block than its calldata gives")
    requests: dict[Lane, list[Request]] = {lane: [] for lane in Lane}
    for event in bridge.requests(place.from_block, to_block):
        request = event.request
        requests[Lane.SWAP if isinstance(request, SwapRequest) else Lane.ACCOUNT].append(request)
    proofs = read_proofs(bridge, place.from_block, to_block)
    return ChainHistory(bridge.chain_id, place.name, blocks, stored, payouts, proofs, requests)


def compute_inputs(opening: Opening) -> PublicInputs:
    """The public inputs that a block's proof must have, from the preimages of its hash."""
    z = challenge(keccak_words(*opening.header, opening.commitment, *opening.slice_hashes))
    lambda_ = challenge(compute_opened_commitment(opening))
    return PublicInputs(opening.commitment, z, lambda_, aggregate(opening.header_value, opening.values, lambda_))


def compute_stored(
    last: StoredBlock, opening: Opening, lane: Lane, requests: int, payouts: Sequence[Payout]
) -> StoredBlock:
    """What a bridge keeps of the block after `last`, of which it consumes `requests` and owes `payouts`."""
    _, number_and_time, counts, _, new_root = opening.header
    return StoredBlock(
        number=BlockNumber(last.number + 1),
        timestamp=number_and_time & ((1 << TIME_BITS) - 1),
        lane=lane,
        counts=counts,
        root=new_root,
        swap_requests=last.swap_requests + requests * (lane is Lane.SWAP),
        account_requests=last.account_requests + requests * (lane is Lane.ACCOUNT),
        payouts_hash=compute_payouts_hash([payout.words() for payout in payouts]),
        inputs_hash=compute_inputs_hash(compute_inputs(opening)),
        sync_hash=next_sync_hash(last.sync_hash, compute_opened_commitment(opening)),
    )


def _store(
    chain: ChainId, blocks: Mapping[BlockNumber, CommittedBlock], genesis: StoredBlock
) -> tuple[dict[BlockNumber, StoredBlock], dict[BlockNumber, tuple[Payout, ...]]]:
    stored = {BlockNumber(0): genesis}
    owed: dict[BlockNumber, tuple[Payout, ...]] = {}
    for number in sorted(blocks):
        block = blocks[number].block
        slices: list[tuple[int, ...]] = [()] * SLICE_COUNT
        slices[chain] = block.words
        records = read_records(number, block.lane, slices)
        requests = sum(not isinstance(record, KeyChange) for record in records.chain_records[chain])
        owed[number] = tuple(records.payouts[chain])
        last = stored[BlockNumber(number - 1)]
        stored[number] = compute_stored(last, blocks[number].opening, block.lane, requests, owed[number])
    return stored, owed
