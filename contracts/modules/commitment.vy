# pragma version 0.4.3
"""
@title commitment
@license Apache-2.0
@notice The hashes that identify a block, and the public inputs of its proof: takes the header, the hashes of all slices
        and their values, gives hashes and challenges. Pure.
@dev Protocol section 7. The order of the steps makes it sound: C is given; block_hash fixes z; only then do the
     values count; block_commitment fixes lambda over all of them.
"""

from . import constants

# h0..h4
struct Header:
    domain: uint256
    number_and_time: uint256
    counts: uint256
    old_root: uint256
    new_root: uint256


@internal
@pure
def compute_z(header: Header, commitment: uint256, hashes: bytes32[constants.SLICE_COUNT]) -> (bytes32, uint256):
    """
    @notice The block hash and the first challenge.
    """
    block_hash: bytes32 = keccak256(abi_encode(header, commitment, hashes))
    return block_hash, convert(block_hash, uint256) % constants.R


@internal
@pure
def evaluate_header(header: Header, z: uint256) -> uint256:
    """
    @notice V_header(z).
    """
    value: uint256 = uint256_addmod(uint256_mulmod(header.domain, z, constants.R), header.number_and_time, constants.R)
    value = uint256_addmod(uint256_mulmod(value, z, constants.R), header.counts, constants.R)
    value = uint256_addmod(uint256_mulmod(value, z, constants.R), header.old_root, constants.R)
    return uint256_addmod(uint256_mulmod(value, z, constants.R), header.new_root, constants.R)


@internal
@pure
def compute_lambda(block_hash: bytes32, header_value: uint256, values: uint256[constants.SLICE_COUNT]) -> (bytes32, uint256):
    """
    @notice The block commitment and the second challenge.
    """
    block_commitment: bytes32 = keccak256(abi_encode(block_hash, header_value, values))
    return block_commitment, convert(block_commitment, uint256) % constants.R


@internal
@pure
def compute_y(header_value: uint256, values: uint256[constants.SLICE_COUNT], lambda_: uint256) -> uint256:
    """
    @notice V_header + sum of lambda^(k+1) * V_k.
    """
    y: uint256 = 0
    for i: uint256 in range(constants.SLICE_COUNT):
        value: uint256 = values[unsafe_sub(constants.SLICE_COUNT - 1, i)]  # i is at most 8
        y = uint256_mulmod(uint256_addmod(y, value, constants.R), lambda_, constants.R)
    return uint256_addmod(y, header_value, constants.R)
