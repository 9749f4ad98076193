# pragma version 0.4.3
"""
@title commitment
@license Apache-2.0
@notice The hashes that identify a block, and the public inputs of its proof: takes the header, this chain's own slice
        and claims about the other slices, gives hashes and challenges. Pure.
@dev Protocol section 7. The order of the steps makes it sound: C is given; block_hash fixes z; only then are the
     claimed values placed; block_commitment fixes lambda over all of them.
"""

from . import constants
from . import records

# h0..h4
struct Header:
    domain: uint256
    number_and_time: uint256
    counts: uint256
    old_root: uint256
    new_root: uint256


@internal
@pure
def check_counts(counts: uint256, chain_mask: uint256, has_data: bool):
    """
    @notice Reverts unless only chains that take part have words.
    @param counts count_k in bits 16k..16k+15.
    @param chain_mask Bit k is set when chain k takes part; bit 0 is not.
    @param has_data Whether the lane has a slice 0.
    """
    assert counts >> (constants.COUNT_BITS * constants.SLICE_COUNT) == 0, "block: counts above chain 8"
    mask: uint256 = chain_mask | convert(has_data, uint256)
    for k: uint256 in range(constants.SLICE_COUNT):
        if (mask >> k) & 1 == 0:
            assert records.count_of(counts, k) == 0, "block: words of an unknown chain"


@internal
@pure
def place_hashes(
    counts: uint256, held: uint256, own: bytes32[constants.SLICE_COUNT], claims: DynArray[bytes32, 9]
) -> bytes32[constants.SLICE_COUNT]:
    """
    @notice Puts the claimed hashes where the counts say that a slice is not empty.
    @param held Bit k is set when this chain has slice k in full.
    @param own The hashes of these slices.
    """
    hashes: bytes32[constants.SLICE_COUNT] = own
    used: uint256 = 0
    for k: uint256 in range(constants.SLICE_COUNT):
        if (held >> k) & 1 == 0:
            if records.count_of(counts, k) == 0:
                hashes[k] = constants.EMPTY_SLICE_HASH
            else:
                assert used < len(claims), "block: slice hash missing"
                hashes[k] = claims[used]
                used = unsafe_add(used, 1)
    assert used == len(claims), "block: slice hash left over"
    return hashes


@internal
@pure
def place_values(
    counts: uint256, held: uint256, own: uint256[constants.SLICE_COUNT], claims: DynArray[uint256, 9]
) -> uint256[constants.SLICE_COUNT]:
    """
    @notice Puts the claimed evaluations where the counts say that a slice is not empty.
    @param held Bit k is set when this chain has slice k in full.
    @param own The values of these slices, 0 elsewhere.
    """
    values: uint256[constants.SLICE_COUNT] = own
    used: uint256 = 0
    for k: uint256 in range(constants.SLICE_COUNT):
        if (held >> k) & 1 == 0 and records.count_of(counts, k) != 0:
            assert used < len(claims), "block: evaluation missing"
            assert claims[used] < constants.R, "block: evaluation above r"
            values[k] = claims[used]
            used = unsafe_add(used, 1)
    assert used == len(claims), "block: evaluation left over"
    return values


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
