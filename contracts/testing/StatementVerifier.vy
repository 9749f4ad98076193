# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title StatementVerifier
@license Apache-2.0
@notice Stands for the verifier of exits in tests: a proof holds exactly for the statement whose hash is its first word,
        so that a test sees which public inputs are asked for. Never deployed outside tests.
@custom:emergency Whoever deploys an exit on this has no exit.
"""

@external
@view
def check_proofs(proofs: DynArray[uint256[8], 16], inputs: DynArray[uint256[5], 16]):
    """
    @notice Reverts unless each proof is of its statement.
    @param proofs The first word of each is keccak256 of the five inputs.
    @param inputs The statements.
    """
    assert len(proofs) == len(inputs) and len(proofs) > 0, "statement: length"
    for i: uint256 in range(len(proofs), bound=16):
        assert proofs[i][0] == convert(keccak256(abi_encode(inputs[i])), uint256), "statement: another one"


@external
@view
def vk_hash() -> bytes32:
    """
    @notice Stands for a verification key.
    """
    return keccak256("statement")
