# pragma version 0.4.3
"""
@title settlement
@license Apache-2.0
@notice What the blocks of a call change on this chain: the tip, what the bridge's queues have consumed, and what is paid
        here, at once or later. Owner of `owed`. Asks no question about a block: whoever calls has read it.
@dev The bridge pays last, when all else is written. Payouts are found in the call, where the slices stand that
     block_reader has read.
"""

from ..interfaces import IBridge
from ..interfaces import IHistory
from . import checks
from . import block_reader
from . import calldata
from . import constants
from . import deployment
from . import slices
from . import tips

uses: tips
uses: deployment
uses: block_reader

PAYOUT_BYTES: constant(uint256) = 32 * constants.PAYOUT_WORDS
# Payouts that go to the bridge in one call: a small list, since the compiler lays out its largest size.
BATCH_WORDS: constant(uint256) = 16 * constants.PAYOUT_WORDS

BRIDGE: immutable(IBridge)

# By block: the rolling hash of the payouts that are still to be paid here; empty when there are none.
owed: HashMap[uint64, bytes32]


@deploy
def __init__(bridge: address):
    """
    @notice Fixes the bridge of this chain.
    """
    BRIDGE = IBridge(bridge)


@internal
@view
def next_requests(lane: uint256) -> (uint64, bytes32):
    """
    @notice How many requests of a lane are consumed here, and the queue's hash there.
    """
    return staticcall BRIDGE.next_requests(convert(lane, uint8))


@internal
def enter(last: IHistory.Tip, reading: block_reader.Reading, call: block_reader.Call, pay: bool):
    """
    @notice Makes the last block of the call the tip, and then pays.
    @param last The tip before.
    @param reading The call, read to its end.
    @param call Where its new blocks are.
    @param pay Whether to pay now; else payouts wait for `execute`.
    """
    new_tip: IHistory.Tip = last
    new_tip.number = reading.number
    new_tip.timestamp = reading.timestamp
    new_tip.root = reading.root
    new_tip.sync_hash = reading.sync_hash
    if not pay:
        new_tip.unpaid += self._settle(last.number, call, False)
    tips.store(new_tip)
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        index: uint256 = block_reader.queue_index(lane, convert(deployment.CHAIN_ID, uint256))
        if (reading.served >> index) & 1 == 1:
            requests: uint256 = reading.consumed[lane - 1]
            extcall BRIDGE.consume(
                convert(lane, uint8),
                self.next_requests(lane)[0] + convert(requests & slices.REQUESTS_MASK, uint64),
                reading.queues[index],
                reading.parts[index],
                requests >> slices.FEES_SHIFT,
            )
    if pay:
        self._settle(last.number, call, True)


@internal
def execute(number: uint64, payouts: DynArray[uint256, constants.MAX_PAYOUT_WORDS], count: uint256):
    """
    @notice Pays the first payouts of a block.
    @param number The block.
    @param payouts The words of all payouts that it still owes here.
    @param count How many of them to pay.
    """
    checks.require(len(payouts) % constants.PAYOUT_WORDS == 0, "execute: payout words")
    total: uint256 = unsafe_div(len(payouts), constants.PAYOUT_WORDS)
    checks.require(0 < count and count <= total, "execute: count")
    all_owed: bytes32 = empty(bytes32)
    left: bytes32 = empty(bytes32)
    due: DynArray[uint256, constants.MAX_PAYOUT_WORDS] = []
    for i: uint256 in range(total, bound=constants.MAX_PAYOUT_WORDS // constants.PAYOUT_WORDS):
        at: uint256 = unsafe_mul(constants.PAYOUT_WORDS, i)
        p: uint256[3] = [payouts[at], payouts[at + 1], payouts[at + 2]]
        all_owed = keccak256(abi_encode(all_owed, p))
        if i < count:
            due.append(p[0])
            due.append(p[1])
            due.append(p[2])
        else:
            left = keccak256(abi_encode(left, p))
    checks.require(self.owed[number] == all_owed, "execute: other payouts")
    self.owed[number] = left
    if count == total:
        tips.settle_one()
        log IHistory.BlockExecuted(number=number)
    extcall BRIDGE.pay(due)


@internal
def _settle(last: uint64, call: block_reader.Call, pay: bool) -> uint32:
    """
    @notice Pays what the new blocks pay here, or keeps it for `execute`.
    @return How many of them have payouts here.
    """
    found: uint32 = 0
    place: uint256 = call.blocks
    words: uint256 = call.words
    number: uint64 = last
    for _: uint256 in range(call.count, bound=constants.MAX_BLOCKS):
        number += 1
        counts: uint256 = block_reader.counts_at(place)
        end: uint256 = words + block_reader.own_offset(counts) + block_reader.own_bytes(counts)
        at: uint256 = self._find_payout(end - block_reader.own_bytes(counts), end)
        if at < end:
            found += 1
            if pay:
                log IHistory.BlockExecuted(number=number)
                self._pay(at, end)
            else:
                log IHistory.PayoutsOwed(number=number)
                self.owed[number] = self._hash_payouts(at, end)
        words += 32 * block_reader.add_counts(counts & block_reader.held_counts())
        place += block_reader.BLOCK_BYTES
    return found


@internal
@view
def _find_payout(begin: uint256, end: uint256) -> uint256:
    """
    @notice Where the first payout stands in the rest of a slice of either lane; `end` if there is none.
    """
    at: uint256 = begin
    for _: uint256 in range(slices.MAX_RECORDS):
        if at >= end:
            break
        kind: uint256 = calldata.word(at) >> constants.PAYOUT_0_KIND_SHIFT
        # No addition wraps: `at` is a position in the call.
        if kind == constants.SWAP_REQUEST_KIND:
            at = unsafe_add(at, 32 * constants.SWAP_REQUEST_WORDS)
        elif kind <= constants.SWAP_REFUNDED_KIND or kind >= constants.WITHDRAW_PAYOUT_KIND:
            break
        else:
            at = unsafe_add(at, 32 * constants.ACCOUNT_REQUEST_WORDS)
    return at


@internal
@view
def _hash_payouts(begin: uint256, end: uint256) -> bytes32:
    """
    @notice The rolling hash of the payouts of a slice, the first of which stands at `begin`.
    """
    result: bytes32 = empty(bytes32)
    at: uint256 = begin
    for _: uint256 in range(slices.MAX_RECORDS):
        if at >= end:
            break
        result = keccak256(concat(result, slice(msg.data, at, PAYOUT_BYTES)))
        at = self._find_payout(unsafe_add(at, PAYOUT_BYTES), end)
    return result


@internal
def _pay(begin: uint256, end: uint256):
    """
    @notice Pays the payouts of a slice, the first of which stands at `begin`.
    """
    batch: DynArray[uint256, BATCH_WORDS] = []
    at: uint256 = begin
    for _: uint256 in range(slices.MAX_RECORDS):
        if at >= end:
            break
        if len(batch) == BATCH_WORDS:
            extcall BRIDGE.pay(batch)
            batch = []
        batch.append(calldata.word(at))
        batch.append(calldata.word(unsafe_add(at, 32)))
        batch.append(calldata.word(unsafe_add(at, 64)))
        at = self._find_payout(unsafe_add(at, PAYOUT_BYTES), end)
    extcall BRIDGE.pay(batch)
