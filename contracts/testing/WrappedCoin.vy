# pragma version 0.4.3
"""
@title WrappedCoin
@license Apache-2.0
@notice A double of the contract that wraps a chain's coin, in the shape of WETH9. Never deployed outside tests.
@custom:emergency Nothing stops; whoever holds the token can unwrap it.
"""

from ethereum.ercs import IERC20

decimals: public(constant(uint8)) = 18

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
@payable
def __default__():
    """
    @notice Wraps what comes.
    """
    self.balanceOf[msg.sender] += msg.value


@external
@payable
def deposit():
    """
    @notice Wraps what comes.
    """
    self.balanceOf[msg.sender] += msg.value
    log IERC20.Transfer(sender=empty(address), receiver=msg.sender, value=msg.value)


@external
def withdraw(amount: uint256):
    """
    @notice Unwraps.
    @param amount In wei.
    """
    self.balanceOf[msg.sender] -= amount
    raw_call(msg.sender, b"", value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Moves the caller's tokens.
    @param to Who gets them.
    @param amount In wei.
    """
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=msg.sender, receiver=to, value=amount)
    return True
