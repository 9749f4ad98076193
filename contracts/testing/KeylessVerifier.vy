# pragma version 0.4.3
"""
@title KeylessVerifier
@license Apache-2.0
@notice A verifier whose key was never set. Never deployed outside tests.
@custom:emergency No bridge can be built on it.
"""


@external
@view
def vk_hash() -> bytes32:
    """
    @notice Nothing.
    """
    return empty(bytes32)
