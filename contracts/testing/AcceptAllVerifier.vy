# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title AcceptAllVerifier
@license Apache-2.0
@notice A verifier that believes everything, for tests of what the bridge checks by itself. Never deployed outside
        tests.
@custom:emergency Whoever deploys a bridge on this has no bridge.
"""

from ..interfaces import IVerifier

implements: IVerifier


@external
@view
def check_proofs(proofs: DynArray[uint256[8], 16], inputs: DynArray[uint256[4], 16]):
    """
    @notice Accepts, as long as there is one proof for each statement.
    @param proofs Not looked at.
    @param inputs Not looked at.
    """
    assert len(proofs) == len(inputs), "accept-all: length"


@external
@view
def vk_hash() -> bytes32:
    """
    @notice Stands for a verification key.
    """
    return keccak256("accept all")


@external
@view
def is_development() -> bool:
    """
    @notice Nothing that believes everything is for use.
    """
    return True
