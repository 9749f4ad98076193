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

REQUEST_BYTES: constant(uint256) = 32 * constants.ACCOUNT_REQUEST_WORDS
PAYOUT_BYTES: constant(uint256) = 32 * constants.PAYOUT_WORDS

ID_MASK: constant(uint256) = 2**32 - 1
TIME_MASK: constant(uint256) = 2**constants.TIME_BITS - 1
# Token, account and amount of r0, and the eight bits between source and id: zero in a key change.
KEY_CHANGE_0_ZERO_BITS: constant(uint256) = (255 << 224) | (2**160 - 1)
# By these bits of r0 a full exit that is served in part differs from the request in the queue.
PART_BITS: constant(uint256) = (constants.FULL_EXIT_PART_KIND ^ constants.FULL_EXIT_KIND) << constants.ACCOUNT_REQUEST_0_KIND_SHIFT


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
    end: uint256 = place.end
    z: uint256 = place.z
    address_bits: uint256 = place.address_bits
    bridge: uint256 = place.bridge
    content: slices.Content = empty(slices.Content)
    content.queue_hash = place.queue_hash
    content.part = place.part
    content.consents = place.consents
    sum: uint256 = 0  # Horner's rule, congruent modulo r; below r + 2^248, since longer words are refused
    at: uint256 = place.at
    for _: uint256 in range(slices.MAX_RECORDS):
        if at == end:
            break
        # A record of either length is read at once; one that is cut short leaves `at` beyond the end, where nothing is
        # read. No addition below wraps: `at` is a position in the call.
        r: uint256[4] = empty(uint256[4])
        if unsafe_add(at, REQUEST_BYTES) <= end:
            r = abi_decode(slice(msg.data, at, REQUEST_BYTES), uint256[4])
        else:
            assert unsafe_add(at, PAYOUT_BYTES) <= end, "slice: account words cut short"
            p: uint256[3] = abi_decode(slice(msg.data, at, PAYOUT_BYTES), uint256[3])
            r = [p[0], p[1], p[2], 0]
        kind: uint256 = r[0] >> constants.PAYOUT_0_KIND_SHIFT
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), r[0])
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), r[1])
        sum = unsafe_add(uint256_mulmod(sum, z, constants.R), r[2])
        if kind >= constants.WITHDRAW_PAYOUT_KIND:
            # Only the payout of a full exit has a source: the chain that asked for it.
            assert kind <= constants.FORCED_EXIT_PAYOUT_KIND, "slice: unknown account payout"
            prefix: uint256 = r[0] >> constants.PAYOUT_0_CHAIN_SHIFT
            assert prefix & 255 == own, "slice: payout of other chains"
            assert (prefix >> 8) & 255 == 0 or kind == constants.FULL_EXIT_PAYOUT_KIND, "slice: source of a payout"
            assert records.find_unused_bits(r[0], r[1], r[2]) == 0, "slice: unused payout bits"
            recipient: uint256 = records.name_on(records.recipient_of(r[1], r[2]), own, address_bits)
            assert recipient != 0, "slice: no address there"
            assert recipient != bridge, "slice: payout to a bridge"
            at = unsafe_add(at, PAYOUT_BYTES)
        else:
            assert (r[0] >> constants.ACCOUNT_REQUEST_0_SOURCE_SHIFT) & 255 == own, "slice: record of another chain"
            assert (r[1] | r[2] | r[3]) >> constants.WORD_BITS == 0, "slice: account word too long"
            sum = unsafe_add(uint256_mulmod(sum, z, constants.R), r[3])
            if kind == constants.CHANGE_PUB_KEY_KIND:
                assert content.consents != 0, "slice: key change off primary"
                self._check_key_change(content.consents, r)
                content.consents = unsafe_add(content.consents, constants.SIGNATURE_BYTES)
            else:
                # The bits that are not used need no check: the bridge has written these words into its queue.
                is_part: bool = kind == constants.FULL_EXIT_PART_KIND
                if is_part:
                    r[0] ^= PART_BITS
                elif kind != constants.DEPOSIT_KIND and kind != constants.FULL_EXIT_KIND:
                    assert kind == constants.KEY_REQUEST_KIND, "slice: unknown account record"
                next_hash: bytes32 = keccak256(abi_encode(content.queue_hash, r))
                # After a full exit that is served in part nothing but the same request is served.
                assert content.part == empty(bytes32) or content.part == next_hash, "slice: another full exit"
                content.queued_at = r[2] & TIME_MASK
                content.part = next_hash if is_part else empty(bytes32)
                if not is_part:
                    content.queue_hash = next_hash
                    fee_gwei: uint256 = records.account_request_fee(r[2])
                    content.requests = unsafe_add(content.requests, slices.ONE_REQUEST | (fee_gwei << slices.FEES_SHIFT))
            at = unsafe_add(at, REQUEST_BYTES)
    content.value = sum % constants.R
    return content


@internal
@view
def count_key_changes(begin: uint256, end: uint256) -> uint256:
    """
    @notice How many key changes a slice contains, from nothing but the kinds of its records.
    """
    count: uint256 = 0
    at: uint256 = begin
    for _: uint256 in range(slices.MAX_RECORDS):
        if at >= end:
            break
        kind: uint256 = calldata.word(at) >> constants.PAYOUT_0_KIND_SHIFT
        if kind == constants.CHANGE_PUB_KEY_KIND:
            count = unsafe_add(count, 1)
        at = unsafe_add(at, PAYOUT_BYTES if kind >= constants.WITHDRAW_PAYOUT_KIND else REQUEST_BYTES)
    return count


@internal
@view
def _check_key_change(consent: uint256, r: uint256[4]):
    """
    @notice Reverts if an unused bit is set, or if the consent is not the owner's.
    @param consent Where the signature stands in the call.
    """
    owner_and_key: uint256 = r[2] >> constants.ACCOUNT_REQUEST_2_SECOND_HI_SHIFT
    unused: uint256 = (r[0] & KEY_CHANGE_0_ZERO_BITS) | (owner_and_key >> 16)
    assert unused == 0, "slice: unused bits of a change"
    id: uint256 = r[0] >> constants.ACCOUNT_REQUEST_0_ID_SHIFT
    owner_consents.check(
        consent,
        ((owner_and_key >> 8) << constants.WORD_BITS) | r[1],
        (id >> 32) & ID_MASK,
        id & ID_MASK,
        ((owner_and_key & 255) << constants.WORD_BITS) | r[3],
        r[2] & TIME_MASK,
    )
