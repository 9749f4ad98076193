# pragma version 0.4.3
"""
@title swap_slices
@license Apache-2.0
@notice A chain's own slice of a block of the swap lane: takes its words, gives the rolling hashes of its requests and
        payouts and the value of the words read as a polynomial. Pure.
@dev Protocol sections 4, 7 and 8. One pass over the words; no step reads storage.
"""

from . import constants
from . import records
from . import slices

MAX_RECORDS: constant(uint256) = 171  # 512 words of at least three each


@internal
@pure
def read(words: DynArray[uint256, constants.MAX_SLICE_WORDS], own: uint256, z: uint256, queue_hash: bytes32) -> slices.Content:
    """
    @notice Reads every record of a slice; reverts for anything that is not whole records of this lane and chain.
    @param words The slice, in order.
    @param own This chain, which every record must name.
    @param z Where the polynomial is evaluated.
    @param queue_hash The queue's hash before the first request of the slice.
    @return The content of the slice.
    """
    # A request starts with 1 | own, a refund with 3 | own | own, a payment with 2 | any source | own.
    request_prefix: uint256 = (constants.SWAP_REQUEST_KIND << 8) | own
    refund_prefix: uint256 = (((constants.SWAP_REFUNDED_KIND << 8) | own) << 8) | own

    count: uint256 = len(words)
    content: slices.Content = empty(slices.Content)
    content.queue_hash = queue_hash
    value: uint256 = 0
    i: uint256 = 0
    for _: uint256 in range(MAX_RECORDS):
        if i == count:
            break
        w0: uint256 = words[i]
        # No addition below wraps: i is below 512.
        if w0 >> constants.SWAP_REQUEST_0_KIND_SHIFT == constants.SWAP_REQUEST_KIND:
            assert unsafe_add(i, 5) <= count, "slice: request cut short"
            assert w0 >> constants.SWAP_REQUEST_0_SOURCE_SHIFT == request_prefix, "slice: request of another chain"
            w1: uint256 = words[unsafe_add(i, 1)]
            w2: uint256 = words[unsafe_add(i, 2)]
            w3: uint256 = words[unsafe_add(i, 3)]
            w4: uint256 = words[unsafe_add(i, 4)]
            assert (w1 | w2 | w3 | w4) >> constants.WORD_BITS == 0, "slice: request word too long"
            content.queue_hash = keccak256(abi_encode(content.queue_hash, w0, w1, w2, w3, w4))
            content.queued_at = w2 & (2**constants.TIME_BITS - 1)
            content.requests = unsafe_add(content.requests, 1)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w0, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w1, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w2, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w3, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w4, constants.R)
            i = unsafe_add(i, 5)
        else:
            assert unsafe_add(i, 3) <= count, "slice: payout cut short"
            p1: uint256 = words[unsafe_add(i, 1)]
            p2: uint256 = words[unsafe_add(i, 2)]
            kind: uint256 = w0 >> constants.PAYOUT_0_KIND_SHIFT
            if kind == constants.SWAP_PAID_KIND:
                assert (w0 >> constants.PAYOUT_0_CHAIN_SHIFT) & 255 == own, "slice: payout of another chain"
            else:
                assert kind == constants.SWAP_REFUNDED_KIND, "slice: unknown record"
                assert w0 >> constants.PAYOUT_0_CHAIN_SHIFT == refund_prefix, "slice: refund of another chain"
            assert records.is_payout(w0, p1, p2), "slice: unused bits of a payout"
            content.payouts_hash = keccak256(abi_encode(content.payouts_hash, w0, p1, p2))
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w0, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), p1, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), p2, constants.R)
            i = unsafe_add(i, 3)
    content.value = value
    return content
