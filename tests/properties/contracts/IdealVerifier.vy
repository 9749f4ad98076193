# pragma version 0.4.3
# A perfect proof system in place of Groth16: it accepts exactly the public inputs that the test has found to be true
# statements (tests/support/books/statement.py). So blocks can be proven in microseconds, and false ones cannot be proven
# at all.

VK_HASH: constant(bytes32) = keccak256("ideal verifier")

is_true: HashMap[bytes32, bool]


@external
def allow(inputs: uint256[4]):
    """
    @notice Record a true statement.
    """
    self.is_true[keccak256(abi_encode(inputs))] = True


@external
@view
def check_proofs(proofs: DynArray[uint256[8], 16], inputs: DynArray[uint256[4], 16]):
    assert len(proofs) == len(inputs), "ideal: length"
    for statement: uint256[4] in inputs:
        assert self.is_true[keccak256(abi_encode(statement))], "ideal: not true"


@external
@view
def vk_hash() -> bytes32:
    return VK_HASH
