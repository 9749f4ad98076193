# pragma version 0.4.3
"""
@title block_reader
@license Apache-2.0
@notice Reads the blocks of a call, one after the other: finds those that are new, checks every record of the slices that
        this chain has, and gives the public inputs of each proof and the history that the blocks make. The primary has
        every slice; a member has its own one, and claims about the others. Keeps nothing.
@dev Protocol sections 7 and 8. Nothing of a block is believed: a false claim makes public inputs that no proof fits.
"""

from ..interfaces import IHistory
from . import checks
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

# Places of the arguments `first` and `blocks` in the head of a call of many blocks.
BLOCKS_INDEX: constant(uint256) = 1

# Bytes of a block in the call, and where its lane, its counts and its proof are in it.
BLOCK_BYTES: constant(uint256) = 13 * 32
LANE_AT: constant(uint256) = 0
COUNTS_AT: constant(uint256) = 2 * 32
PROOF_AT: constant(uint256) = 5 * 32

COUNT_BITS_MASK: constant(uint256) = 2**constants.COUNT_BITS - 1

# Every other count of a header.
EVEN_COUNTS: constant(uint256) = 2**16 - 1 | (2**16 - 1) << 32 | (2**16 - 1) << 64 | (2**16 - 1) << 96 | (2**16 - 1) << 128
ONES: constant(uint256) = 1 | 1 << 32 | 1 << 64 | 1 << 96 | 1 << 128

# Queues of both lanes: that of chain k is at (lane - 1) * 9 + k.
QUEUES: constant(uint256) = 2 * constants.SLICE_COUNT

# The new blocks of a call: where they begin in the call, how many there are, where their words begin, and by lane which
# slices they have (counts that are not zero). `skipped` blocks stand before them.
struct Call:
    blocks: uint256
    count: uint256
    words: uint256
    counts: uint256[2]
    skipped: uint256


# How far the call has been read. `number`, `timestamp`, `root`, `sync_hash` and `block_commitment` are of the last block;
# `words`, `claims` and `consents` are where its successor's begin in the call. By queue: its hash after the last block,
# that after its next request if this has been served in part (empty if not), and whether blocks have served it (bit i).
# By lane: this chain's requests that blocks have consumed, as slices.Content counts them.
# `queued_at`: when the last of them in the last block was queued.
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
def held_counts() -> uint256:
    """
    @notice All bits of the counts of the slices that this chain gets in full.
    """
    if deployment.is_primary():
        return 2**(constants.COUNT_BITS * constants.SLICE_COUNT) - 1
    return COUNT_BITS_MASK << (constants.COUNT_BITS * convert(deployment.CHAIN_ID, uint256))


@internal
@pure
def add_counts(counts: uint256) -> uint256:
    """
    @notice The sum of the nine counts. Counts that a reader of blocks refuses give any sum.
    """
    # Five numbers of 17 bits in places of 32; the product has their sum in the fifth place.
    pairs: uint256 = unsafe_add(counts & EVEN_COUNTS, (counts >> 16) & EVEN_COUNTS)
    return (unsafe_mul(pairs, ONES) >> 128) & (2**32 - 1)


@internal
@view
def own_offset(counts: uint256) -> uint256:
    """
    @notice Bytes from the beginning of a block's words to its slice of this chain.
    """
    before: uint256 = (1 << (constants.COUNT_BITS * convert(deployment.CHAIN_ID, uint256))) - 1
    return 32 * self.add_counts(counts & self.held_counts() & before)


@internal
@view
def own_bytes(counts: uint256) -> uint256:
    """
    @notice Bytes of a block's slice of this chain.
    """
    return 32 * records.count_of(counts, convert(deployment.CHAIN_ID, uint256))


@internal
@view
def counts_at(place: uint256) -> uint256:
    """
    @notice The counts of the block that stands at a place in the call.
    """
    return calldata.word(place + COUNTS_AT)


@internal
@pure
def is_lane(lane: uint256) -> bool:
    """
    @notice Whether there is such a lane.
    """
    return lane == constants.SWAP_LANE or lane == constants.ACCOUNT_LANE


@internal
@pure
def queue_index(lane: uint256, k: uint256) -> uint256:
    """
    @notice Where the queue of chain k is in Reading.
    @param lane 1 or 2.
    """
    return unsafe_add(unsafe_mul(unsafe_sub(lane, 1), constants.SLICE_COUNT), k)


@internal
@view
def open(first: uint64, last: uint64, words_index: uint256) -> Call:
    """
    @notice Finds the blocks that are not here yet. Reverts if one between is missing, or unless the call has exactly
            the words that the headers ask for.
    @param first The number of the first block of the call.
    @param last The number of the last block that is here.
    @param words_index The place of the argument `words` in the head of the call.
    """
    next_number: uint256 = convert(last, uint256) + 1
    checks.require(convert(first, uint256) <= next_number, "history: a block is missing")
    skipped: uint256 = unsafe_sub(next_number, convert(first, uint256))  # by the line above
    held: uint256 = self.held_counts()
    place: uint256 = 0
    count: uint256 = 0
    place, count = calldata.find(BLOCKS_INDEX)
    words: uint256 = 0
    length: uint256 = 0
    words, length = calldata.find(words_index)
    end: uint256 = words + length
    call: Call = empty(Call)
    for i: uint256 in range(count, bound=constants.MAX_BLOCKS):
        counts: uint256 = self.counts_at(place)
        if i == skipped:
            call.blocks = place
            call.words = words
        if i >= skipped:
            lane: uint256 = calldata.word(place + LANE_AT)
            checks.require(self.is_lane(lane), "block: unknown lane")
            call.counts[lane - 1] |= counts
            call.count += 1
        words += 32 * self.add_counts(counts & held)
        place += BLOCK_BYTES
    checks.require(words == end, "history: words do not fit")
    call.skipped = min(skipped, count)
    return call


