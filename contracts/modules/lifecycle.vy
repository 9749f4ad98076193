# pragma version 0.4.3
"""
@title lifecycle
@license Apache-2.0
@notice The blocks of this chain and how far each has come: takes stored blocks, keeps their hashes and four counters. A
        block goes committed, proven, accepted, executed; what is not accepted can go back.
@dev executed <= accepted <= proven <= committed at all times. Whoever wants to work on a block hands it over and is
     checked against the hash.
"""

from ..interfaces import IBridge
from . import checks

MASK: constant(uint256) = 2**64 - 1

# Numbers of the last block in each stage.
struct Stages:
    committed: uint64
    proven: uint64
    accepted: uint64
    executed: uint64


stored: HashMap[uint64, bytes32]
sync_hashes: HashMap[uint64, bytes32]
# committed 64 | proven 64 | accepted 64 | executed 64, lowest first
packed_stages: uint256


@internal
@view
def stages() -> Stages:
    """
    @notice The four counters.
    """
    packed: uint256 = self.packed_stages
    return Stages(
        committed=convert(packed & MASK, uint64),
        proven=convert((packed >> 64) & MASK, uint64),
        accepted=convert((packed >> 128) & MASK, uint64),
        executed=convert(packed >> 192, uint64),
    )


@internal
def set_stages(stages: Stages):
    """
    @notice Writes the four counters.
    """
    self.packed_stages = (
        convert(stages.committed, uint256)
        | (convert(stages.proven, uint256) << 64)
        | (convert(stages.accepted, uint256) << 128)
        | (convert(stages.executed, uint256) << 192)
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
    @notice Reverts unless this is the block that is remembered under its number.
    """
    checks.require(self.stored[stored_block.number] == self._hash(stored_block), "block: not the stored block")


@internal
def accept(number: uint64):
    """
    @notice Accepts every proven block up to a number, for good; nothing happens when that has been done.
    """
    stages: Stages = self.stages()
    if stages.accepted < number and number <= stages.proven:
        stages.accepted = number
        self.set_stages(stages)
        log IBridge.BlockAccepted(number=number, sync_hash=self.sync_hashes[number])


@internal
@pure
def _hash(stored_block: IBridge.StoredBlock) -> bytes32:
    return keccak256(abi_encode(stored_block))
