# pragma version 0.4.3
"""
@title door_fees
@license Apache-2.0
@notice What a request pays at the door in the chain's coin: takes what came with a call, gives it in gwei, and keeps what
        blocks have earned until somebody sends it to the recipient of fees. What is still open stands in priority_queue.
@dev Prices are the registry's. A full exit above the lower half of its queue also burns coin: that stays in the bridge,
     in no book, so nobody can ever take it.
"""

from ..interfaces import IBridge
from . import checks
from . import constants
from . import partners
from . import tokens

uses: partners

WEI_PER_GWEI: constant(uint256) = 10**9
FEE_LIMIT: constant(uint256) = 2**constants.NATIVE_FEE_BITS

# A crowded full exit doubles in price with as many more that wait.
CROWD_STEP: constant(uint256) = 32

# What blocks have earned and nobody has collected, in wei.
earned: uint256


@internal
@pure
def take(coin: uint256, amount: uint256, price_gwei: uint256) -> uint256:
    """
    @notice The fee in the coin that came with a call: all that is not the amount, at least the price.
    @param coin The coin that came, in wei.
    @param amount What of it is no fee, in wei.
    @param price_gwei The least fee.
    @return The fee in gwei, below 2^40.
    """
    fee: uint256 = unsafe_sub(coin, amount)
    fee_gwei: uint256 = fee // WEI_PER_GWEI
    checks.require(coin >= amount and fee_gwei >= price_gwei, "fee: below the price")
    checks.require(fee % WEI_PER_GWEI == 0, "fee: not whole gwei")
    checks.require(fee_gwei < FEE_LIMIT, "fee: too large")
    return fee_gwei


@internal
@view
def crowd_price(waiting: uint256) -> uint256:
    """
    @notice What a full exit burns, in gwei, when so many requests of the account lane wait: nothing in the lower half of
            the queue; above it a price that doubles.
    """
    if waiting < constants.MAX_OPEN_ACCOUNT_REQUESTS // 2:
        return 0
    # not below zero by the lines above
    steps: uint256 = unsafe_sub(waiting, constants.MAX_OPEN_ACCOUNT_REQUESTS // 2) // CROWD_STEP
    return partners.price(constants.CROWDED_EXIT_PRICE) << steps


@internal
def earn(fee_gwei: uint256):
    """
    @notice Adds fees of requests that blocks have consumed.
    """
    self.earned += fee_gwei * WEI_PER_GWEI


@internal
def collect():
    """
    @notice Sends all that is earned to the recipient of fees.
    """
    l1_amount: uint256 = self.earned
    receiver: address = staticcall partners.TOKENS.fee_recipient()
    self.earned = 0
    log IBridge.FeesCollected(receiver=receiver, l1_amount=l1_amount)
    tokens.send(tokens.NATIVE, receiver, l1_amount)
