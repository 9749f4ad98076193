# pragma version 0.4.3
"""
@title TestWallet
@license Apache-2.0
@notice A contract wallet (ERC-1271) for tests: accepts one signature of one digest, or behaves badly on demand. Never
        deployed outside tests.
"""

MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000

digest: bytes32
signature: Bytes[8192]
# 0 honest, 1 reverts, 2 burns its gas, 3 answers four bytes, 4 nothing, 5 all bytes one, 6 the magic value with dirt
mode: uint256


@external
def expect(digest: bytes32, signature: Bytes[8192]):
    """
    @notice Accept this signature of this digest, and no other.
    """
    self.digest = digest
    self.signature = signature


@external
def set_mode(mode: uint256):
    """
    @notice Behave like this from now on.
    """
    self.mode = mode


@external
def act(target: address, data: Bytes[1024]):
    """
    @notice Calls anything as this wallet.
    """
    raw_call(target, data)


@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[8192]) -> Bytes[32]:
    """
    @notice ERC-1271, as far as the mode allows.
    """
    mode: uint256 = self.mode
    assert mode != 1, "wallet: no"
    if mode == 2:
        x: uint256 = 0
        for i: uint256 in range(10_000_000):
            x += i
    answer: bytes32 = empty(bytes32)
    if digest == self.digest and keccak256(signature) == keccak256(self.signature):
        answer = MAGIC
    if mode == 5:
        answer = convert(max_value(uint256), bytes32)
    if mode == 6:
        answer = convert(convert(MAGIC, uint256) | 1, bytes32)
    whole: Bytes[32] = concat(answer, b"")
    if mode == 3:
        return slice(whole, 0, 4)
    if mode == 4:
        return b""
    return whole
