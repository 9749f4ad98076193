# pragma version 0.4.3
"""
@title fills
@license Apache-2.0
@notice Who has paid a recipient ahead of the block: takes a payout's key, gives its broker. A key goes from nobody to a
        broker to EXECUTED or from nobody to EXECUTED, and never back.
"""

from . import checks

# Not an account: the address of a precompile.
EXECUTED: constant(address) = 0x0000000000000000000000000000000000000001

fillers: HashMap[bytes32, address]


@internal
def record(key: bytes32, broker: address):
    """
    @notice Enters a broker as the one to be repaid.
    """
    filler: address = self.fillers[key]
    checks.require(filler != EXECUTED, "fills: already executed")
    checks.require(filler == empty(address), "fills: already filled")
    self.fillers[key] = broker


@internal
def settle(key: bytes32) -> address:
    """
    @notice Closes a key.
    @return The broker, the empty address if nobody filled, EXECUTED if it was closed before.
    """
    filler: address = self.fillers[key]
    self.fillers[key] = EXECUTED
    return filler
