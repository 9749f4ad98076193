# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title TestToken: a token for tests, with the vices of real ones
@notice Anybody mints. A transfer can cost a fee, and a receiver can be refused.
"""
from ethereum.ercs import IERC20

implements: IERC20

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

FEE_PERCENT: immutable(uint256)
decimals: public(immutable(uint8))
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
totalSupply: public(uint256)
is_refused: public(HashMap[address, bool])


@deploy
def __init__(token_decimals: uint8, fee_percent: uint256):
    decimals = token_decimals
    FEE_PERCENT = fee_percent


@external
def mint(receiver: address, amount: uint256):
    """
    @notice Gives new tokens to anybody.
    @param receiver Who gets it
    @param amount In the token's own units
    """
    self.balanceOf[receiver] += amount
    self.totalSupply += amount
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def refuse(receiver: address, is_refused: bool):
    """
    @notice Says whether somebody can receive.
    @param receiver Who gets it
    @param is_refused Whether nothing can be sent there from now on
    """
    self.is_refused[receiver] = is_refused


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Lets somebody else move one's tokens.
    @param spender Who may move it
    @param amount In the token's own units
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Moves one's own tokens, less the fee.
    @param receiver Who gets it
    @param amount In the token's own units
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Moves tokens that somebody has been allowed to move, less the fee.
    @param sender Whose it is
    @param receiver Who gets it
    @param amount In the token's own units
    """
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, receiver, amount)
    return True


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert not self.is_refused[receiver], "token: receiver is refused"
    fee: uint256 = amount * FEE_PERCENT // 100
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount - fee
    self.totalSupply -= fee
    log Transfer(sender=sender, receiver=receiver, value=amount - fee)
