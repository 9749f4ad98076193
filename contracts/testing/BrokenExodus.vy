# pragma version 0.4.3
"""
@title BrokenExodus
@license Apache-2.0
@notice An exodus contract that does whatever anybody says, to see what a bridge lets it do. Never deployed outside
        tests.
@custom:emergency Whoever deploys a bridge on this has no bridge.
"""


@external
def act(target: address, data: Bytes[4096]):
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
def is_for(bridge: address, sync_ledger: address) -> bool:
    """
    @notice Claims to be anybody's.
    @param bridge Not looked at.
    @param sync_ledger Not looked at.
    """
    return True
