# pragma version 0.4.3
"""
@title roles
@license Apache-2.0
@notice Who may commit and revert blocks before a freeze: takes them at construction and answers checks. Never gives
        anybody access to funds.
"""

from . import checks

# Validators: they choose what is committed, never what is true.
validators: HashMap[address, bool]


@deploy
def __init__(validators: DynArray[address, 8]):
    """
    @notice Sets them for good.
    @param validators May commit and revert blocks.
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
