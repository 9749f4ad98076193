# pragma version 0.4.3
"""
@title BrokenPartner
@license Apache-2.0
@notice Any partner of a bridge, which does whatever anybody says, to see what a bridge lets it do. Never deployed outside
        tests.
@custom:emergency Whoever deploys a bridge on this has no bridge.
"""

from ..interfaces import IHistory


@external
def act(target: address, data: Bytes[16384]):
    """
    @notice Calls anything as this contract.
    @param target Any contract.
    @param data The call.
    """
    raw_call(target, data)


@external
@view
def vk_hash() -> bytes32:
    """
    @notice Stands for a verification key.
    """
    return keccak256("broken")


@external
@view
def vk_hashes() -> bytes32[2]:
    """
    @notice Stands for two verification keys.
    """
    return [keccak256("broken swaps"), keccak256("broken accounts")]


@external
@view
def parts() -> IHistory.Parts:
    """
    @notice Has none.
    """
    return empty(IHistory.Parts)


@external
@payable
@raw_return
def __default__() -> Bytes[32]:
    """
    @notice Says yes to everything else: it claims to be anybody's.
    """
    return abi_encode(True)
