# pragma version 0.4.3
"""
@title fills
@license Apache-2.0
@notice The brokers who paid recipients ahead of the block. Takes a payout's key, gives the broker to be repaid. A key
        goes from nobody to a broker to EXECUTED, or from nobody to EXECUTED, and never back.
"""

from . import checks

# Not an account: the address of a precompile.
EXECUTED: constant(address) = 0x0000000000000000000000000000000000000001

fillers: HashMap[bytes32, address]


@internal
def record(key: bytes32, broker: address):
    """
    @notice Enters the broker that is to be repaid for a payout.
    """
    filler: address = self.fillers[key]
    checks.require(filler != EXECUTED, "fills: already executed")
    checks.require(filler == empty(address), "fills: already filled")
    self.fillers[key] = broker


@internal
def settle(key: bytes32) -> address:
    """
    @notice Closes a payout's key, for good.
    @return The broker; the empty address if nobody filled; EXECUTED if the key was closed before.
    """
    filler: address = self.fillers[key]
    self.fillers[key] = EXECUTED
    return filler
