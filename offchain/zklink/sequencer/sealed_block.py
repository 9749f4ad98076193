"""A sealed block in the forms that chains will see, and the record that is kept of it for good.

Takes a block of the transition and the record of the block before; gives its place in the history, what it consumes and
pays, and its forms for the primary and for members. Pure: the same block gives the same bytes on every machine, so that
a restarted sequencer goes on where it stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zklink.operations.operation_id import OperationId
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.protocol.block_preimage import BlockPreimage
from zklink.protocol.bridge_blocks import Block, FullBlock, MemberBlock, build_block
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import AddressFormat, BlockNumber, ChainId, Lane, RequestId
from zklink.protocol.presets import Preset
from zklink.sequencer.fee_terms import FREE_OF_CHARGE, Terms
from zklink.sequencer.operation_queue import Pending
from zklink.transition.block_frame import LaneBlock

Item = Request | Pending
"""The item of a slot: a request of L1, a signed operation, or a match."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A deployment as a sequencer needs it, and its operator's terms. `chains` are ascending, the primary among them;
    `bridges` are the universal addresses of their bridges, which nothing may be paid to. A chain that `formats` does
    not name has EVM addresses.
    """

    preset: Preset
    deployment_hash: bytes
    primary: ChainId
    chains: tuple[ChainId, ...]
    terms: Terms = FREE_OF_CHARGE
    bridges: Mapping[ChainId, bytes] = field(default_factory=dict)
    formats: Mapping[ChainId, AddressFormat] = field(default_factory=dict)

    def address_format(self, chain: ChainId) -> AddressFormat:
        """How a chain's addresses look."""
        return self.formats.get(chain, AddressFormat.EVM)

    def domain(self, lane: Lane) -> int:
        """The domain of a lane."""
        return compute_lane_domain(self.deployment_hash, lane)


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """What is kept of a block when it is settled: its place in the history. `consumed`: how many requests of each queue
    blocks have consumed up to and including it; `served`: the highest place of each queue that it uses itself, one that
    it serves in part included. Block 0 is the genesis.
    """

    number: BlockNumber
    lane: Lane | None
    timestamp: int
    root: int
    sync_hash: bytes
    commitment: bytes
    """The block commitment, by which its sync hash follows from the one before."""
    consumed: Mapping[tuple[Lane, ChainId], int]
    served: Mapping[tuple[Lane, ChainId], int] = field(default_factory=dict)

    @property
    def place(self) -> Accepted:
        """The history up to this block."""
        return Accepted(self.number, self.sync_hash)


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block, the items of its slots in order, and its record."""

    block: LaneBlock
    items: tuple[Item, ...]
    record: BlockRecord

    @property
    def number(self) -> BlockNumber:
        return self.block.header.number

    @property
    def lane(self) -> Lane:
        return self.block.lane

    @property
    def timestamp(self) -> int:
        return self.block.header.timestamp

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

    def payout_words(self, chain: ChainId) -> tuple[int, ...]:
        """The words of these payouts, three each."""
        return tuple(word for payout in self.payouts(chain) for word in payout.words())

    def is_concerned(self, chain: ChainId) -> bool:
        """Whether `chain` has a slice in this block."""
        return self.block.header.counts[chain] > 0

    def serves(self, lane: Lane, chain: ChainId, request_id: RequestId) -> bool:
        """Whether this block serves a request of a queue or a later one."""
        return self.lane is lane and any(r.source == chain and r.request_id >= request_id for r in self.requests)

    def find(self, id: OperationId) -> Pending | None:
        """A signed operation of this block."""
        return next((pending for pending in self.signed if pending.id == id), None)

    def full(self, primary: ChainId) -> FullBlock:
        """The block for the primary, without its proof: every slice, and the owners' consents to new keys."""
        given: dict[tuple[object, object], bytes] = {(p.account, p.nonce): p.consent for p in self.signed}
        consents = tuple(given[change.account, change.nonce] for change in self.block.key_changes(primary))
        return FullBlock(self._frame(), self.block.slices, consents)

    def member(self, chain: ChainId) -> MemberBlock:
        """The block for a member, without its proof: its own slice, and claims about every other one."""
        others = [k for k, count in enumerate(self.block.header.counts) if count and k != chain]
        hashes, values = self.block.slice_hashes, self.block.evaluations
        own = self.block.slices[chain]
        return MemberBlock(self._frame(), own, tuple(hashes[k] for k in others), tuple(values[k] for k in others))

    def preimage(self) -> BlockPreimage:
        """The preimages of the block commitment."""
        block = self.block
        return BlockPreimage(
            block.header.elements(),
            block.inputs.commitment,
            tuple(block.slice_hashes),
            block.header_value,
            tuple(block.evaluations),
        )

    def _frame(self) -> Block:
        header = self.block.header
        return build_block(self.lane, header.timestamp, header.counts, header.new_root, self.block.inputs.commitment)


def compute_genesis(root: int, parameters: Parameters) -> BlockRecord:
    """Block 0, the same on every chain."""
    nothing = {(lane, chain): 0 for lane in Lane for chain in parameters.chains}
    return BlockRecord(BlockNumber(0), None, 0, root, parameters.deployment_hash, b"", nothing)


def compute_sealed(block: LaneBlock, items: tuple[Item, ...], previous: BlockRecord) -> SealedBlock:
    """Seal `block`, which carries out `items`, on top of the block `previous`."""
    consumed = dict(previous.consumed)
    for lane, chain in consumed:
        if lane is block.lane:
            consumed[lane, chain] += len(block.requests(chain))
    header, commitment = block.header, block.block_commitment
    record = BlockRecord(
        number=header.number,
        lane=block.lane,
        timestamp=header.timestamp,
        root=header.new_root,
        sync_hash=next_sync_hash(previous.sync_hash, commitment),
        commitment=commitment,
        consumed=consumed,
        served={(block.lane, i.source): i.request_id for i in items if not isinstance(i, Pending)},
    )
    return SealedBlock(block, items, record)
