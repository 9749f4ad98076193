# pragma version 0.4.3
"""
@title block_reader
@license Apache-2.0
@notice Reads blocks, one after the other: takes a block and its words in the call, checks every record of the slices
        that this chain has, and gives the public inputs of its proof and the history that it makes. The primary has
        every slice; a member has its own one, and claims about the others. Keeps nothing.
@dev Protocol sections 7 and 8. Nothing of a block is believed: a false claim makes public inputs that no proof fits.
"""

from ..interfaces import IHistory
from . import account_slices
from . import calldata
from . import commitment
from . import constants
from . import deployment
from . import records
from . import slices
from . import swap_slices

uses: deployment
uses: account_slices

# Slices of both lanes: slice k of a lane is at (lane - 1) * 9 + k.
QUEUES: constant(uint256) = 2 * constants.SLICE_COUNT

ALL_SLICES: constant(uint256) = 2**constants.SLICE_COUNT - 1

# How far the call has been read. `number`, `timestamp`, `root` and `sync_hash` are of the last block; `words`, `claims`
# and `consents` are where its successor's begin in the call. By slice of a lane: the queue's hash after the last block,
# what it will be after the next request if that has been served in part (empty if not), and whether blocks have served it
# (bit i). By lane: how many of this chain's requests they have consumed.
struct Reading:
    number: uint64
    timestamp: uint40
    root: uint256
    sync_hash: bytes32
    block_commitment: bytes32
    words: uint256
    claims: uint256
    consents: uint256
    queues: bytes32[QUEUES]
    parts: bytes32[QUEUES]
    served: uint256
    consumed: uint256[2]
    queued_at: uint256


@internal
@view
def held() -> uint256:
    """
    @notice Bit k is set when this chain gets slice k in full.
    """
    return ALL_SLICES if deployment.is_primary() else 1 << convert(deployment.CHAIN_ID, uint256)


@internal
@pure
def count_words(counts: uint256, held: uint256) -> uint256:
    """
    @notice How many words of a block stand in the call of a chain that gets these slices.
    """
    count: uint256 = 0
    for k: uint256 in range(constants.SLICE_COUNT):
        if (held >> k) & 1 == 1:
            count = unsafe_add(count, records.count_of(counts, k))  # nine numbers of 16 bits
    return count


@internal
@view
def begin(
    last: IHistory.Tip, blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS], skipped: uint256, words_index: uint256
) -> Reading:
    """
    @notice The reading before the first block that is new: the words of the others are skipped. Reverts unless the call
            has exactly the words that the headers ask for.
    @param last The last block that is already here.
    @param skipped How many of the blocks are already here.
    @param words_index The place of the argument `words` in the head of the call.
    """
    held: uint256 = self.held()
    at: uint256 = 0
    length: uint256 = 0
    at, length = calldata.find(words_index)
    end: uint256 = at + length
    reading: Reading = empty(Reading)
    reading.words = at
    for i: uint256 in range(len(blocks), bound=constants.MAX_BLOCKS):
        if i == skipped:
            reading.words = at
        at += 32 * self.count_words(blocks[i].counts, held)
    assert at == end, "history: words do not fit"
    reading.number = last.number
    reading.timestamp = last.timestamp
    reading.root = last.root
    reading.sync_hash = last.sync_hash
    return reading


@internal
@pure
def count_claims(counts: uint256, held: uint256) -> uint256:
    """
    @notice How many hashes, and as many evaluations, of other slices belong to a block.
    """
    count: uint256 = 0
    for k: uint256 in range(constants.SLICE_COUNT):
        if (held >> k) & 1 == 0 and records.count_of(counts, k) > 0:
            count = unsafe_add(count, 1)  # at most nine
    return count


@internal
@pure
def combine_counts(
    blocks: DynArray[IHistory.Block, constants.MAX_BLOCKS], skipped: uint256, lane: uint256
) -> uint256:
    """
    @notice Counts that are not zero exactly for the slices that some new block of a lane has.
    """
    counts: uint256 = 0
    for i: uint256 in range(len(blocks), bound=constants.MAX_BLOCKS):
        if i >= skipped and convert(blocks[i].lane, uint256) == lane:
            counts |= blocks[i].counts
    return counts


@internal
@pure
def count_skipped(first: uint64, count: uint256, last: uint64) -> uint256:
    """
    @notice How many of `count` blocks from `first` on are already here, where the last block is `last`. Reverts if a
            block between is missing.
    """
    next_number: uint256 = convert(last, uint256) + 1
    assert convert(first, uint256) <= next_number, "history: a block is missing"
    return min(count, unsafe_sub(next_number, convert(first, uint256)))  # by the line above


@internal
@pure
def queue_index(lane: uint256, k: uint256) -> uint256:
    """
    @notice Where slice k of a lane is in Reading.
    @param lane 1 or 2.
    """
    return unsafe_add(unsafe_mul(unsafe_sub(lane, 1), constants.SLICE_COUNT), k)


