# pragma version 0.4.3
"""
@title windows
@license Apache-2.0
@notice Windows of days, which count the seconds and the blocks of this chain since they began: a chain that was halted
        cannot wake up past them. Takes moments, gives whether a window is over. Never moves one.
@dev A moment is time 64 | block 64, lowest first. A window of d days needs d * 86,400 seconds and d * BLOCKS_PER_DAY
     blocks; deployers choose BLOCKS_PER_DAY well below what the chain makes in a day.
"""

from . import constants

BLOCKS_PER_DAY: immutable(uint256)


@deploy
def __init__(blocks_per_day: uint256):
    """
    @notice Fixes how many blocks a day of a window needs; above zero.
    """
    assert blocks_per_day > 0, "windows: no blocks in a day"
    BLOCKS_PER_DAY = blocks_per_day


@internal
@view
def now() -> uint256:
    """
    @notice This moment; never 0.
    """
    return block.timestamp | (block.number << 64)


@internal
@pure
def unpack(moment: uint256) -> (uint256, uint256):
    """
    @notice The time (UNIX seconds) and the block of a moment.
    """
    return moment & (2**64 - 1), moment >> 64


@internal
@view
def is_over(began_at: uint256, began_in: uint256, seconds: uint256) -> bool:
    """
    @notice Whether a window that began at this time and in this block is over.
    @param seconds Its length, whole days.
    """
    blocks: uint256 = seconds // constants.DAY * BLOCKS_PER_DAY
    return block.timestamp >= began_at + seconds and block.number >= began_in + blocks
