# pragma version 0.4.3
"""
@title freeze_calls
@license Apache-2.0
@notice How anybody freezes a chain whose oldest request no block answers: takes the request's words, gives a freeze a
        day later, if the request still waits then.
@dev 1 The request is shown to be the oldest of its lane, and older than EXPIRY_SECONDS. 2 A day and a day's blocks
     pass, in which whoever has a block with it can bring it. 3 Anybody confirms. Queues are first in first out, so no
     later request can have waited longer; a request that was served in part waits on.
"""

from ..interfaces import IEnd
from . import constants
from . import end_partners
from . import priority_queue
from . import records
from . import windows

uses: end_partners
uses: windows

# By lane: moment 128 | request 64, lowest first; 0 while no freeze is called.
calls: HashMap[uint256, uint256]


@internal
def call(lane: uint8, words: DynArray[uint256, 5]):
    """
    @notice Notes that the oldest request of a lane has waited too long.
    """
    assert not staticcall end_partners.BRIDGE.is_frozen(), "freeze: frozen already"
    assert len(words) == records.request_words(convert(lane, uint256)), "freeze: not a request"
    consumed: uint64 = 0
    previous: bytes32 = empty(bytes32)
    consumed, previous = staticcall end_partners.BRIDGE.next_requests(lane)
    called: uint64 = 0
    began_at: uint256 = 0
    began_in: uint256 = 0
    called, began_at, began_in = self.get(lane)
    # Nobody makes the day begin anew.
    assert called <= consumed, "freeze: called already"

    request: uint256[5] = empty(uint256[5])
    for i: uint256 in range(len(words), bound=5):
        request[i] = words[i]
    queue_hash: bytes32 = staticcall end_partners.BRIDGE.queue_hash(lane, consumed + 1)
    assert priority_queue.hash_next(convert(lane, uint256), previous, request) == queue_hash, "freeze: not the oldest request"
    assert block.timestamp > records.queued_at(request) + constants.EXPIRY_SECONDS, "freeze: request not expired"
    self.calls[convert(lane, uint256)] = windows.now() | (convert(consumed + 1, uint256) << 128)
    log IEnd.FreezeCalled(lane=lane, request_id=consumed + 1)


@internal
def confirm(lane: uint8):
    """
    @notice Freezes the chain, when a day has passed since the call and the request still waits.
    """
    called: uint64 = 0
    began_at: uint256 = 0
    began_in: uint256 = 0
    called, began_at, began_in = self.get(lane)
    consumed: uint64 = 0
    previous: bytes32 = empty(bytes32)
    consumed, previous = staticcall end_partners.BRIDGE.next_requests(lane)
    assert called > 0, "freeze: not called"
    assert called > consumed, "freeze: request was consumed"
    assert windows.is_over(began_at, began_in, constants.FREEZE_DELAY_SECONDS), "freeze: too early to confirm"
    extcall end_partners.BRIDGE.freeze()


@internal
@view
def get(lane: uint8) -> (uint64, uint256, uint256):
    """
    @notice The request over which a freeze is called, and the time and the block of the call.
    """
    began_at: uint256 = 0
    began_in: uint256 = 0
    packed: uint256 = self.calls[convert(lane, uint256)]
    began_at, began_in = windows.unpack(packed & (2**128 - 1))
    return convert(packed >> 128, uint64), began_at, began_in
