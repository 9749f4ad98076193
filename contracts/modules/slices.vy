# pragma version 0.4.3
"""
@title slices
@license Apache-2.0
@notice The parts of a slice that both lanes share: what is asked of a slice, what it contains, its hash, and slice 0.
        Reads words by their position in the call (calldata.vy). Keeps nothing.
@dev Protocol section 7. swap_slices and account_slices read the slice of a chain and evaluate it in the same pass.
"""

from . import calldata
from . import constants

# In the number of requests and their fees: where the fees begin, and one request without a fee.
FEES_SHIFT: constant(uint256) = 64
ONE_REQUEST: constant(uint256) = 1
REQUESTS_MASK: constant(uint256) = 2**FEES_SHIFT - 1

# The most words of one slice, for the loops; a call has fewer.
MAX_WORDS: constant(uint256) = 2**constants.COUNT_BITS - 1
# A record has at least three words.
MAX_RECORDS: constant(uint256) = MAX_WORDS // 3

# A slice: its words stand from `at` to `end`, it belongs to `chain`, and `queue_hash` is the chain's queue before it,
# `part` that after the request which the block before has served in part (empty for none). `address_bits` is the width of
# the chain's addresses, `bridge` its bridge. `consents` is where the next signature for a key change stands in the call,
# 0 where no key may change.
struct Slice:
    at: uint256
    end: uint256
    chain: uint256
    address_bits: uint256
    bridge: uint256
    queue_hash: bytes32
    part: bytes32
    z: uint256
    consents: uint256


# What it contains: its polynomial at z, the queue after it, the requests that it consumes, when the last one that it serves
# was queued (0 for none), and where the next consent stands. `requests` is their number 64 | the fees that they have paid at
# their door, in gwei, lowest first, so that slices are added up as they are. `part` is the queue after the next request, which has
# been served in part; empty for none.
struct Content:
    value: uint256
    queue_hash: bytes32
    part: bytes32
    requests: uint256
    queued_at: uint256
    consents: uint256


@internal
@view
def compute_hash(begin: uint256, count: uint256) -> bytes32:
    """
    @notice The hash of a slice: it starts with the hash of the word count, and takes in the words piece by piece, 32
            words while there are as many, then at most one piece each of 16, 8, 4, 2 and 1.
    @dev A piece has a constant length, so that it is copied from the call as a whole. The header holds the count, which
         fixes the pieces.
    """
    result: bytes32 = keccak256(convert(count, bytes32))
    at: uint256 = begin
    # No addition below wraps: `at` is a position in the call.
    for _: uint256 in range(count >> 5, bound=MAX_WORDS >> 5):
        result = keccak256(concat(result, slice(msg.data, at, 32 * 32)))
        at = unsafe_add(at, 32 * 32)
    if count & 16 != 0:
        result = keccak256(concat(result, slice(msg.data, at, 32 * 16)))
        at = unsafe_add(at, 32 * 16)
    if count & 8 != 0:
        result = keccak256(concat(result, slice(msg.data, at, 32 * 8)))
        at = unsafe_add(at, 32 * 8)
    if count & 4 != 0:
        result = keccak256(concat(result, slice(msg.data, at, 32 * 4)))
        at = unsafe_add(at, 32 * 4)
    if count & 2 != 0:
        result = keccak256(concat(result, slice(msg.data, at, 32 * 2)))
        at = unsafe_add(at, 32 * 2)
    if count & 1 != 0:
        result = keccak256(concat(result, slice(msg.data, at, 32)))
    return result


@internal
@view
def evaluate_data(begin: uint256, count: uint256, z: uint256) -> uint256:
    """
    @notice Slice 0 as a polynomial at z; reverts unless each word has at most 248 bits. The circuit fixes the meaning
            of these words; the primary only publishes them, for recovery.
    """
    sum: uint256 = 0
    all_bits: uint256 = 0
    at: uint256 = begin
    for _: uint256 in range(count, bound=MAX_WORDS):
        word: uint256 = calldata.word(at)
        all_bits |= word
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), word)  # below r + 2^248, or refused below
        at = unsafe_add(at, 32)  # a position in the call
    assert all_bits >> constants.WORD_BITS == 0, "slice: data word too long"
    return sum % constants.R
