# pragma version 0.4.3
"""
@title priority_queue
@license Apache-2.0
@notice The requests of this chain: one queue for each lane, first in first out, kept as rolling hashes in a ring. Takes
        requests, gives their number, how many blocks have consumed, and what the open ones have paid at the door. Never
        reorders one, and never forgets one that is open.
@dev The hash of place i covers requests 1..i, so a block that consumes a range is checked with two reads. Place 0 is
     the deployment hash. A ring has twice as many places as requests can be open, so what is overwritten was consumed.
"""

from . import checks
from . import constants

# No more requests of a lane are open at one time than constants say (4,096 and 512), so that nobody can queue more than
# an operator can prove within EXPIRY_SECONDS (259,200). With all eight chains full of the oddest requests, each swap with
# tokens of its own and one between, each request of an account a full exit of shares, there are
#   32,768 swaps, in 10,923 blocks of the preset `main` (3 in each), 32,768 of `compact` and of `minimal` (1), and
#   4,096 requests of accounts, in 2,048 blocks of `main` and of `compact` (2), 4,096 of `minimal` (1):
# with nothing else in them, one block every 19, 7 or 7 seconds for both lanes.

COUNT_MASK: constant(uint256) = 2**64 - 1
FEES_SHIFT: constant(uint256) = 128
FEES_MASK: constant(uint256) = 2**127 - 1
CLOSED: constant(uint256) = 2**255

# The hash of place i of a lane is at lane << 64 | i % ring.
hashes: HashMap[uint256, bytes32]
# By lane: total 64 | consumed 64 | open fees 127 | CLOSED, lowest first. Consumed requests are in accepted
# blocks; the fees, in gwei of the chain's coin, are those that no block has earned and no exodus has given back. A closed
# queue takes no more requests.
packed_counts: HashMap[uint256, uint256]


@internal
def open(deployment_hash: bytes32):
    """
    @notice Starts both queues, at construction.
    """
    self.hashes[self._place(constants.SWAP_LANE, 0)] = deployment_hash
    self.hashes[self._place(constants.ACCOUNT_LANE, 0)] = deployment_hash


@internal
def close():
    """
    @notice Closes both queues, for good.
    """
    self.packed_counts[constants.SWAP_LANE] |= CLOSED
    self.packed_counts[constants.ACCOUNT_LANE] |= CLOSED


@internal
@view
def check_running(lane: uint256):
    """
    @notice Reverts when the queues are closed: a frozen chain takes no requests.
    """
    checks.require(self.packed_counts[lane] < CLOSED, "bridge: frozen")


@internal
def next_id(lane: uint256, limit: uint256) -> uint256:
    """
    @notice The id of the next request; reverts when so many requests wait.
    """
    packed: uint256 = self.packed_counts[lane]
    total: uint256 = packed & COUNT_MASK
    # consumed never exceeds total
    checks.require(unsafe_sub(total, (packed >> 64) & COUNT_MASK) < limit, "queue: full")
    return unsafe_add(total, 1)


@internal
def put(lane: uint256, request_id: uint256, words: uint256[5], fee_gwei: uint256):
    """
    @notice Writes a request at the end of its queue, with the id that next_id gave.
    @param fee_gwei What it has paid at the door, as its words say.
    """
    previous: bytes32 = self.hashes[self._place(lane, request_id - 1)]
    self.hashes[self._place(lane, request_id)] = self.hash_next(lane, previous, words)
    # As many fees of 40 bits as requests can be open are below 2^127.
    self.packed_counts[lane] = unsafe_add(self.packed_counts[lane], 1 | (fee_gwei << FEES_SHIFT))


@internal
@view
def hash_at(lane: uint256, count: uint256) -> bytes32:
    """
    @notice Rolling hash of the first `count` requests; empty when there are not so many, or when the ring has gone over
            that place.
    """
    total: uint256 = self.packed_counts[lane] & COUNT_MASK
    if count > total or unsafe_sub(total, count) >= self._ring(lane):
        return empty(bytes32)
    return self.hashes[self._place(lane, count)]


@internal
@pure
def hash_next(lane: uint256, previous: bytes32, words: uint256[5]) -> bytes32:
    """
    @notice The rolling hash after one more request; one of the account lane has four words.
    """
    if lane == constants.SWAP_LANE:
        return keccak256(abi_encode(previous, words))
    return keccak256(abi_encode(previous, words[0], words[1], words[2], words[3]))


@internal
@view
def counts(lane: uint256) -> (uint256, uint256):
    """
    @notice How many requests there are, and how many of them are consumed.
    """
    packed: uint256 = self.packed_counts[lane]
    return packed & COUNT_MASK, (packed >> 64) & COUNT_MASK


@internal
@view
def count_open(lane: uint256) -> uint256:
    """
    @notice How many requests no block has consumed.
    """
    total: uint256 = 0
    consumed: uint256 = 0
    total, consumed = self.counts(lane)
    return unsafe_sub(total, consumed)  # consumed never exceeds total


@internal
@view
def open_fees(lane: uint256) -> uint256:
    """
    @notice What open requests have paid at the door, in gwei.
    """
    return (self.packed_counts[lane] >> FEES_SHIFT) & FEES_MASK


@internal
def close_fees(lane: uint256, fee_gwei: uint256):
    """
    @notice Takes fees off those that are open; reverts for more than that (SOL-1).
    """
    checks.require(fee_gwei <= self.open_fees(lane), "queue: more fees than open")
    self.packed_counts[lane] = unsafe_sub(self.packed_counts[lane], fee_gwei << FEES_SHIFT)  # by the line above


@internal
def consume(lane: uint256, count: uint256, hash: bytes32, part: bytes32):
    """
    @notice Records that blocks have consumed the first `count` requests, whose hash they have computed themselves; the
            number never falls.
    @param part What they have computed for one place more, whose full exit they have served in part; empty for none.
    """
    packed: uint256 = self.packed_counts[lane]
    consumed: uint256 = (packed >> 64) & COUNT_MASK
    checks.require(count >= consumed, "queue: consumed already")
    # The hash of a place that nobody has taken yet is empty, so this also bounds the count.
    checks.require(hash != empty(bytes32) and hash == self.hash_at(lane, count), "queue: other requests")
    checks.require(part == empty(bytes32) or part == self.hash_at(lane, count + 1), "queue: another full exit")
    self.packed_counts[lane] = unsafe_add(packed, unsafe_sub(count, consumed) << 64)


@internal
@pure
def _place(lane: uint256, count: uint256) -> uint256:
    # Neither ring has no places.
    return (lane << 64) | (count % self._ring(lane))


@internal
@pure
def _ring(lane: uint256) -> uint256:
    return constants.SWAP_RING if lane == constants.SWAP_LANE else constants.ACCOUNT_RING
