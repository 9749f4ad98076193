# pragma version 0.4.3
"""
@title account_slices
@license Apache-2.0
@notice A chain's own slice of a block of the account lane: takes its words, gives the rolling hashes of its requests
        and payouts, the key changes that this chain must authorise, the addresses that forced exits pay, and the value
        of the words read as a polynomial. Pure.
@dev Protocol sections 4, 7 and 8. One pass over the words, as in swap_slices.
"""

from . import constants
from . import records
from . import slices

MAX_RECORDS: constant(uint256) = 171  # 512 words of at least three each
# More than the ledger slots of a block of any preset.
MAX_KEY_CHANGES: constant(uint256) = 16
MAX_FORCED_EXITS: constant(uint256) = 16

ID_MASK: constant(uint256) = 2**32 - 1
TIME_MASK: constant(uint256) = 2**constants.TIME_BITS - 1
# Token, account and amount of r0, and the eight bits between source and id: zero in a key change.
KEY_CHANGE_0_ZERO_BITS: constant(uint256) = (255 << 224) | (2**160 - 1)


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
    count: uint256 = len(words)
    content: slices.Content = empty(slices.Content)
    content.queue_hash = queue_hash
    value: uint256 = 0
    i: uint256 = 0
    for _: uint256 in range(MAX_RECORDS):
        if i == count:
            break
        w0: uint256 = words[i]
        kind: uint256 = w0 >> constants.PAYOUT_0_KIND_SHIFT
        # No addition below wraps: i is below 512.
        if kind >= constants.WITHDRAW_PAYOUT_KIND:
            assert unsafe_add(i, 3) <= count, "slice: account payout cut short"
            p1: uint256 = words[unsafe_add(i, 1)]
            p2: uint256 = words[unsafe_add(i, 2)]
            receiver: address = self._read_receiver(kind, w0, p1, p2, own)
            if kind == constants.FORCED_EXIT_PAYOUT_KIND:
                assert len(content.forced) < MAX_FORCED_EXITS, "slice: too many forced exits"
                content.forced.append(receiver)
            content.payouts_hash = keccak256(abi_encode(content.payouts_hash, w0, p1, p2))
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w0, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), p1, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), p2, constants.R)
            i = unsafe_add(i, 3)
        else:
            assert unsafe_add(i, 4) <= count, "slice: account record cut short"
            r1: uint256 = words[unsafe_add(i, 1)]
            r2: uint256 = words[unsafe_add(i, 2)]
            r3: uint256 = words[unsafe_add(i, 3)]
            assert (w0 >> constants.ACCOUNT_REQUEST_0_SOURCE_SHIFT) & 255 == own, "slice: record of another chain"
            assert (r1 | r2 | r3) >> constants.WORD_BITS == 0, "slice: account word too long"
            if kind == constants.CHANGE_PUB_KEY_KIND:
                assert len(content.key_changes) < MAX_KEY_CHANGES, "slice: too many key changes"
                content.key_changes.append(self._read_key_change(w0, r1, r2, r3))
            else:
                # The bits that are not used need no check: the bridge has written these words into its queue.
                assert kind == constants.DEPOSIT_KIND or kind == constants.FULL_EXIT_KIND, "slice: unknown account record"
                content.queue_hash = keccak256(abi_encode(content.queue_hash, w0, r1, r2, r3))
                content.queued_at = r2 & TIME_MASK
                content.requests = unsafe_add(content.requests, 1)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), w0, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), r1, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), r2, constants.R)
            value = uint256_addmod(uint256_mulmod(value, z, constants.R), r3, constants.R)
            i = unsafe_add(i, 4)
    content.value = value
    return content


@internal
@pure
def _read_receiver(kind: uint256, p0: uint256, p1: uint256, p2: uint256, own: uint256) -> address:
    """
    @notice The address that a payout of the account lane goes to. Reverts unless this chain pays it and the recipient
            is an address of this chain: an amount paid to anything else would be lost.
    @param kind At least the lowest payout kind of the lane. The payout of a full exit starts with 21 | own | own, the
           others with kind | 0 | own.
    """
    assert kind <= constants.FORCED_EXIT_PAYOUT_KIND, "slice: unknown account payout"
    source: uint256 = 0
    if kind == constants.FULL_EXIT_PAYOUT_KIND:
        source = own
    prefix: uint256 = (kind << 16) | (source << 8) | own
    assert p0 >> constants.PAYOUT_0_CHAIN_SHIFT == prefix, "slice: payout of other chains"
    assert records.is_payout(p0, p1, p2), "slice: unused payout bits"
    recipient: uint256 = ((p2 >> constants.PAYOUT_2_RECIPIENT_HI_SHIFT) << constants.WORD_BITS) | p1
    receiver: address = records.to_receiver(recipient)
    assert receiver != empty(address), "slice: payout to no address"
    return receiver


@internal
@pure
def _read_key_change(r0: uint256, r1: uint256, r2: uint256, r3: uint256) -> slices.KeyChange:
    """
    @notice The fields of a key change; reverts if an unused bit is set.
    """
    owner_and_key: uint256 = r2 >> constants.ACCOUNT_REQUEST_2_SECOND_HI_SHIFT
    unused: uint256 = (r0 & KEY_CHANGE_0_ZERO_BITS) | (r2 & TIME_MASK) | (owner_and_key >> 16)
    assert unused == 0, "slice: unused bits of a change"
    id: uint256 = r0 >> constants.ACCOUNT_REQUEST_0_ID_SHIFT
    return slices.KeyChange(
        owner=convert(((owner_and_key >> 8) << constants.WORD_BITS) | r1, bytes32),
        account=(id >> 32) & ID_MASK,
        nonce=id & ID_MASK,
        public_key_hash=((owner_and_key & 255) << constants.WORD_BITS) | r3,
    )
