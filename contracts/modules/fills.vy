# pragma version 0.4.3
"""
@title fills
@license Apache-2.0
@notice The brokers who paid recipients ahead of the block. Takes a payout's key, gives whom to repay, and how much of the
        fill fee its broker has earned. A key goes from nobody to a broker to EXECUTED, or from nobody to EXECUTED, and
        never back.
"""

from . import checks
from . import constants

# Not an account: the address of a precompile. As a whole slot it has no time, which a fill always has.
EXECUTED: constant(uint256) = 1
TIME_SHIFT: constant(uint256) = 160

# By key: whom to repay 160 | when it was filled 40, lowest first.
fillers: HashMap[bytes32, uint256]


@internal
def record(key: bytes32, repay_to: address):
    """
    @notice Enters a payout that is filled now, and whom to repay for it.
    """
    filler: uint256 = self.fillers[key]
    checks.require(filler != EXECUTED, "fills: already executed")
    checks.require(filler == 0, "fills: already filled")
    self.fillers[key] = convert(repay_to, uint256) | (block.timestamp << TIME_SHIFT)


@internal
def settle(key: bytes32) -> uint256:
    """
    @notice Closes a payout's key, for good.
    @return Whom to repay and since when; 0 if nobody filled; EXECUTED if the key was closed before.
    """
    filler: uint256 = self.fillers[key]
    self.fillers[key] = EXECUTED
    return filler


@internal
@pure
def unpack(filler: uint256) -> (address, uint256):
    """
    @notice Whom to repay, and when it was filled.
    """
    return convert(filler & (2**TIME_SHIFT - 1), address), filler >> TIME_SHIFT


@internal
@view
def earned_fee(filled_at: uint256, fill_fee: uint256) -> uint256:
    """
    @notice What a fill has earned now: the whole fee for a lead of FILL_LEAD_SECONDS, a part of it for less, rounded
            down.
    @param fill_fee Below 2^112.
    """
    lead: uint256 = min(unsafe_sub(block.timestamp, filled_at), constants.FILL_LEAD_SECONDS)
    return unsafe_div(unsafe_mul(fill_fee, lead), constants.FILL_LEAD_SECONDS)  # the product is below 2^116
