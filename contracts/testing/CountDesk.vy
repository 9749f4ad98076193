# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title CountDesk
@license Apache-2.0
@notice The sum of the counts of a block's slices alone, for tests: those of chains that a deployment of tests does not have.
        Never deployed outside tests.
@custom:emergency Whoever trusts an answer has not seen a history.
"""

from ..modules import block_reader


@external
@pure
def add_counts(counts: uint256) -> uint256:
    """
    @notice The sum of nine counts.
    @param counts Nine numbers of 16 bits, that of slice 0 lowest.
    """
    return block_reader.add_counts(counts)
