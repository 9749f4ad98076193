# pragma version 0.4.3
# An ERC-20 whose behaviour the test chooses and changes at any time. Never deployed outside tests.
# Takes a mode; gives the behaviour of a well-known kind of bad token; never refuses to mint.

flag Mode:
    FEE      # 1 % of every transfer disappears
    NO       # returns false, moves nothing
    REVERT   # paused, or the account is blacklisted
    BURN     # uses up all gas
    LIE      # returns true, moves nothing
    REENTER  # calls `target` with `data` in every transfer, as an ERC-777 hook would

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(immutable(uint8))
mode: public(Mode)
target: address
data: Bytes[2048]
reentries: public(uint256)
is_inside: bool
junk: uint256


@deploy
def __init__(token_decimals: uint8):
    decimals = token_decimals


@external
def mint(owner: address, amount: uint256):
    self.balanceOf[owner] += amount


@external
def set_mode(mode: Mode):
    self.mode = mode


@external
def set_call(target: address, data: Bytes[2048]):
    """
    @notice What a transfer calls in mode REENTER; the token itself holds plenty and lets the target take it.
    """
    self.target = target
    self.balanceOf[self] = 10**30
    self.allowance[self][target] = max_value(uint256)
    self.data = data


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(receiver: address, amount: uint256) -> bool:
    return self._move(msg.sender, receiver, amount)


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    return self._move(owner, receiver, amount)


@internal
def _move(owner: address, receiver: address, amount: uint256) -> bool:
    if self.mode == Mode.REVERT:
        raise "odd: paused"
    if self.mode == Mode.NO:
        return False
    if self.mode == Mode.LIE:
        return True
    if self.mode == Mode.BURN:
        for i: uint256 in range(1_000_000_000):
            self.junk = i
    if self.mode == Mode.REENTER and not self.is_inside:
        self.is_inside = True
        if raw_call(self.target, self.data, revert_on_failure=False):
            self.reentries += 1
        self.is_inside = False
    received: uint256 = amount
    if self.mode == Mode.FEE:
        received -= amount // 100
    self.balanceOf[owner] -= amount
    self.balanceOf[receiver] += received
    return True
