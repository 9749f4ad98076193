# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title end_views
@license Apache-2.0
@notice What both ends answer in the same way. They export these functions; each is locked, because the pragma above holds
        for this file. Never changes anything.
"""

from . import end_partners
from . import freeze_calls
from . import windows

uses: end_partners
uses: freeze_calls
uses: windows


@external
@view
def freeze_call(lane: uint8) -> (uint64, uint256, uint256):
    """
    @notice The request over which a freeze was called last, and the time and the block of the call; zero for none.
    @param lane 1 swaps, 2 deposits and full exits.
    """
    return freeze_calls.get(lane)


@external
@view
def bridge() -> address:
    """
    @notice The bridge of this chain.
    """
    return end_partners.BRIDGE.address


@external
@view
def history() -> address:
    """
    @notice The history of this chain.
    """
    return end_partners.HISTORY


@external
@view
def groups() -> address:
    """
    @notice The groups of this chain.
    """
    return end_partners.GROUPS.address


@external
@view
def blocks_per_day() -> uint256:
    """
    @notice The blocks of this chain that a window needs for each of its days.
    """
    return windows.BLOCKS_PER_DAY
