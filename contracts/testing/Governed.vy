# pragma version 0.4.3
"""
@title Governed
@license Apache-2.0
@notice A contract that a timelock governs: it keeps what it is told, takes coin, refuses, and calls anybody back. Never
        deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

numbers: public(DynArray[uint256, 16])
caller: public(address)
back_to: address
back_data: Bytes[4096]
back_value: uint256


@external
@payable
def note(number: uint256):
    """
    @notice Notes a number and the caller.
    @param number Any.
    """
    self.numbers.append(number)
    self.caller = msg.sender
    if self.back_to != empty(address):
        raw_call(self.back_to, self.back_data, value=self.back_value)


@external
def note_long(data: Bytes[12288]) -> uint256:
    """
    @notice Notes the length of what comes.
    @param data Any.
    @return Something, which nobody asks for.
    """
    self.numbers.append(len(data))
    return 7


@external
def refuse():
    """
    @notice Refuses.
    """
    assert msg.sender == self, "governed: refused"


@external
def call_back(to: address, data: Bytes[4096], amount: uint256):
    """
    @notice Makes `note` call somebody.
    @param to The contract.
    @param data The call.
    @param amount Wei that goes with it.
    """
    self.back_to = to
    self.back_data = data
    self.back_value = amount
