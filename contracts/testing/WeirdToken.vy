# pragma version 0.4.3
"""
@title WeirdToken
@license Apache-2.0
@notice An ERC-20 with habits that deployed tokens have, any number of them at a time; none of them is a reason to lose
        somebody's money. A double for tests, in place of tokens whose sources are not published as packages.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

# approve answers false.
DENIES_APPROVAL: constant(uint256) = 1
# transfer answers false and moves nothing; transferFrom works.
DENIES_TRANSFER: constant(uint256) = 2
# transfer answers true and moves nothing; transferFrom works.
KEEPS_TRANSFER: constant(uint256) = 4
# An allowance is never used up.
KEEPS_ALLOWANCE: constant(uint256) = 8
# An allowance changes only from zero or to zero (USDT).
ZERO_FIRST: constant(uint256) = 16
# An allowance of zero is refused (BNB).
NO_ZERO_APPROVAL: constant(uint256) = 32
# A transfer of nothing is refused (LEND).
NO_ZERO_TRANSFER: constant(uint256) = 64
# The sender pays one percent on top.
FEE_ON_TOP: constant(uint256) = 128
# One unit less arrives than was sent, because balances are shares (stETH).
ROUNDS_DOWN: constant(uint256) = 256
# A transfer of the largest number moves the whole balance (cUSDCv3).
LARGEST_IS_ALL: constant(uint256) = 512
# transferFrom needs an allowance even from the owner, and is refused to it without one; transfer to oneself is refused.
NOT_TO_ONESELF: constant(uint256) = 1024

decimals: public(immutable(uint8))
balances: HashMap[address, uint256]
allowance: public(HashMap[address, HashMap[address, uint256]])
habits: uint256
# Percent of a balance that is shown (rebasing).
percent: uint256


@deploy
def __init__(decimals_: uint8, habits_: uint256):
    """
    @param decimals_ Any.
    @param habits_ The sum of some of the constants.
    """
    decimals = decimals_
    self.habits = habits_
    self.percent = 100


@external
@view
def balanceOf(owner: address) -> uint256:
    """
    @notice A balance, as it is today.
    @param owner Any.
    """
    return self.balances[owner] * self.percent // 100


@external
def set_habits(habits: uint256):
    """
    @notice Chooses other habits.
    @param habits The sum of some of the constants.
    """
    self.habits = habits


@external
def rebase(percent: uint256):
    """
    @notice Every balance becomes so much of what it was minted as.
    @param percent 100 is as minted.
    """
    self.percent = percent


@external
def mint(to: address, amount: uint256):
    """
    @notice Creates tokens.
    @param to Who gets them.
    @param amount How many.
    """
    self.balances[to] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Sets an allowance, as far as the habits go.
    @param spender Who may move the caller's tokens.
    @param amount How many.
    """
    if self._has(DENIES_APPROVAL):
        return False
    assert not self._has(NO_ZERO_APPROVAL) or amount > 0, "weird: approval of nothing"
    assert not self._has(ZERO_FIRST) or amount == 0 or self.allowance[msg.sender][spender] == 0, "weird: zero first"
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Moves the caller's tokens, as far as the habits go.
    @param to Who gets them.
    @param amount How many.
    """
    if self._has(DENIES_TRANSFER):
        return False
    if not self._has(KEEPS_TRANSFER):
        self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Moves tokens on an allowance.
    @param owner Whose tokens.
    @param to Who gets them.
    @param amount How many.
    """
    assert self.allowance[owner][msg.sender] >= amount, "weird: allowance"
    if not self._has(KEEPS_ALLOWANCE):
        self.allowance[owner][msg.sender] -= amount
    self._move(owner, to, amount)
    return True


@internal
@view
def _has(habit: uint256) -> bool:
    return self.habits & habit != 0


@internal
def _move(owner: address, to: address, shown: uint256):
    assert not self._has(NO_ZERO_TRANSFER) or shown > 0, "weird: transfer of nothing"
    assert not self._has(NOT_TO_ONESELF) or owner != to, "weird: to oneself"
    amount: uint256 = shown * 100 // self.percent if shown < max_value(uint256) // 100 else shown
    if self._has(LARGEST_IS_ALL) and shown == max_value(uint256):
        amount = self.balances[owner]
    self.balances[owner] -= amount + (amount // 100 if self._has(FEE_ON_TOP) else 0)
    self.balances[to] += amount - (1 if self._has(ROUNDS_DOWN) and amount > 0 else 0)
