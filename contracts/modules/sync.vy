# pragma version 0.4.3
"""
@title sync
@license Apache-2.0
@notice Applies facts about other chains to this chain's blocks. Takes known facts, gives acceptances and
        acknowledgements. Never depends on the order, the repetition or the age of messages.
@dev A fact counts only when its hash is this chain's own hash at its number, so a forged or stale fact has no effect.
     The sync ledger decides which facts are known.
"""

from . import lifecycle

uses: lifecycle

# The last block accepted here that chain k is known to have accepted too.
acknowledged: HashMap[uint8, uint64]


@internal
def apply(source_chain: uint8, number: uint64, sync_hash: bytes32, primary_chain: uint8):
    """
    @notice Applies a known fact; does nothing if it contradicts this chain's blocks or goes beyond the proven ones.
    @param source_chain The chain that accepted; never this one.
    @param number The last block that it accepted.
    @param sync_hash Its hash over all blocks up to that one.
    @param primary_chain The primary chain, whose fact also lets this chain accept the blocks that it has proven.
    """
    if number > lifecycle.stages().proven or lifecycle.sync_hashes[number] != sync_hash:
        return
    if source_chain == primary_chain:
        lifecycle.accept(number)
    if number <= lifecycle.stages().accepted and number > self.acknowledged[source_chain]:
        self.acknowledged[source_chain] = number
