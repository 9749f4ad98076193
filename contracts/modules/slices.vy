# pragma version 0.4.3
"""
@title slices
@license Apache-2.0
@notice The parts of a slice that both lanes share: takes words, gives their hash and their value as a polynomial, and
        defines the content of a chain's own slice. Pure.
@dev Protocol section 7. swap_slices and account_slices read the chain's own slice and evaluate it in the same pass.
"""

from . import constants

# A new key for an account. `owner` is a universal address; its consent is still to be checked.
struct KeyChange:
    owner: bytes32
    account: uint256
    nonce: uint256
    public_key_hash: uint256


# The content of a slice. `requests` is the number of requests, `queued_at` the time of the last of them (0 for none).
# `forced` are the addresses of this chain that forced exits pay; each must be known here.
struct Content:
    requests: uint256
    queue_hash: bytes32
    queued_at: uint256
    payouts_hash: bytes32
    value: uint256
    key_changes: DynArray[KeyChange, constants.MAX_SIGNATURES]
    forced: DynArray[address, constants.MAX_SIGNATURES]


@internal
@pure
def compute_hash(words: DynArray[uint256, constants.MAX_SLICE_WORDS]) -> bytes32:
    """
    @notice keccak256 of the word count and the words.
    """
    return keccak256(abi_encode(words, ensure_tuple=False))


@internal
@pure
def compute_data_hash(data: DynArray[uint256, constants.MAX_DATA_WORDS]) -> bytes32:
    """
    @notice The same for slice 0.
    """
    return keccak256(abi_encode(data, ensure_tuple=False))


@internal
@pure
def evaluate_data(data: DynArray[uint256, constants.MAX_DATA_WORDS], z: uint256) -> uint256:
    """
    @notice Slice 0 as a polynomial at z; reverts unless each word has at most 248 bits. The circuit fixes the meaning
            of these words; the primary chain only publishes them, for recovery.
    """
    value: uint256 = 0
    all_bits: uint256 = 0
    for word: uint256 in data:
        all_bits |= word
        value = uint256_addmod(uint256_mulmod(value, z, constants.R), word, constants.R)
    assert all_bits >> constants.WORD_BITS == 0, "slice: data word too long"
    return value
