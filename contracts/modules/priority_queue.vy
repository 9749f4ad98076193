# pragma version 0.4.3
"""
@title priority_queue
@license Apache-2.0
@notice The requests of this chain, strictly first in first out, as one rolling hash: takes requests, says which have
        been committed and executed. Never forgets or reorders one.
@dev hashes[i] covers requests 1..i, so a block that consumes a range is checked with two reads. hashes[0] is the
     deployment hash and is written when the bridge opens: an empty one means that it has not.
"""

from . import checks

# At most this many requests wait at one time: 64 full blocks, hours of proving on a laptop, far less than
# EXPIRY_SECONDS.
MAX_OPEN_REQUESTS: constant(uint256) = 4_096
# A request that is not executed by then counts as censored.
EXPIRY_SECONDS: constant(uint256) = 3 * 86_400

COUNT_MASK: constant(uint256) = 2**64 - 1

# `committed` and `executed` are the numbers of requests in blocks committed and executed here.
struct Counts:
    total: uint256
    committed: uint256
    executed: uint256


hashes: HashMap[uint256, bytes32]
# total 64 | committed 64 | executed 64, lowest first
packed_counts: uint256


@internal
def open(deployment_hash: bytes32):
    """
    @notice Starts the queue, once.
    """
    checks.require(self.hashes[0] == empty(bytes32), "queue: already open")
    self.hashes[0] = deployment_hash


@internal
@view
def is_open() -> bool:
    """
    @notice Whether requests are taken.
    """
    return self.hashes[0] != empty(bytes32)


@internal
def take_place() -> (uint256, bytes32):
    """
    @notice Reserves the next place in the queue.
    @return Its request id, and the hash that goes before it.
    """
    packed: uint256 = self.packed_counts
    total: uint256 = packed & COUNT_MASK
    previous: bytes32 = self.hashes[total]
    checks.require(previous != empty(bytes32), "queue: not open")
    # executed never exceeds total
    checks.require(unsafe_sub(total, packed >> 128) < MAX_OPEN_REQUESTS, "queue: full")
    self.packed_counts = packed + 1
    return total + 1, previous


@internal
def put(request_id: uint256, previous: bytes32, words: uint256[5]):
    """
    @notice Writes a request into the place that was reserved for it.
    """
    self.hashes[request_id] = keccak256(abi_encode(previous, words))


@internal
@view
def counts() -> Counts:
    """
    @notice How many requests there are, and how far they got.
    """
    packed: uint256 = self.packed_counts
    return Counts(total=packed & COUNT_MASK, committed=(packed >> 64) & COUNT_MASK, executed=packed >> 128)


@internal
def set_committed(committed: uint256):
    """
    @notice Records how many requests are in committed blocks; falls when blocks are reverted.
    """
    self.packed_counts = (self.packed_counts & ~(COUNT_MASK << 64)) | (committed << 64)


@internal
def set_executed(executed: uint256):
    """
    @notice Records how many requests are in executed blocks; never falls.
    """
    self.packed_counts = (self.packed_counts & ~(COUNT_MASK << 128)) | (executed << 128)
