# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title SliceDesk
@license Apache-2.0
@notice The readers of slices alone, for tests: takes any words as a slice of any chain. Never deployed outside tests.
@custom:emergency Whoever trusts an answer has not seen a history.
"""

from ..modules import account_slices
from ..modules import calldata
from ..modules import constants
from ..modules import owner_consents
from ..modules import slices
from ..modules import swap_slices

initializes: owner_consents
initializes: account_slices[owner_consents := owner_consents]

# Where the argument `words` is in the head of a call whose first argument is a Task, and in that of compute_hash.
TASK_CONSENTS_INDEX: constant(uint256) = 8
TASK_WORDS_INDEX: constant(uint256) = 9
WORDS_INDEX: constant(uint256) = 1

# What is asked of a slice; `may_change_keys` on the primary alone.
struct Task:
    lane: uint256
    chain: uint256
    address_bits: uint256
    bridge: uint256
    queue_hash: bytes32
    part: bytes32
    z: uint256
    may_change_keys: bool


@deploy
def __init__(deployment_hash: bytes32):
    """
    @notice Fixes the deployment that owners sign for.
    @param deployment_hash Any.
    """
    owner_consents.__init__(deployment_hash)


@external
@view
def read(task: Task, consents: Bytes[4160], words: Bytes[131072]) -> (slices.Content, uint256):
    """
    @notice Reads a slice.
    @param task What is asked.
    @param consents Signatures of 65 bytes.
    @param words The slice.
    @return Its content, and how many signatures it has used.
    """
    return self._read(task)


@external
@view
def evaluate_data(z: uint256, words: Bytes[131072]) -> uint256:
    """
    @notice Evaluates slice 0.
    @param z Where.
    @param words The slice.
    @return Its value.
    """
    return self._evaluate_data(z)


@external
@view
def compute_hash(padding: uint256, words: Bytes[131072]) -> bytes32:
    """
    @notice The hash of a slice.
    @param padding Any.
    @param words The slice.
    @return Its hash.
    """
    return self._compute_hash()


@external
@view
def count_key_changes(padding: uint256, words: Bytes[131072]) -> uint256:
    """
    @notice How many key changes are in a slice, by the kinds of its records alone.
    @param padding Any.
    @param words The slice.
    @return How many.
    """
    return self._count_key_changes()


@internal
@view
def _read(task: Task) -> (slices.Content, uint256):
    consents: uint256 = calldata.find(TASK_CONSENTS_INDEX)[0]
    at: uint256 = 0
    length: uint256 = 0
    at, length = calldata.find(TASK_WORDS_INDEX)
    place: slices.Slice = slices.Slice(
        at=at,
        end=at + length,
        chain=task.chain,
        address_bits=task.address_bits,
        bridge=task.bridge,
        queue_hash=task.queue_hash,
        part=task.part,
        z=task.z,
        consents=consents if task.may_change_keys else 0,
    )
    content: slices.Content = empty(slices.Content)
    if task.lane == constants.ACCOUNT_LANE:
        content = account_slices.read(place)
    else:
        content = swap_slices.read(place)
    return content, (content.consents - place.consents) // constants.SIGNATURE_BYTES


@internal
@view
def _evaluate_data(z: uint256) -> uint256:
    at: uint256 = 0
    length: uint256 = 0
    at, length = calldata.find(WORDS_INDEX)
    return slices.evaluate_data(at, length // 32, z)


@internal
@view
def _compute_hash() -> bytes32:
    at: uint256 = 0
    length: uint256 = 0
    at, length = calldata.find(WORDS_INDEX)
    return slices.compute_hash(at, length // 32)


@internal
@view
def _count_key_changes() -> uint256:
    at: uint256 = 0
    length: uint256 = 0
    at, length = calldata.find(WORDS_INDEX)
    return account_slices.count_key_changes(at, at + length)
