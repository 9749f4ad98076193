# pragma version 0.4.3
"""
@title Assembler
@license Apache-2.0
@notice Makes a call out of its storage, for tests: what the call says stands in no input of the transaction that makes
        it. Never deployed outside tests.
"""

call: Bytes[8192]


@external
def keep(data: Bytes[8192]):
    """
    @notice Remember a call.
    """
    self.call = data


@external
def send(target: address):
    """
    @notice Make the call.
    """
    raw_call(target, self.call)