@internal
@view
def read_next(last: Reading, place: uint256) -> (Reading, uint256[4]):
    """
    @notice Reads the block that stands at a place in the call.
    @return As `read`.
    """
    reading: Reading = last
    inputs: uint256[4] = empty(uint256[4])
    reading, inputs = self.read(last, abi_decode(slice(msg.data, place, BLOCK_BYTES), IHistory.Block))
    return reading, inputs


@internal
@pure
def count_claims(counts: uint256, held: uint256) -> uint256:
    """
    @notice How many hashes, and as many evaluations, of slices that this chain does not get belong to a block.
    @param held All bits of the counts of the slices that it gets.
    """
    rest: uint256 = counts & ~held
    count: uint256 = 0
    for _: uint256 in range(constants.SLICE_COUNT):
        if rest == 0:
            break
        if rest & COUNT_BITS_MASK > 0:
            count = unsafe_add(count, 1)  # at most nine
        rest >>= constants.COUNT_BITS
    return count


@internal
@view
def read(last: Reading, new_block: IHistory.Block) -> (Reading, uint256[4]):
    """
    @notice Checks the form of the block after `last` and of its slices, and computes the public inputs of its proof.
    @param last What was read before; it says where the block's words, claims and consents begin.
    @param new_block The block, of one of the lanes.
    @return The reading with this block, and C, z, lambda, y.
    """
    lane: uint256 = convert(new_block.lane, uint256)
    checks.require(new_block.new_root < constants.R, "block: root above r")
    checks.require(new_block.commitment < constants.R, "block: commitment above r")
    checks.require(new_block.timestamp >= last.timestamp, "block: before the last block")
    counts: uint256 = new_block.counts
    known: uint256 = deployment.COUNT_MASK
    if lane == constants.ACCOUNT_LANE:
        known |= COUNT_BITS_MASK  # slice 0
    checks.require(counts & ~known == 0, "block: words of an unknown chain")
    held: uint256 = self.held_counts()
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
    rest: uint256 = counts
    for k: uint256 in range(constants.SLICE_COUNT):
        count: uint256 = rest & COUNT_BITS_MASK
        rest >>= constants.COUNT_BITS
        if count == 0:
            hashes[k] = constants.EMPTY_SLICE_HASH
        elif records.count_of(held, k) > 0:
            hashes[k] = slices.compute_hash(at, count)
            at = unsafe_add(at, 32 * count)  # a position in the call
        else:
            hashes[k] = convert(calldata.word(reading.claims), bytes32)
            reading.claims = unsafe_add(reading.claims, 32)  # a position in the call
    block_hash: bytes32 = empty(bytes32)
    z: uint256 = 0
    block_hash, z = commitment.compute_z(header, new_block.commitment, hashes)

    # Second challenge: after every claimed value.
    values: uint256[constants.SLICE_COUNT] = empty(uint256[constants.SLICE_COUNT])
    rest = counts
    for k: uint256 in range(constants.SLICE_COUNT):
        if rest == 0:
            break
        count: uint256 = rest & COUNT_BITS_MASK
        rest >>= constants.COUNT_BITS
        if count == 0:
            continue
        if records.count_of(held, k) == 0:
            values[k] = calldata.word(reading.claims)
            checks.require(values[k] < constants.R, "block: evaluation above r")
            reading.claims = unsafe_add(reading.claims, 32)  # a position in the call
            continue
        if k == 0:
            values[0] = slices.evaluate_data(reading.words, count, z)
        else:
            index: uint256 = self.queue_index(lane, k)
            content: slices.Content = self._read_slice(
                k, reading.words, count, z, reading.queues[index], reading.parts[index], reading.consents, lane
            )
            values[k] = content.value
            reading.consents = content.consents
            reading.parts[index] = content.part
            if content.requests > 0 or content.part != empty(bytes32):
                reading.queues[index] = content.queue_hash
                reading.served |= 1 << index
                if k == convert(deployment.CHAIN_ID, uint256):
                    reading.consumed[lane - 1] += content.requests
                    reading.queued_at = content.queued_at
        reading.words = unsafe_add(reading.words, 32 * count)  # a position in the call
    header_value: uint256 = commitment.evaluate_header(header, z)
    lambda_: uint256 = 0
    reading.block_commitment, lambda_ = commitment.compute_lambda(block_hash, header_value, values)
    reading.sync_hash = keccak256(abi_encode(last.sync_hash, reading.block_commitment))
    return reading, [new_block.commitment, z, lambda_, commitment.compute_y(header_value, values, lambda_)]


@internal
@view
def _read_slice(
    k: uint256,
    at: uint256,
    count: uint256,
    z: uint256,
    queue_hash: bytes32,
    part: bytes32,
    consents: uint256,
    lane: uint256,
) -> slices.Content:
    """
    @notice The slice of chain k, whose words begin at `at`. Only the primary's own slice may change keys.
    """
    chain_id: uint8 = convert(k, uint8)
    is_primary: bool = chain_id == deployment.PRIMARY_CHAIN
    place: slices.Slice = slices.Slice(
        at=at,
        end=unsafe_add(at, 32 * count),  # a position in the call
        chain=k,
        address_bits=deployment.address_bits_of(chain_id),
        bridge=convert(deployment.bridge_of(chain_id), uint256),
        queue_hash=queue_hash,
        part=part,
        z=z,
        consents=consents if is_primary else 0,
    )
    content: slices.Content = empty(slices.Content)
    if lane == constants.ACCOUNT_LANE:
        content = account_slices.read(place)
    else:
        content = swap_slices.read(place)
    if not is_primary:
        content.consents = consents
    return content
