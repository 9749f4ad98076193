# pragma version 0.4.3
# A contract that owns and receives coins and tokens and behaves as the test says. Never deployed outside tests.
# Takes a mode for incoming native coin, and calls to make; gives what such an account does to a bridge that pays it.

flag Mode:
    REFUSE   # reverts
    BURN     # uses up all gas it is given
    BOMB     # reverts with as much data as it can
    REENTER  # calls `target` with `data` while it is being paid

mode: public(Mode)
target: address
data: Bytes[4096]
reentries: public(uint256)
junk: uint256


@external
@payable
def __default__():
    if self.mode == Mode.REFUSE:
        raise "odd: refused"
    if self.mode == Mode.BURN:
        for i: uint256 in range(1_000_000_000):
            self.junk = i
    if self.mode == Mode.BOMB:
        raw_revert(abi_encode(empty(uint256[512])))
    if self.mode == Mode.REENTER:
        if raw_call(self.target, self.data, revert_on_failure=False):
            self.reentries += 1


@external
def set_mode(mode: Mode):
    self.mode = mode


@external
def set_call(target: address, data: Bytes[4096]):
    """
    @notice What an incoming payment calls in mode REENTER.
    """
    self.target = target
    self.data = data


@external
@payable
def act(target: address, data: Bytes[4096]):
    """
    @notice Call anything as this contract, with the coin sent along.
    """
    raw_call(target, data, value=msg.value)
