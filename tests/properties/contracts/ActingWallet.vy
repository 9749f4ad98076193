# pragma version 0.4.3
# A contract wallet (ERC-1271) that accepts one signature of one digest, and calls what it is told to. Never deployed
# outside tests.

MAGIC: constant(bytes4) = 0x1626ba7e

digest: bytes32
signature: Bytes[64]


@external
@payable
def __default__():
    pass


@external
def expect(digest: bytes32, signature: Bytes[64]):
    """
    @notice Accept this signature of this digest, and no other.
    """
    self.digest = digest
    self.signature = signature


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[2048]) -> bytes4:
    """
    @notice ERC-1271.
    """
    assert digest == self.digest and keccak256(signature) == keccak256(self.signature), "wallet: unknown"
    return MAGIC


@external
def act(target: address, data: Bytes[4096]):
    """
    @notice Call anything as this wallet.
    """
    raw_call(target, data)
