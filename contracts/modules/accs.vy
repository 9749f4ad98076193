# pragma version 0.4.3
"""
@title accs
@license Apache-2.0
@notice ACC, the word of both groups for what the primary has accepted: takes a block and the commitments that lead from
        it to the one that is signed, and reverts unless both groups have signed it. Keeps nothing.
"""

from . import calldata
from . import constants
from . import deployment

uses: deployment

# The groups of this chain; their checks revert or return nothing.
GROUPS: immutable(address)


@deploy
def __init__(groups: address):
    """
    @notice Fixes the groups.
    """
    assert groups.is_contract, "history: groups have no code"
    GROUPS = groups


@internal
@view
def fold(sync_hash: bytes32, later_index: uint256) -> (bytes32, uint64):
    """
    @notice The sync hash after the blocks that follow, and how many they are.
    @param later_index The place of the argument with their commitments in the head of the call.
    """
    result: bytes32 = sync_hash
    at: uint256 = 0
    count: uint256 = 0
    at, count = calldata.find(later_index)
    for _: uint256 in range(count, bound=constants.MAX_LATER):
        result = keccak256(concat(result, slice(msg.data, at, 32)))
        at = unsafe_add(at, 32)  # a position in the call
    return result, convert(count, uint64)


@internal
@view
def check(
    number: uint64,
    sync_hash: bytes32,
    later_index: uint256,
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
):
    """
    @notice Reverts unless an ACC contains this block.
    @param number The block.
    @param sync_hash Its sync hash.
    @param later_index As in `fold`; the ACC is for the last of these blocks.
    """
    last_hash: bytes32 = empty(bytes32)
    count: uint64 = 0
    last_hash, count = self.fold(sync_hash, later_index)
    # A static call that only reverts: Vyper has no statement for it, so it is spelled out. The groups have code, by the
    # constructor.
    raw_call(
        GROUPS,
        abi_encode(
            deployment.DEPLOYMENT_HASH,
            number + count,
            last_hash,
            validators,
            watchers,
            method_id=method_id("check_accepted(bytes32,uint64,bytes32,bytes,bytes)"),
        ),
        is_static_call=True,
    )
