# pragma version 0.4.3
"""
@title roles
@license Apache-2.0
@notice Who governs and who may commit: takes both at construction and answers checks. Never gives anybody access to
        funds.
"""

from . import checks

GOVERNOR: public(immutable(address))

# Validators: they choose what is committed, never what is true.
validators: HashMap[address, bool]


@deploy
def __init__(governor: address, validators: DynArray[address, 8]):
    """
    @notice Sets both for good.
    @param governor Registers, limits and pauses tokens and opens the bridge.
    @param validators May commit and revert blocks.
    """
    assert governor != empty(address), "roles: zero governor"
    assert len(validators) > 0, "roles: no validator"
    GOVERNOR = governor
    for validator: address in validators:
        assert validator != empty(address), "roles: zero validator"
        self.validators[validator] = True


@internal
@view
def check_governor(account: address):
    """
    @notice Reverts unless the account is the governor.
    """
    checks.require(account == GOVERNOR, "roles: not the governor")


@internal
@view
def check_validator(account: address):
    """
    @notice Reverts unless the account is a validator.
    """
    checks.require(self.validators[account], "roles: not a validator")
