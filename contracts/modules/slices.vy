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
from . import records

# The most words of one slice: a block of 64 swaps from and to one chain.
MAX_SLICE_WORDS: constant(uint256) = 512

# A slice: its words stand from `at` to `end`, it belongs to `chain`, and `queue_hash` is the chain's queue before it,
# `part` that after the request which the block before has served in part (empty for none).
# `address_format` and `bridge` are the chain's. `consents` is where the next signature for a key change stands in the
# call, 0 where no key may change.
struct Slice:
    at: uint256
    end: uint256
    chain: uint256
    address_format: uint256
    bridge: uint256
    queue_hash: bytes32
    part: bytes32
    z: uint256
    consents: uint256


# What it contains: its polynomial at z, the queue after it, how many requests it consumes and when the last of them was
# queued (0 for none), and where the next consent stands. `part` is what the queue will be after the next request, which
# has been served in part; empty for none.
struct Content:
    value: uint256
    queue_hash: bytes32
    part: bytes32
    requests: uint256
    queued_at: uint256
    consents: uint256


@internal
@view
def compute_hash(at: uint256, count: uint256) -> bytes32:
    """
    @notice keccak256 of the word count and the words.
    """
    assert count <= MAX_SLICE_WORDS, "slice: too long"
    words: DynArray[uint256, MAX_SLICE_WORDS] = []
    position: uint256 = at
    for _: uint256 in range(count, bound=MAX_SLICE_WORDS):
        words.append(calldata.word(position))
        position = unsafe_add(position, 32)  # at most the end of the call
    return keccak256(abi_encode(words, ensure_tuple=False))


@internal
@view
def evaluate_data(at: uint256, count: uint256, z: uint256) -> uint256:
    """
    @notice Slice 0 as a polynomial at z; reverts unless each word has at most 248 bits. The circuit fixes the meaning
            of these words; the primary only publishes them, for recovery.
    """
    value: uint256 = 0
    all_bits: uint256 = 0
    position: uint256 = at
    for _: uint256 in range(count, bound=MAX_SLICE_WORDS):
        word: uint256 = calldata.word(position)
        all_bits |= word
        value = self.push(value, z, word)
        position = unsafe_add(position, 32)  # at most the end of the call
    assert all_bits >> constants.WORD_BITS == 0, "slice: data word too long"
    return value % constants.R


@internal
@pure
def push(sum: uint256, z: uint256, word: uint256) -> uint256:
    """
    @notice One step of Horner's rule, congruent modulo r: sum * z + word.
    @dev Below r + 2^248 for a word of 248 bits, so nothing wraps. A longer one is refused by every reader.
    """
    return unsafe_add(uint256_mulmod(sum, z, constants.R), word)


@internal
@pure
def is_recipient(place: Slice, recipient: uint256) -> bool:
    """
    @notice Whether a universal address can be paid on the slice's chain: it has the chain's format, and is not zero and
            not the bridge there.
    """
    account: uint256 = recipient
    if place.address_format == constants.ADDRESS_FORMAT_EVM:
        account = records.unbind(recipient, place.chain)
        if account >> 160 != 0:
            return False
    return account != 0 and account != place.bridge
