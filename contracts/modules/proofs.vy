# pragma version 0.4.3
"""
@title proofs
@license Apache-2.0
@notice The proofs of the blocks of one call: has each lane's verifier check all of its proofs at once. Reverts unless
        every proof fits its public inputs.
"""

from ..interfaces import IVerifier
from . import block_reader
from . import calldata
from . import constants

SWAP_VERIFIER: immutable(address)
ACCOUNT_VERIFIER: immutable(address)


@deploy
def __init__(swap_verifier: address, account_verifier: address):
    """
    @notice Fixes the verifier of each lane.
    """
    assert swap_verifier.is_contract, "history: verifier has no code"
    assert account_verifier.is_contract, "history: no account verifier"
    SWAP_VERIFIER = swap_verifier
    ACCOUNT_VERIFIER = account_verifier


@internal
@view
def vk_hashes() -> bytes32[2]:
    """
    @notice The keys' hashes, of the swap lane and of the account lane.
    """
    return [staticcall IVerifier(SWAP_VERIFIER).vk_hash(), staticcall IVerifier(ACCOUNT_VERIFIER).vk_hash()]


@internal
@view
def check(place: uint256, inputs: DynArray[uint256[4], constants.MAX_BLOCKS]):
    """
    @notice Reverts unless every block is proven.
    @param place Where the first block stands in the call; the others follow.
    @param inputs The public inputs of the blocks, in order.
    """
    for lane: uint256 in range(constants.SWAP_LANE, constants.ACCOUNT_LANE + 1):
        lane_proofs: DynArray[uint256[8], constants.MAX_BLOCKS] = []
        lane_inputs: DynArray[uint256[4], constants.MAX_BLOCKS] = []
        at: uint256 = place
        for i: uint256 in range(len(inputs), bound=constants.MAX_BLOCKS):
            if calldata.word(at + block_reader.LANE_AT) == lane:
                lane_proofs.append(abi_decode(slice(msg.data, at + block_reader.PROOF_AT, 256), uint256[8]))
                lane_inputs.append(inputs[i])
            at += block_reader.BLOCK_BYTES
        if len(lane_proofs) > 0:
            # A static call that only reverts: Vyper has no statement for it, so it is spelled out. Both verifiers have
            # code, by the constructor.
            raw_call(
                SWAP_VERIFIER if lane == constants.SWAP_LANE else ACCOUNT_VERIFIER,
                abi_encode(lane_proofs, lane_inputs, method_id=method_id("check_proofs(uint256[8][],uint256[4][])")),
                is_static_call=True,
            )
