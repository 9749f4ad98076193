# pragma version 0.4.3
"""
@title tips
@license Apache-2.0
@notice The last block that a chain has accepted or imported, in three slots: gives it, takes its successor. Knows nothing
        of how a block comes in.
@dev First among the modules with storage, so that a storage proof shows a history in slots 0 to 2: the packed numbers, the
     state root, the sync hash.
"""

from ..interfaces import IHistory
from . import constants

NUMBER_MASK: constant(uint256) = 2**64 - 1
TIME_MASK: constant(uint256) = 2**constants.TIME_BITS - 1
UNPAID_MASK: constant(uint256) = 2**32 - 1
UNPAID_SHIFT: constant(uint256) = 104
END_SHIFT: constant(uint256) = 136

# number 64 | timestamp 40 | unpaid blocks 32 | has_end 1, lowest first
packed: uint256
root: uint256
sync_hash: bytes32


@deploy
def __init__(genesis_root: uint256, deployment_hash: bytes32):
    """
    @notice Starts at the genesis, block 0.
    """
    self.root = genesis_root
    self.sync_hash = deployment_hash


@internal
@view
def load() -> IHistory.Tip:
    """
    @notice The last block here.
    """
    packed: uint256 = self.packed
    return IHistory.Tip(
        number=convert(packed & NUMBER_MASK, uint64),
        timestamp=convert((packed >> 64) & TIME_MASK, uint40),
        unpaid=convert((packed >> UNPAID_SHIFT) & UNPAID_MASK, uint32),
        has_end=packed >> END_SHIFT == 1,
        root=self.root,
        sync_hash=self.sync_hash,
    )


@internal
def store(last: IHistory.Tip):
    """
    @notice Makes this the last block here.
    """
    self.packed = (
        convert(last.number, uint256)
        | (convert(last.timestamp, uint256) << 64)
        | (convert(last.unpaid, uint256) << UNPAID_SHIFT)
        | (convert(last.has_end, uint256) << END_SHIFT)
    )
    self.root = last.root
    self.sync_hash = last.sync_hash


@internal
def settle_one():
    """
    @notice One block less has payouts that are not paid. Whoever calls knows one such block.
    """
    self.packed -= 1 << UNPAID_SHIFT


@internal
def set_end():
    """
    @notice Notes that this history has an end.
    """
    self.packed |= 1 << END_SHIFT
