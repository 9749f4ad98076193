# pragma version 0.4.3
"""
@title sync
@license Apache-2.0
@notice What other chains have accepted: takes authentic messages, remembers them by content, and applies those that
        agree with this chain's own blocks. Order, repetition and age of messages change nothing.
@dev A message counts only when its hash is this chain's own hash at its number, so a forged or stale one that is known
     has no effect.
"""

from ..interfaces import IBridge
from ..interfaces import ISyncTransport
from . import constants
from . import lifecycle

uses: lifecycle

known: HashMap[bytes32, bool]
# The last block accepted here that chain k is known to have accepted too.
acknowledged: HashMap[uint8, uint64]


@internal
def remember(message: ISyncTransport.SyncMessage) -> bool:
    """
    @notice Enters an authentic message.
    @return Whether it is new.
    """
    key: bytes32 = self._key(message.source_chain, message.number, message.sync_hash)
    if self.known[key]:
        return False
    self.known[key] = True
    return True


@internal
@view
def is_known(source_chain: uint8, number: uint64, sync_hash: bytes32) -> bool:
    """
    @notice Whether a message with this content has arrived.
    """
    return self.known[self._key(source_chain, number, sync_hash)]


@internal
def apply(source_chain: uint8, number: uint64, sync_hash: bytes32, primary_chain: uint8):
    """
    @notice Lets an authentic message take effect, as far as it agrees with this chain's blocks.
    @param source_chain Who accepted; never this chain.
    @param number Up to which block.
    @param sync_hash Its hash over these blocks.
    @param primary_chain Its word also lets this chain accept what it has proven.
    """
    if number > lifecycle.stages().proven or lifecycle.sync_hashes[number] != sync_hash:
        return
    if source_chain == primary_chain:
        lifecycle.accept(number)
    if number <= lifecycle.stages().accepted and number > self.acknowledged[source_chain]:
        self.acknowledged[source_chain] = number


@internal
@pure
def _key(source_chain: uint8, number: uint64, sync_hash: bytes32) -> bytes32:
    return keccak256(abi_encode(source_chain, number, sync_hash))
