# pragma version 0.4.3
"""
@title standstill
@license Apache-2.0
@notice Whether this chain is frozen, and since when. A freeze is for good.
"""

from . import checks

# Time 128 | block 128 of the freeze, lowest first; 0 while there is none.
since: uint256


@internal
@view
def is_frozen() -> bool:
    """
    @notice Whether this chain takes no requests any more.
    """
    return self.since != 0


@internal
def begin():
    """
    @notice Freezes this chain; reverts if it is frozen.
    """
    checks.require(self.since == 0, "bridge: already frozen")
    self.since = block.timestamp | (block.number << 128)


@internal
@view
def began_at() -> (uint256, uint256):
    """
    @notice The time (UNIX seconds) and the block of the freeze; 0, 0 while there is none.
    """
    return self.since & (2**128 - 1), self.since >> 128
