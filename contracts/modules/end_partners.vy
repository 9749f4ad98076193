# pragma version 0.4.3
"""
@title end_partners
@license Apache-2.0
@notice The contracts that an end relies on, fixed for good: the bridge, the history and the groups of its chain. Has no
        storage.
@dev Bridge and history are deployed later, at addresses that are known before; the bridge refuses the end of another.
"""

from ..interfaces import IBridge
from ..interfaces import IGroups

BRIDGE: immutable(IBridge)
HISTORY: immutable(address)
GROUPS: immutable(IGroups)


@deploy
def __init__(bridge: address, history: address, groups: address):
    """
    @notice Fixes the partners.
    """
    assert groups.is_contract, "end: groups have no code"
    BRIDGE = IBridge(bridge)
    HISTORY = history
    GROUPS = IGroups(groups)


@internal
@view
def is_for(bridge: address, history: address, groups: address) -> bool:
    """
    @notice Whether these are the partners.
    """
    return bridge == BRIDGE.address and history == HISTORY and groups == GROUPS.address


@internal
@view
def check_governor():
    """
    @notice Reverts unless the caller is the governor.
    """
    assert msg.sender == staticcall GROUPS.governor(), "end: not the governor"
