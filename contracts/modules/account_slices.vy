# pragma version 0.4.3
"""
@title account_slices
@license Apache-2.0
@notice The slice of one chain in a block of the account lane: checks every record, the consent to every key change among
        them, and gives the queue after its requests and the value of its words read as a polynomial. Keeps nothing.
@dev Protocol sections 4, 7 and 8. One pass over the words, at their position in the call, as in swap_slices.
"""

from . import calldata
from . import owner_consents
from . import constants
from . import records
from . import slices

uses: owner_consents

MAX_RECORDS: constant(uint256) = 171  # 512 words of at least three each
REQUEST_BYTES: constant(uint256) = 32 * constants.ACCOUNT_REQUEST_WORDS
PAYOUT_BYTES: constant(uint256) = 32 * constants.PAYOUT_WORDS

ID_MASK: constant(uint256) = 2**32 - 1
TIME_MASK: constant(uint256) = 2**constants.TIME_BITS - 1
# Token, account and amount of r0, and the eight bits between source and id: zero in a key change.
KEY_CHANGE_0_ZERO_BITS: constant(uint256) = (255 << 224) | (2**160 - 1)
# The words of a full exit that is served in part and of the request in the queue differ in the kind alone.
PART_KIND_BITS: constant(uint256) = (constants.FULL_EXIT_PART_KIND ^ constants.FULL_EXIT_KIND) << constants.ACCOUNT_REQUEST_0_KIND_SHIFT


@internal
@view
def read(place: slices.Slice) -> slices.Content:
    """
    @notice Reads every record of a slice; reverts for anything that is not whole records of this lane and chain, for a
            recipient that its chain cannot pay, and for a key change without its owner's consent.
    @param place The slice; its words lie within the call.
    @return The content of the slice.
    """
    own: uint256 = place.chain
    z: uint256 = place.z
    content: slices.Content = empty(slices.Content)
    content.queue_hash = place.queue_hash
    content.part = place.part
    content.consents = place.consents
    value: uint256 = 0
    at: uint256 = place.at
    for _: uint256 in range(MAX_RECORDS):
        if at == place.end:
            break
        # No addition below wraps: `at` is a position in the call.
        w0: uint256 = calldata.word(at)
        kind: uint256 = w0 >> constants.PAYOUT_0_KIND_SHIFT
        if kind >= constants.WITHDRAW_PAYOUT_KIND:
            assert unsafe_add(at, PAYOUT_BYTES) <= place.end, "slice: account payout cut short"
            p: uint256[3] = abi_decode(slice(msg.data, at, PAYOUT_BYTES), uint256[3])
            self._check_payout(place, kind, w0, p[1], p[2])
            value = slices.push(value, z, w0)
            value = slices.push(value, z, p[1])
            value = slices.push(value, z, p[2])
            at = unsafe_add(at, PAYOUT_BYTES)
        else:
            assert unsafe_add(at, REQUEST_BYTES) <= place.end, "slice: account record cut short"
            r: uint256[4] = abi_decode(slice(msg.data, at, REQUEST_BYTES), uint256[4])
            assert (w0 >> constants.ACCOUNT_REQUEST_0_SOURCE_SHIFT) & 255 == own, "slice: record of another chain"
            assert (r[1] | r[2] | r[3]) >> constants.WORD_BITS == 0, "slice: account word too long"
            if kind == constants.CHANGE_PUB_KEY_KIND:
                assert content.consents != 0, "slice: key change off the primary"
                self._check_key_change(content.consents, w0, r[1], r[2], r[3])
                content.consents = unsafe_add(content.consents, constants.SIGNATURE_BYTES)
            else:
                # The bits that are not used need no check: the bridge has written these words into its queue.
                if kind == constants.FULL_EXIT_PART_KIND:
                    r[0] ^= PART_KIND_BITS
                else:
                    assert (
                        kind == constants.DEPOSIT_KIND
                        or kind == constants.FULL_EXIT_KIND
                        or kind == constants.KEY_REQUEST_KIND
                    ), "slice: unknown account record"
                next_hash: bytes32 = keccak256(abi_encode(content.queue_hash, r))
                # After a full exit that is served in part nothing but the same request is served.
                assert content.part == empty(bytes32) or content.part == next_hash, "slice: another full exit"
                content.queued_at = r[2] & TIME_MASK
                if kind == constants.FULL_EXIT_PART_KIND:
                    content.part = next_hash
                else:
                    content.part = empty(bytes32)
                    content.queue_hash = next_hash
                    content.requests = unsafe_add(content.requests, 1)
            value = slices.push(value, z, w0)
            value = slices.push(value, z, r[1])
            value = slices.push(value, z, r[2])
            value = slices.push(value, z, r[3])
            at = unsafe_add(at, REQUEST_BYTES)
    assert at == place.end, "slice: too many account records"
    content.value = value % constants.R
    return content


@internal
@view
def count_key_changes(begin: uint256, end: uint256) -> uint256:
    """
    @notice How many key changes a slice contains, from nothing but the kinds of its records.
    """
    count: uint256 = 0
    at: uint256 = begin
    for _: uint256 in range(MAX_RECORDS):
        if at >= end:
            break
        kind: uint256 = calldata.word(at) >> constants.PAYOUT_0_KIND_SHIFT
        if kind == constants.CHANGE_PUB_KEY_KIND:
            count = unsafe_add(count, 1)
        at = unsafe_add(at, PAYOUT_BYTES if kind >= constants.WITHDRAW_PAYOUT_KIND else REQUEST_BYTES)
    return count


@internal
@pure
def _check_payout(place: slices.Slice, kind: uint256, p0: uint256, p1: uint256, p2: uint256):
    """
    @notice Reverts unless the slice's chain pays this and can pay its recipient: an amount paid to anything else would
            be lost.
    @param kind At least the lowest payout kind of the lane. The payout of a full exit names the chain that asked, the
           others none.
    """
    assert kind <= constants.FORCED_EXIT_PAYOUT_KIND, "slice: unknown account payout"
    prefix: uint256 = p0 >> constants.PAYOUT_0_CHAIN_SHIFT
    assert prefix & 255 == place.chain, "slice: payout of other chains"
    source: uint256 = (prefix >> 8) & 255
    assert source == 0 or kind == constants.FULL_EXIT_PAYOUT_KIND, "slice: source of a payout"
    assert records.is_payout(p0, p1, p2), "slice: unused payout bits"
    assert slices.is_recipient(place, records.recipient_of(p1, p2)), "slice: no recipient here"


@internal
@view
def _check_key_change(consent: uint256, r0: uint256, r1: uint256, r2: uint256, r3: uint256):
    """
    @notice Reverts if an unused bit is set, or if the consent is not the owner's.
    @param consent Where the signature stands in the call.
    """
    owner_and_key: uint256 = r2 >> constants.ACCOUNT_REQUEST_2_SECOND_HI_SHIFT
    unused: uint256 = (r0 & KEY_CHANGE_0_ZERO_BITS) | (owner_and_key >> 16)
    assert unused == 0, "slice: unused bits of a change"
    id: uint256 = r0 >> constants.ACCOUNT_REQUEST_0_ID_SHIFT
    owner_consents.check(
        consent,
        ((owner_and_key >> 8) << constants.WORD_BITS) | r1,
        (id >> 32) & ID_MASK,
        id & ID_MASK,
        ((owner_and_key & 255) << constants.WORD_BITS) | r3,
        r2 & TIME_MASK,
    )
