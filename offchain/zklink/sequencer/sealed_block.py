"""A sealed block in the form that each chain will see.

Takes a block of the transition and the records of the block before; gives, per chain, the stored block, the requests it
consumes and the payouts it owes. Pure: the same block gives the same bytes on every machine, so that a restarted
sequencer goes on where it stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import OperationId
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.protocol.bridge_hashes import (
    StoredBlock,
    compute_inputs_hash,
    compute_payouts_hash,
    genesis_block,
    next_sync_hash,
)
from zklink.protocol.commitment import pack_counts
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.presets import Preset
from zklink.sequencer.fee_terms import FREE_OF_CHARGE, Terms
from zklink.sequencer.operation_queue import Pending
from zklink.transition.block_frame import LaneBlock

Item = Request | Pending
"""The item of a slot: a request of L1, a signed operation, or a match."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A deployment as a sequencer needs it, and its operator's terms. `chains` are ascending, all EVM, the primary
    among them.
    """

    preset: Preset
    deployment_hash: bytes
    primary: ChainId
    chains: tuple[ChainId, ...]
    terms: Terms = FREE_OF_CHARGE

    def domain(self, lane: Lane) -> int:
        """The domain of a lane."""
        return compute_lane_domain(self.deployment_hash, lane)


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block, the items of its slots in order, and, per chain, the record of which the chain keeps the hash."""

    block: LaneBlock
    items: tuple[Item, ...]
    stored: Mapping[ChainId, StoredBlock]

    @property
    def number(self) -> BlockNumber:
        return self.block.header.number

    @property
    def lane(self) -> Lane:
        return self.block.lane

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests in slot order, a full exit once for each serving."""
        return tuple(item for item in self.items if not isinstance(item, Pending))

    @property
    def signed(self) -> tuple[Pending, ...]:
        """All signed operations and matches in slot order."""
        return tuple(item for item in self.items if isinstance(item, Pending))

    def payouts(self, chain: ChainId) -> tuple[Payout, ...]:
        """The payouts that `chain` owes for this block, in slice order."""
        return self.block.payouts(chain)

    def consents(self, chain: ChainId) -> tuple[bytes, ...]:
        """For each key change in the chain's slice, its owner's signature, or nothing if it is recorded there."""
        given: dict[tuple[object, object], bytes] = {(p.account, p.nonce): p.consent for p in self.signed}
        return tuple(given.get((k.account, k.nonce), NO_CONSENT) for k in self.block.key_changes(chain))

    def is_concerned(self, chain: ChainId) -> bool:
        """Whether `chain` has a slice in this block; execution anywhere waits for the acknowledgement of every such
        chain.
        """
        return self.block.header.counts[chain] > 0

    def find(self, id: OperationId) -> Pending | None:
        """A signed operation of this block."""
        return next((pending for pending in self.signed if pending.id == id), None)


def compute_genesis(root: int, parameters: Parameters) -> Mapping[ChainId, StoredBlock]:
    """Block 0, the same on every chain."""
    return dict.fromkeys(parameters.chains, genesis_block(root, parameters.deployment_hash))


def compute_sealed(block: LaneBlock, items: tuple[Item, ...], previous: Mapping[ChainId, StoredBlock]) -> SealedBlock:
    """Seal `block`, which carries out `items`, on top of the stored blocks `previous`."""
    stored = {chain: _compute_stored(block, chain, last) for chain, last in previous.items()}
    return SealedBlock(block, items, stored)


def _compute_stored(block: LaneBlock, chain: ChainId, last: StoredBlock) -> StoredBlock:
    requests = len(block.requests(chain))
    is_swap = block.lane is Lane.SWAP
    return StoredBlock(
        number=block.header.number,
        timestamp=block.header.timestamp,
        lane=block.lane,
        counts=pack_counts(block.header.counts),
        root=block.header.new_root,
        swap_requests=last.swap_requests + requests * is_swap,
        account_requests=last.account_requests + requests * (not is_swap),
        payouts_hash=compute_payouts_hash([payout.words() for payout in block.payouts(chain)]),
        inputs_hash=compute_inputs_hash(block.inputs),
        sync_hash=next_sync_hash(last.sync_hash, block.block_commitment),
    )
