# pragma version 0.4.3
"""
@title sync
@license Apache-2.0
@notice Lets what other chains have accepted take effect here, as far as it agrees with this chain's own blocks. Order,
        repetition and age of messages change nothing.
@dev A fact counts only when its hash is this chain's own hash at its number, so a forged or stale one that is known has
     no effect. Which facts are known is the sync ledger's business.
"""

from . import lifecycle

uses: lifecycle

# The last block accepted here that chain k is known to have accepted too.
acknowledged: HashMap[uint8, uint64]


@internal
def apply(source_chain: uint8, number: uint64, sync_hash: bytes32, primary_chain: uint8):
    """
    @notice Lets a known fact take effect.
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
