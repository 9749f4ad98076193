# pragma version 0.4.3
"""
@title roles
@license Apache-2.0
@notice The validators, who alone may commit and revert blocks before a freeze. Takes them at construction, checks
        callers. Never gives anybody access to funds.
"""

from . import checks

# Validators choose which blocks are committed; a proof decides whether a block is true.
validators: HashMap[address, bool]


@deploy
def __init__(validators: DynArray[address, 8]):
    """
    @notice Sets the validators for good.
    @param validators Addresses that may commit and revert blocks: 1 to 8, none of them zero.
    """
    assert len(validators) > 0, "roles: no validator"
    for validator: address in validators:
        assert validator != empty(address), "roles: zero validator"
        self.validators[validator] = True


@internal
@view
def check_validator(account: address):
    """
    @notice Reverts unless the account is a validator.
    """
    checks.require(self.validators[account], "roles: not a validator")
