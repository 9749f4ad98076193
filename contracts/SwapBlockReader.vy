# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title SwapBlockReader
@license Apache-2.0
@author The zklink authors
@notice Reads a block of the swap lane for a bridge: takes the block as one chain gets it, gives what it says about that
        chain and what its proof must fit. Holds nothing, may nothing, knows no chain; one serves any number of bridges.
@custom:emergency Nothing to stop: it has no storage and no owner.
"""

from .interfaces import IBlockReader
from .modules import commitment
from .modules import constants
from .modules import records
from .modules import slices

implements: IBlockReader


@external
@pure
def read_block(position: IBlockReader.Position, new_block: IBlockReader.CommitBlock) -> IBlockReader.Reading:
    """
    @notice Checks the form of a block and computes the two challenges and the public inputs of its proof (protocol
            sections 7 and 8).
    @dev Apart from the bridge because together they exceed the size limit of a contract; and another lane brings its
         own reader.
    @param position What the bridge knows; its word is taken.
    @param new_block The block; nothing in it is believed.
    @return What the block says.
    @custom:upholds VER-1, VER-8, DAT-1, DAT-2, DAT-3
    """
    assert new_block.new_root < constants.R, "block: root above r"
    assert new_block.commitment < constants.R, "block: commitment above r"
    commitment.check_counts(new_block.counts, position.chain_mask)
    assert records.count_of(new_block.counts, position.chain_id) == len(new_block.words), "block: own word count"

    header: commitment.Header = commitment.Header(
        domain=position.domain,
        number_and_time=(position.number << constants.TIME_BITS) | convert(new_block.timestamp, uint256),
        counts=new_block.counts,
        old_root=position.old_root,
        new_root=new_block.new_root,
    )
    # First challenge: after C and every slice.
    hashes: bytes32[constants.SLICE_COUNT] = commitment.place_hashes(
        new_block.counts, position.chain_id, slices.compute_hash(new_block.words), new_block.slice_hashes
    )
    block_hash: bytes32 = empty(bytes32)
    z: uint256 = 0
    block_hash, z = commitment.compute_z(header, new_block.commitment, hashes)
    content: slices.Content = slices.read(new_block.words, position.chain_id, z, position.queue_hash)

    # Second challenge: after every claimed value.
    values: uint256[constants.SLICE_COUNT] = commitment.place_values(
        new_block.counts, position.chain_id, content.value, new_block.evaluations
    )
    header_value: uint256 = commitment.evaluate_header(header, z)
    block_commitment: bytes32 = empty(bytes32)
    lambda_: uint256 = 0
    block_commitment, lambda_ = commitment.compute_lambda(block_hash, header_value, values)
    y: uint256 = commitment.compute_y(header_value, values, lambda_)
    return IBlockReader.Reading(
        requests=content.requests,
        queue_hash=content.queue_hash,
        queued_at=content.queued_at,
        payouts_hash=content.payouts_hash,
        block_commitment=block_commitment,
        inputs_hash=keccak256(abi_encode(new_block.commitment, z, lambda_, y)),
    )
