# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title BlockReader
@license Apache-2.0
@author The zklink authors
@notice Reads blocks of both lanes for a bridge: takes a block in the form that one chain gets, gives its content for
        that chain and the hash of the public inputs that its proof must have. Has no storage, no privileges and no
        chain-specific state; one instance can serve any number of bridges.
@custom:emergency Nothing to stop: it has no storage and no owner.
"""

from .interfaces import IBlockReader
from .interfaces import IBridge
from .interfaces import IKeyRegistry
from .modules import account_slices
from .modules import commitment
from .modules import constants
from .modules import records
from .modules import slices
from .modules import swap_slices

implements: IBlockReader

# The registry that knows which owners have consented to a new key.
key_registry: public(immutable(IKeyRegistry))


@deploy
def __init__(registry: address):
    """
    @notice Fixes the registry that key changes are checked with.
    @param registry The chain's KeyRegistry.
    """
    assert registry.is_contract, "reader: registry has no code"
    key_registry = IKeyRegistry(registry)


@external
@view
def read_block(position: IBlockReader.Position, new_block: IBlockReader.CommitBlock) -> IBlockReader.Reading:
    """
    @notice Checks the form of a block and computes the two challenges and the public inputs of its proof (protocol
            sections 7 and 8).
    @dev A contract of its own, because bridge and reader together exceed the size limit of a contract. The reader asks
         its caller whether the owner of a forced exit is known, as it believes the caller's position anyway.
    @param position The bridge's side of the block; the reader believes it.
    @param new_block The block; the reader believes nothing in it.
    @return The content of the block.
    @custom:upholds VER-1, VER-8, DAT-1, DAT-2, DAT-3, EXI-4
    """
    lane: uint256 = convert(new_block.lane, uint256)
    is_account_lane: bool = lane == constants.ACCOUNT_LANE
    assert is_account_lane or lane == constants.SWAP_LANE, "block: unknown lane"
    assert new_block.new_root < constants.R, "block: root above r"
    assert new_block.commitment < constants.R, "block: commitment above r"
    commitment.check_counts(new_block.counts, position.chain_mask, is_account_lane)
    own: uint256 = position.chain_id
    assert records.count_of(new_block.counts, own) == len(new_block.words), "block: own word count"
    if position.is_primary:
        assert records.count_of(new_block.counts, 0) == len(new_block.data), "block: data word count"
    else:
        assert len(new_block.data) == 0, "block: data is for the primary"

    header: commitment.Header = commitment.Header(
        domain=position.domain,
        number_and_time=(position.number << constants.TIME_BITS) | convert(new_block.timestamp, uint256),
        counts=new_block.counts,
        old_root=position.old_root,
        new_root=new_block.new_root,
    )
    # First challenge: after C and every slice. `held` marks the slices that this chain has in full.
    held: uint256 = 1 << own
    hashes: bytes32[constants.SLICE_COUNT] = empty(bytes32[constants.SLICE_COUNT])
    hashes[own] = slices.compute_hash(new_block.words)
    if position.is_primary:
        held |= 1
        hashes[0] = slices.compute_data_hash(new_block.data)
    hashes = commitment.place_hashes(new_block.counts, held, hashes, new_block.slice_hashes)
    block_hash: bytes32 = empty(bytes32)
    z: uint256 = 0
    block_hash, z = commitment.compute_z(header, new_block.commitment, hashes)
    content: slices.Content = empty(slices.Content)
    if is_account_lane:
        content = account_slices.read(new_block.words, own, z, position.queue_hash)
    else:
        content = swap_slices.read(new_block.words, own, z, position.queue_hash)
    self._check_key_changes(position.deployment_hash, content.key_changes, new_block.signatures)
    for owner: address in content.forced:
        assert staticcall IBridge(msg.sender).is_owner_known(owner), "block: owner not known here"

    # Second challenge: after every claimed value.
    values: uint256[constants.SLICE_COUNT] = empty(uint256[constants.SLICE_COUNT])
    values[own] = content.value
    if position.is_primary:
        values[0] = slices.evaluate_data(new_block.data, z)
    values = commitment.place_values(new_block.counts, held, values, new_block.evaluations)
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


@external
@pure
def open_block(preimage: IBlockReader.Preimage) -> (bytes32, uint64, uint256, uint256):
    """
    @notice Computes the sync hash that these preimages give. If the caller knows that hash, the header is that block's.
    @param preimage The preimages; the reader believes nothing in them.
    @return The sync hash, and of the header: block number, counts and new root.
    @custom:upholds SYN-1, SYN-7
    """
    block_hash: bytes32 = keccak256(abi_encode(preimage.header, preimage.commitment, preimage.slice_hashes))
    block_commitment: bytes32 = keccak256(abi_encode(block_hash, preimage.header_value, preimage.values))
    return (
        keccak256(abi_encode(preimage.previous_sync_hash, block_commitment)),
        convert(preimage.header[1] >> constants.TIME_BITS, uint64),
        preimage.header[2],
        preimage.header[4],
    )


@internal
@view
def _check_key_changes(
    deployment_hash: bytes32, changes: DynArray[slices.KeyChange, 16], signatures: DynArray[Bytes[65], 16]
):
    """
    @notice Reverts unless the owner of every account that gets a new key has consented, and every signature is used.
    """
    assert len(changes) == len(signatures), "block: key change signatures"
    for i: uint256 in range(len(changes), bound=16):
        # A static call that only reverts: Vyper has no statement for it, so it is spelled out.
        raw_call(
            key_registry.address,
            abi_encode(
                deployment_hash,
                changes[i].owner,
                changes[i].account,
                changes[i].nonce,
                changes[i].public_key_hash,
                signatures[i],
                method_id=method_id("check(bytes32,bytes32,uint32,uint32,uint256,bytes)"),
            ),
            is_static_call=True,
        )
