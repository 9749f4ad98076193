# pragma version 0.4.3
"""
@title checks
@license Apache-2.0
@notice An assertion with a reason in 71 bytes of code instead of 123, for the modules of Bridge, whose reasons would
        not fit otherwise.
"""


@internal
@pure
def require(condition: bool, reason: String[32]):
    """
    @notice Reverts with the reason unless the condition holds; costs some 70 gas when it does.
    """
    assert condition, reason