@internal
@view
def read(last: Reading, new_block: IHistory.Block) -> (Reading, uint256[4]):
    """
    @notice Checks the form of the block after `last` and of its slices, and computes the public inputs of its proof.
    @return The reading with this block, and C, z, lambda, y.
    """
    lane: uint256 = convert(new_block.lane, uint256)
    is_account_lane: bool = lane == constants.ACCOUNT_LANE
    assert is_account_lane or lane == constants.SWAP_LANE, "block: unknown lane"
    assert new_block.new_root < constants.R, "block: root above r"
    assert new_block.commitment < constants.R, "block: commitment above r"
    assert new_block.timestamp >= last.timestamp, "block: before the last block"
    counts: uint256 = new_block.counts
    commitment.check_counts(counts, deployment.CHAIN_MASK, is_account_lane)
    held: uint256 = self.held()
    reading: Reading = last
    reading.number += 1
    reading.timestamp = new_block.timestamp
    reading.root = new_block.new_root
    reading.queued_at = 0
    header: commitment.Header = commitment.Header(
        domain=deployment.domain_of(lane),
        number_and_time=(convert(reading.number, uint256) << constants.TIME_BITS)
        | convert(new_block.timestamp, uint256),
        counts=counts,
        old_root=last.root,
        new_root=new_block.new_root,
    )

    # First challenge: after C and every slice.
    hashes: bytes32[constants.SLICE_COUNT] = empty(bytes32[constants.SLICE_COUNT])
    at: uint256 = last.words
    for k: uint256 in range(constants.SLICE_COUNT):
        count: uint256 = records.count_of(counts, k)
        if count == 0:
            hashes[k] = constants.EMPTY_SLICE_HASH
        elif (held >> k) & 1 == 1:
            hashes[k] = slices.compute_hash(at, count)
            at = unsafe_add(at, 32 * count)
        else:
            hashes[k] = convert(calldata.word(reading.claims), bytes32)
            reading.claims = unsafe_add(reading.claims, 32)
    block_hash: bytes32 = empty(bytes32)
    z: uint256 = 0
    block_hash, z = commitment.compute_z(header, new_block.commitment, hashes)

    # Second challenge: after every claimed value.
    values: uint256[constants.SLICE_COUNT] = empty(uint256[constants.SLICE_COUNT])
    for k: uint256 in range(constants.SLICE_COUNT):
        count: uint256 = records.count_of(counts, k)
        if count == 0:
            continue
        if (held >> k) & 1 == 0:
            values[k] = calldata.word(reading.claims)
            assert values[k] < constants.R, "block: evaluation above r"
            reading.claims = unsafe_add(reading.claims, 32)
        elif k == 0:
            values[0] = slices.evaluate_data(reading.words, count, z)
            reading.words = unsafe_add(reading.words, 32 * count)
        else:
            index: uint256 = self.queue_index(lane, k)
            content: slices.Content = self._read_slice(reading, index, k, count, z, is_account_lane)
            values[k] = content.value
            reading.words = unsafe_add(reading.words, 32 * count)
            reading.consents = content.consents
            reading.parts[index] = content.part
            if content.requests > 0 or content.part != empty(bytes32):
                reading.queues[index] = content.queue_hash
                reading.served |= 1 << index
                if k == convert(deployment.CHAIN_ID, uint256):
                    reading.consumed[unsafe_sub(lane, 1)] += content.requests
                    reading.queued_at = content.queued_at
    header_value: uint256 = commitment.evaluate_header(header, z)
    lambda_: uint256 = 0
    reading.block_commitment, lambda_ = commitment.compute_lambda(block_hash, header_value, values)
    reading.sync_hash = keccak256(abi_encode(last.sync_hash, reading.block_commitment))
    return reading, [new_block.commitment, z, lambda_, commitment.compute_y(header_value, values, lambda_)]


@internal
@pure
def served_hash(reading: Reading, index: uint256) -> bytes32:
    """
    @notice The hash of a queue at the highest place that the blocks use, one that they serve in part included.
    """
    return reading.parts[index] if reading.parts[index] != empty(bytes32) else reading.queues[index]


@internal
@view
def _read_slice(
    reading: Reading, index: uint256, k: uint256, count: uint256, z: uint256, is_account_lane: bool
) -> slices.Content:
    """
    @notice The slice of a chain, whose words stand next. Only the primary's own slice may change keys.
    """
    chain_id: uint8 = convert(k, uint8)
    place: slices.Slice = slices.Slice(
        at=reading.words,
        end=unsafe_add(reading.words, 32 * count),
        chain=k,
        address_format=deployment.address_format_of(chain_id),
        bridge=convert(deployment.bridge_of(chain_id), uint256),
        queue_hash=reading.queues[index],
        part=reading.parts[index],
        z=z,
        consents=reading.consents if chain_id == deployment.PRIMARY_CHAIN else 0,
    )
    content: slices.Content = empty(slices.Content)
    if is_account_lane:
        content = account_slices.read(place)
    else:
        content = swap_slices.read(place)
    if chain_id != deployment.PRIMARY_CHAIN:
        content.consents = reading.consents
    return content
