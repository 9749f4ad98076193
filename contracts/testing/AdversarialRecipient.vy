# pragma version 0.4.3
"""
@title AdversarialRecipient
@license Apache-2.0
@notice A contract that is paid and behaves badly on command. Never deployed outside tests.
@custom:emergency Nothing stops; it holds nothing of anybody else.
"""

HONEST: constant(uint256) = 0
# Reverts.
REFUSE: constant(uint256) = 1
# Uses all gas it gets.
BURN_GAS: constant(uint256) = 2
# Reverts with far more than a word.
BOMB: constant(uint256) = 3
# Calls `target` with `data`.
REENTER: constant(uint256) = 4

mode: public(uint256)
reentries: public(uint256)
refusals: public(uint256)
target: address
data: Bytes[4096]
junk: uint256


@external
@payable
def __default__():
    """
    @notice Is paid.
    """
    if self.mode == REFUSE:
        raise "adversarial: refused"
    if self.mode == BURN_GAS:
        for i: uint256 in range(1_000_000_000):
            self.junk = i
    if self.mode == BOMB:
        raw_revert(abi_encode(empty(uint256[512])))
    if self.mode == REENTER:
        if raw_call(self.target, self.data, revert_on_failure=False):
            self.reentries += 1
        else:
            self.refusals += 1


@external
def set_mode(mode: uint256):
    """
    @notice Chooses the habit.
    @param mode One of the constants.
    """
    self.mode = mode


@external
def set_call(target: address, data: Bytes[4096]):
    """
    @notice What a payment calls in mode REENTER.
    @param target Any contract.
    @param data The call.
    """
    self.target = target
    self.data = data


@external
@payable
def act(target: address, data: Bytes[4096]):
    """
    @notice Calls anything as this contract, with the coin sent along.
    @param target Any contract.
    @param data The call.
    """
    raw_call(target, data, value=msg.value)
