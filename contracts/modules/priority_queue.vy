# pragma version 0.4.3
"""
@title priority_queue
@license Apache-2.0
@notice The requests of this chain: one queue for each lane, first in first out, kept as rolling hashes. Takes requests,
        gives their number and how many are settled. Never forgets or reorders one.
@dev The hash of place i covers requests 1..i, so a block that consumes a range is checked with two reads. Place 0 is
     the deployment hash.
"""

from . import checks
from . import constants

# The most requests of a lane that wait at one time, so that nobody can queue more than an operator can prove within
# EXPIRY_SECONDS (259,200). With all eight chains full there are
#   32,768 swaps, in 512 blocks of the preset `main` (64 slots), 2,048 of `compact` (16), 8,192 of `minimal` (4), and
#   4,096 requests of accounts, in 342 blocks of `main` (12 slots), 1,024 of `compact` (4), 2,048 of `minimal` (2):
# with nothing else in them, one block every 757, 253 or 126 seconds for the account lane alone, 303, 84 or 25 for both.
MAX_OPEN_SWAPS: constant(uint256) = 4_096
MAX_OPEN_ACCOUNT_REQUESTS: constant(uint256) = 512

COUNT_MASK: constant(uint256) = 2**64 - 1

# The hash of place i of a lane is at lane << 64 | i. An empty one is a place that nobody has taken.
hashes: HashMap[uint256, bytes32]
# By lane: total 64 | settled 64, lowest first. Settled requests are in executed blocks.
packed_counts: HashMap[uint256, uint256]


@internal
def open(deployment_hash: bytes32):
    """
    @notice Starts both queues, at construction.
    """
    self.hashes[constants.SWAP_LANE << constants.REQUEST_ID_BITS] = deployment_hash
    self.hashes[constants.ACCOUNT_LANE << constants.REQUEST_ID_BITS] = deployment_hash


@internal
def next_id(lane: uint256) -> uint256:
    """
    @notice The id of the next request; reverts when too many requests wait.
    """
    packed: uint256 = self.packed_counts[lane]
    total: uint256 = packed & COUNT_MASK
    # settled never exceeds total
    limit: uint256 = MAX_OPEN_SWAPS if lane == constants.SWAP_LANE else MAX_OPEN_ACCOUNT_REQUESTS
    checks.require(unsafe_sub(total, packed >> 64) < limit, "queue: full")
    return total + 1


@internal
def put(lane: uint256, request_id: uint256, words: uint256[5]):
    """
    @notice Writes a request at the end of its queue, with the id that next_id gave.
    """
    self.hashes[(lane << 64) | request_id] = self.hash_next(lane, self.hash_at(lane, request_id - 1), words)
    self.packed_counts[lane] += 1


@internal
@view
def hash_at(lane: uint256, count: uint256) -> bytes32:
    """
    @notice Rolling hash of the first `count` requests; empty when there are not so many.
    """
    return self.hashes[(lane << 64) | count]


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
    @notice How many requests there are, and how many of them are settled.
    """
    packed: uint256 = self.packed_counts[lane]
    return packed & COUNT_MASK, packed >> 64


@internal
def settle(lane: uint256, settled: uint256):
    """
    @notice Records how many requests are in executed blocks; the number never falls.
    """
    packed: uint256 = self.packed_counts[lane]
    if packed >> 64 != settled:
        self.packed_counts[lane] = (packed & COUNT_MASK) | (settled << 64)
