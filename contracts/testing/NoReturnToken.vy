# pragma version 0.4.3
"""
@title NoReturnToken
@license Apache-2.0
@notice A token that moves and returns nothing, like the oldest dollars. Never deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(uint8)


@deploy
def __init__(decimals_: uint8):
    """
    @param decimals_ 0 to 36.
    """
    self.decimals = decimals_


@external
def mint(to: address, amount: uint256):
    """
    @notice Creates tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.balanceOf[to] += amount


@external
def approve(spender: address, amount: uint256):
    """
    @notice Sets an allowance.
    @param spender Who may move the caller's tokens.
    @param amount How many.
    """
    self.allowance[msg.sender][spender] = amount


@external
def transfer(to: address, amount: uint256):
    """
    @notice Moves the caller's tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount


@external
def transferFrom(owner: address, to: address, amount: uint256):
    """
    @notice Moves tokens on an allowance.
    @param owner Whose tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.allowance[owner][msg.sender] -= amount
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
