# pragma version 0.4.3
"""
@title lifecycle
@license Apache-2.0
@notice The blocks of this chain and their stages: takes stored blocks, keeps their hashes and four counters. A block is
        committed, proven, accepted, executed, in this order; it can be reverted until it is accepted. Never unfreezes
        the chain.
@dev executed <= accepted <= proven <= committed at all times. Only the hash of a block is kept: a caller hands the
     block in, and it is checked against the hash.
"""

from ..interfaces import IBridge
from . import checks
from . import constants

# A chain that made a block every millisecond would take 8,900 years to fill a number.
NUMBER_BITS: constant(uint256) = 48
MASK: constant(uint256) = 2**NUMBER_BITS - 1
TIME_MASK: constant(uint256) = 2**constants.TIME_BITS - 1

# Numbers of the last block in each stage; since when accepted blocks wait without one being executed (0: none waits);
# and whether the chain is frozen.
struct Stages:
    committed: uint64
    proven: uint64
    accepted: uint64
    executed: uint64
    waiting_since: uint256
    is_frozen: bool


stored: HashMap[uint64, bytes32]
sync_hashes: HashMap[uint64, bytes32]
# committed 48 | proven 48 | accepted 48 | executed 48 | waiting_since 40 | frozen 1, lowest first
packed_stages: uint256


@internal
@view
def stages() -> Stages:
    """
    @notice The stages of this chain's blocks, unpacked.
    """
    packed: uint256 = self.packed_stages
    return Stages(
        committed=convert(packed & MASK, uint64),
        proven=convert((packed >> 48) & MASK, uint64),
        accepted=convert((packed >> 96) & MASK, uint64),
        executed=convert((packed >> 144) & MASK, uint64),
        waiting_since=(packed >> 192) & TIME_MASK,
        is_frozen=packed >> 232 == 1,
    )


@internal
def set_stages(stages: Stages):
    """
    @notice Writes the stages, packed in one word.
    """
    self.packed_stages = (
        convert(stages.committed, uint256)
        | (convert(stages.proven, uint256) << 48)
        | (convert(stages.accepted, uint256) << 96)
        | (convert(stages.executed, uint256) << 144)
        | (stages.waiting_since << 192)
        | (convert(stages.is_frozen, uint256) << 232)
    )


@internal
def store(stored_block: IBridge.StoredBlock):
    """
    @notice Remembers a block under its number.
    """
    self.stored[stored_block.number] = self._hash(stored_block)
    self.sync_hashes[stored_block.number] = stored_block.sync_hash


@internal
@view
def check_stored(stored_block: IBridge.StoredBlock):
    """
    @notice Reverts unless this is the block whose hash is kept under its number.
    """
    checks.require(self.stored[stored_block.number] == self._hash(stored_block), "block: not the stored block")


@internal
def accept(number: uint64):
    """
    @notice Accepts every block up to a number, for good. Does nothing if they are accepted already, or not all proven.
    """
    stages: Stages = self.stages()
    if stages.accepted < number and number <= stages.proven:
        stages.accepted = number
        if stages.waiting_since == 0:
            stages.waiting_since = block.timestamp
        self.set_stages(stages)
        log IBridge.BlockAccepted(number=number, sync_hash=self.sync_hashes[number])


@internal
@pure
def _hash(stored_block: IBridge.StoredBlock) -> bytes32:
    return keccak256(abi_encode(stored_block))
