# pragma version 0.4.3
"""
@title swap_slices
@license Apache-2.0
@notice The slice of one chain in a block of the swap lane: checks every record, and gives the queue after its requests
        and the value of its words read as a polynomial. Keeps nothing.
@dev Protocol sections 4, 7 and 8. One pass over the words, at their position in the call.
"""

from . import constants
from . import records
from . import slices

REQUEST_BYTES: constant(uint256) = 32 * constants.SWAP_REQUEST_WORDS
PAYOUT_BYTES: constant(uint256) = 32 * constants.PAYOUT_WORDS


@internal
@view
def read(place: slices.Slice) -> slices.Content:
    """
    @notice Reads every record of a slice; reverts for anything that is not whole records of this lane and chain, and
            for a recipient that its chain cannot pay.
    @param place The slice; its words lie within the call.
    @return The content of the slice.
    """
    own: uint256 = place.chain
    end: uint256 = place.end
    z: uint256 = place.z
    address_bits: uint256 = place.address_bits
    bridge: uint256 = place.bridge
    # A request starts with 1 | chain, a refund with 3 | chain | chain, a payment with 2 | any source | chain.
    request_prefix: uint256 = (constants.SWAP_REQUEST_KIND << 8) | own
    refund_prefix: uint256 = (((constants.SWAP_REFUNDED_KIND << 8) | own) << 8) | own

    content: slices.Content = empty(slices.Content)
    content.queue_hash = place.queue_hash
    content.consents = place.consents
    sum: uint256 = 0  # Horner's rule, congruent modulo r; below r + 2^248, since longer words are refused
    at: uint256 = place.at
    for _: uint256 in range(slices.MAX_RECORDS):
        if at == end:
            break
        # A record of either length is read at once; one that is cut short leaves `at` beyond the end, where nothing is
        # read. No addition below wraps: `at` is a position in the call.
        w: uint256[5] = empty(uint256[5])
        if unsafe_add(at, REQUEST_BYTES) <= end:
            w = abi_decode(slice(msg.data, at, REQUEST_BYTES), uint256[5])
        else:
            assert unsafe_add(at, PAYOUT_BYTES) <= end, "slice: record cut short"
            p: uint256[3] = abi_decode(slice(msg.data, at, PAYOUT_BYTES), uint256[3])
            w = [p[0], p[1], p[2], 0, 0]
        kind: uint256 = w[0] >> constants.PAYOUT_0_KIND_SHIFT
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), w[0])
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), w[1])
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), w[2])
        if kind == constants.SWAP_REQUEST_KIND:
            assert w[0] >> constants.SWAP_REQUEST_0_SOURCE_SHIFT == request_prefix, "slice: request of another chain"
            assert (w[1] | w[2] | w[3] | w[4]) >> constants.WORD_BITS == 0, "slice: request word too long"
            content.queue_hash = keccak256(abi_encode(content.queue_hash, w))
            content.queued_at = w[2] & (2**constants.TIME_BITS - 1)
            content.requests = unsafe_add(content.requests, slices.ONE_REQUEST | (records.swap_fee(w[2]) << slices.FEES_SHIFT))
            sum = unsafe_add(uint256_mulmod(sum, z, constants.R), w[3])
            sum = unsafe_add(uint256_mulmod(sum, z, constants.R), w[4])
            at = unsafe_add(at, REQUEST_BYTES)
        else:
            if kind == constants.SWAP_PAID_KIND:
                assert (w[0] >> constants.PAYOUT_0_CHAIN_SHIFT) & 255 == own, "slice: payout of another chain"
            else:
                assert w[0] >> constants.PAYOUT_0_CHAIN_SHIFT == refund_prefix, "slice: no record of this chain"
            assert records.find_unused_bits(w[0], w[1], w[2]) == 0, "slice: unused bits of a payout"
            recipient: uint256 = records.name_on(records.recipient_of(w[1], w[2]), own, address_bits)
            assert recipient != 0, "slice: recipient format"
            assert recipient != bridge, "slice: recipient is a bridge"
            at = unsafe_add(at, PAYOUT_BYTES)
    content.value = sum % constants.R
    return content
