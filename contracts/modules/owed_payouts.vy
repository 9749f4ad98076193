# pragma version 0.4.3
"""
@title owed_payouts
@license Apache-2.0
@notice What a chain pays for its blocks: finds the payouts of a slice in the call, pays them through the bridge at once
        or keeps their hash, so that anybody can have them paid later. Owner of `owed`.
@dev A slice that was read before consists of whole records. The bridge pays last, when all else is written.
"""

from ..interfaces import IBridge
from ..interfaces import IHistory
from . import calldata
from . import constants

MAX_RECORDS: constant(uint256) = 171  # 512 words of at least three each

# By block: the hash of the payouts that are still to be paid; empty when there are none.
owed: HashMap[uint64, bytes32]


@internal
@view
def find(begin: uint256, end: uint256) -> DynArray[uint256, constants.MAX_PAYOUT_WORDS]:
    """
    @notice The words of the payouts in a slice of either lane.
    @param begin Where the slice, which was read before, begins in the call.
    @param end Where it ends.
    """
    words: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = []
    at: uint256 = begin
    for _: uint256 in range(MAX_RECORDS):
        if at == end:
            break
        w0: uint256 = calldata.word(at)
        kind: uint256 = w0 >> constants.PAYOUT_0_KIND_SHIFT
        # No addition below wraps: `at` is a position in the call.
        if kind == constants.SWAP_REQUEST_KIND:
            at = unsafe_add(at, 32 * constants.SWAP_REQUEST_WORDS)
        elif kind == constants.SWAP_PAID_KIND or kind == constants.SWAP_REFUNDED_KIND or kind >= constants.WITHDRAW_PAYOUT_KIND:
            words.append(w0)
            words.append(calldata.word(unsafe_add(at, 32)))
            words.append(calldata.word(unsafe_add(at, 64)))
            at = unsafe_add(at, 32 * constants.PAYOUT_WORDS)
        else:
            at = unsafe_add(at, 32 * constants.ACCOUNT_REQUEST_WORDS)
    return words


@internal
@pure
def compute_hash(words: DynArray[uint256, constants.MAX_PAYOUT_WORDS]) -> bytes32:
    """
    @notice keccak256 of the word count and the words; empty for none.
    """
    if len(words) == 0:
        return empty(bytes32)
    return keccak256(abi_encode(words, ensure_tuple=False))


@internal
def owe(number: uint64, words: DynArray[uint256, constants.MAX_PAYOUT_WORDS]):
    """
    @notice Keeps the payouts of a block for `execute`.
    """
    self.owed[number] = self.compute_hash(words)
    log IHistory.PayoutsOwed(number=number)


@internal
def pay(bridge: IBridge, number: uint64, words: DynArray[uint256, constants.MAX_PAYOUT_WORDS]):
    """
    @notice Pays all payouts of a block.
    """
    log IHistory.BlockExecuted(number=number)
    extcall bridge.pay(words)


@internal
def take(
    number: uint64, words: DynArray[uint256, constants.MAX_PAYOUT_WORDS], count: uint256
) -> (DynArray[uint256, constants.MAX_PAYOUT_WORDS], bool):
    """
    @notice Takes the first payouts of a block off what it owes.
    @param words All that it still owes.
    @param count How many payouts to take.
    @return Their words, and whether they are the last ones.
    """
    size: uint256 = unsafe_div(len(words), constants.PAYOUT_WORDS)
    assert len(words) > 0 and self.owed[number] == self.compute_hash(words), "execute: other payouts"
    assert count > 0 and count <= size, "execute: count"
    due: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = []
    rest: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = []
    for i: uint256 in range(len(words), bound=constants.MAX_PAYOUT_WORDS):
        if i < count * constants.PAYOUT_WORDS:
            due.append(words[i])
        else:
            rest.append(words[i])
    self.owed[number] = self.compute_hash(rest)
    return due, len(rest) == 0
