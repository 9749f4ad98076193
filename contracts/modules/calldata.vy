# pragma version 0.4.3
"""
@title calldata
@license Apache-2.0
@notice Reads the arguments of the running call by their position, so that long lists are never copied as a whole.
@dev A position counts bytes of msg.data. What lies beyond the call reverts. Whoever reads here declares the argument,
     too, so that the ABI shows it; as the last one, since the compiler lays out its largest size.
"""


@internal
@view
def word(at: uint256) -> uint256:
    """
    @notice The word at a position.
    """
    return convert(slice(msg.data, at, 32), uint256)


@internal
@view
def find(index: uint256) -> (uint256, uint256):
    """
    @notice Where the content of a list or byte string begins, and its length (items or bytes).
    @param index The argument's place in the head of the call, counted in words from 0.
    """
    at: uint256 = 4 + self.word(4 + 32 * index)
    return at + 32, self.word(at)
