# pragma version 0.4.3
"""
@title checks
@license Apache-2.0
@notice An assertion with a reason that takes 71 bytes of code instead of 123. The modules of Bridge use it: their
        reasons would not fit into the bridge otherwise.
"""


@internal
@pure
def require(condition: bool, reason: String[32]):
    """
    @notice Reverts with the reason unless the condition holds; costs some 70 gas when it does.
    """
    assert condition, reason
