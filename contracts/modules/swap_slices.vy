# pragma version 0.4.3
"""
@title swap_slices
@license Apache-2.0
@notice The slice of one chain in a block of the swap lane: checks every record, and gives the queue after its requests
        and the value of its words read as a polynomial. Keeps nothing.
@dev Protocol sections 4, 7 and 8. One pass over the words, at their position in the call.
"""

from . import calldata
from . import constants
from . import records
from . import slices

MAX_RECORDS: constant(uint256) = 171  # 512 words of at least three each
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
    z: uint256 = place.z
    # A request starts with 1 | chain, a refund with 3 | chain | chain, a payment with 2 | any source | chain.
    request_prefix: uint256 = (constants.SWAP_REQUEST_KIND << 8) | own
    refund_prefix: uint256 = (((constants.SWAP_REFUNDED_KIND << 8) | own) << 8) | own

    content: slices.Content = empty(slices.Content)
    content.queue_hash = place.queue_hash
    content.consents = place.consents
    value: uint256 = 0
    at: uint256 = place.at
    for _: uint256 in range(MAX_RECORDS):
        if at == place.end:
            break
        # No addition below wraps: `at` is a position in the call.
        w0: uint256 = calldata.word(at)
        if w0 >> constants.SWAP_REQUEST_0_KIND_SHIFT == constants.SWAP_REQUEST_KIND:
            assert unsafe_add(at, REQUEST_BYTES) <= place.end, "slice: request cut short"
            w: uint256[5] = abi_decode(slice(msg.data, at, REQUEST_BYTES), uint256[5])
            assert w0 >> constants.SWAP_REQUEST_0_SOURCE_SHIFT == request_prefix, "slice: request of another chain"
            assert (w[1] | w[2] | w[3] | w[4]) >> constants.WORD_BITS == 0, "slice: request word too long"
            content.queue_hash = keccak256(abi_encode(content.queue_hash, w))
            content.queued_at = w[2] & (2**constants.TIME_BITS - 1)
            content.requests = unsafe_add(content.requests, 1)
            value = slices.push(value, z, w0)
            value = slices.push(value, z, w[1])
            value = slices.push(value, z, w[2])
            value = slices.push(value, z, w[3])
            value = slices.push(value, z, w[4])
            at = unsafe_add(at, REQUEST_BYTES)
        else:
            assert unsafe_add(at, PAYOUT_BYTES) <= place.end, "slice: payout cut short"
            p: uint256[3] = abi_decode(slice(msg.data, at, PAYOUT_BYTES), uint256[3])
            kind: uint256 = w0 >> constants.PAYOUT_0_KIND_SHIFT
            if kind == constants.SWAP_PAID_KIND:
                assert (w0 >> constants.PAYOUT_0_CHAIN_SHIFT) & 255 == own, "slice: payout of another chain"
            else:
                assert kind == constants.SWAP_REFUNDED_KIND, "slice: unknown record"
                assert w0 >> constants.PAYOUT_0_CHAIN_SHIFT == refund_prefix, "slice: refund of another chain"
            assert records.is_payout(w0, p[1], p[2]), "slice: unused bits of a payout"
            assert slices.is_recipient(place, records.recipient_of(p[1], p[2])), "slice: recipient of a payout"
            value = slices.push(value, z, w0)
            value = slices.push(value, z, p[1])
            value = slices.push(value, z, p[2])
            at = unsafe_add(at, PAYOUT_BYTES)
    assert at == place.end, "slice: too many records"
    content.value = value % constants.R
    return content
