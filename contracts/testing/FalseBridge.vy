# pragma version 0.4.3
"""
@title FalseBridge
@license Apache-2.0
@notice Says of itself what an entry asks of its bridge, and is none.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

from ..interfaces import IBridge

REGISTRY: immutable(address)


@deploy
def __init__(registry: address):
    """
    @notice Fixes what it names.
    @param registry A true bridge's registry.
    """
    REGISTRY = registry


@external
@view
def parts() -> IBridge.Parts:
    """
    @notice A true registry, and nothing else.
    """
    return IBridge.Parts(registry=REGISTRY, history=empty(address), end=empty(address), exodus=empty(address))


@external
@view
def chain_id() -> uint8:
    """
    @notice The id of polygon.
    """
    return 2
