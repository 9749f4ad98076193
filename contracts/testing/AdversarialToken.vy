# pragma version 0.4.3
"""
@title AdversarialToken
@license Apache-2.0
@notice An ERC-20 that turns bad on command, one bad habit at a time. Never deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

HONEST: constant(uint256) = 0
# One percent of every transfer disappears.
FEE: constant(uint256) = 1
# Says false and moves nothing.
SAY_NO: constant(uint256) = 2
# Paused.
REVERT: constant(uint256) = 3
# Uses all gas it gets.
BURN_GAS: constant(uint256) = 4
# Returns far more than a word.
BOMB: constant(uint256) = 5
# Calls `target` with `data` before it moves anything, as an ERC-777 hook does.
REENTER: constant(uint256) = 6
# Says two, which is neither true nor false.
TWO: constant(uint256) = 7
# Takes from the receiver instead of giving.
DRAIN: constant(uint256) = 8
# Says yes and moves nothing.
NOTHING: constant(uint256) = 9
# Reverts and says nothing.
SILENT: constant(uint256) = 10
# Moves no more than LIMIT units at once.
LIMITED: constant(uint256) = 11
LIMIT: constant(uint256) = 1_000

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(uint256)
mode: public(uint256)
is_blacklisted: public(HashMap[address, bool])
reentries: public(uint256)
refusals: public(uint256)
target: address
data: Bytes[4096]
junk: uint256


@deploy
def __init__(decimals_: uint256):
    """
    @param decimals_ Any number, also one that no token has.
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
@payable
def deposit():
    """
    @notice Gives as many tokens as coin comes, for good.
    """
    self.balanceOf[msg.sender] += msg.value


@external
def destroy(owner: address, amount: uint256):
    """
    @notice Destroys somebody's tokens, as an issuer may.
    @param owner Who loses them.
    @param amount How many.
    """
    self.balanceOf[owner] -= amount


@external
def permit(owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Gives no allowance, and uses all gas it gets.
    @param owner Not read.
    @param spender Not read.
    @param amount Not read.
    @param deadline Not read.
    @param v Not read.
    @param r Not read.
    @param s Not read.
    """
    for i: uint256 in range(1_000_000_000):
        self.junk = i


@external
def set_mode(mode: uint256):
    """
    @notice Chooses the habit.
    @param mode One of the constants.
    """
    self.mode = mode


@external
def set_blacklisted(account: address, is_blacklisted: bool):
    """
    @notice Makes transfers to and from an account revert.
    @param account Any.
    @param is_blacklisted Whether they do.
    """
    self.is_blacklisted[account] = is_blacklisted


@external
def set_call(target: address, data: Bytes[4096]):
    """
    @notice What a transfer calls in mode REENTER.
    @param target Any contract.
    @param data The call.
    """
    self.target = target
    self.data = data


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets an allowance.
    @param spender Who may move the caller's tokens.
    @param amount How many.
    """
    self.allowance[msg.sender][spender] = amount
    return True


@external
@raw_return
def transfer(to: address, amount: uint256) -> Bytes[4096]:
    """
    @notice Moves the caller's tokens, or does what the habit says.
    @param to Who gets them.
    @param amount How many.
    """
    return self._transfer(msg.sender, to, amount)


@external
@raw_return
def transferFrom(owner: address, to: address, amount: uint256) -> Bytes[4096]:
    """
    @notice Moves tokens on an allowance, or does what the habit says.
    @param owner Whose tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.allowance[owner][msg.sender] -= amount
    return self._transfer(owner, to, amount)


@internal
def _transfer(owner: address, to: address, amount: uint256) -> Bytes[4096]:
    assert not self.is_blacklisted[owner] and not self.is_blacklisted[to], "adversarial: blacklisted"
    if self.mode == REVERT:
        raise "adversarial: paused"
    if self.mode == SAY_NO:
        return abi_encode(False)
    if self.mode == SILENT:
        raw_revert(b"")
    if self.mode == LIMITED:
        assert amount <= LIMIT, "adversarial: above the limit"
    if self.mode == BURN_GAS:
        for i: uint256 in range(1_000_000_000):
            self.junk = i
    if self.mode == REENTER:
        if raw_call(self.target, self.data, revert_on_failure=False):
            self.reentries += 1
        else:
            self.refusals += 1
    if self.mode == NOTHING:
        return abi_encode(True)
    if self.mode == DRAIN:
        self.balanceOf[to] -= amount
        return abi_encode(True)
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - (amount // 100 if self.mode == FEE else 0)
    if self.mode == BOMB:
        return abi_encode(empty(uint256[128]))
    if self.mode == TWO:
        return abi_encode(convert(2, uint256))
    return abi_encode(True)
