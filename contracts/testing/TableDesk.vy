# pragma version 0.4.3
# pragma optimize gas
"""
@title TableDesk
@license Apache-2.0
@notice A chain table alone, for tests: which tables a bridge takes, and which names its chains have accounts of. Never
        deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

from ..interfaces import IBridge
from ..modules import deployment

initializes: deployment


@deploy
def __init__(primary_chain: uint8, chains: DynArray[IBridge.ChainEntry, 8], bridge: address):
    """
    @notice Takes a table as the bridge of its first chain does.
    @param primary_chain Any.
    @param chains Any.
    @param bridge The address that the first chain of the table must name.
    """
    keys: bytes32[3] = [
        0x0100000000000000000000000000000000000000000000000000000000000000,
        0x0200000000000000000000000000000000000000000000000000000000000000,
        0x0300000000000000000000000000000000000000000000000000000000000000,
    ]
    deployment.__init__(chains[0].chain_id, primary_chain, chains, 16, 64, 1, keys, bridge)


@external
@view
def deployment_hash() -> bytes32:
    """
    @notice What identifies the deployment.
    """
    return deployment.DEPLOYMENT_HASH


@external
@view
def is_address_of(chain_id: uint8, account: bytes32) -> bool:
    """
    @notice Whether a chain of the table has an account of this name.
    @param chain_id Any.
    @param account Any 32 bytes.
    """
    return deployment.is_address_of(chain_id, account)


@external
@view
def is_bridge_of(chain_id: uint8, account: bytes32) -> bool:
    """
    @notice Whether a name is that of the chain's bridge.
    @param chain_id Any.
    @param account Any 32 bytes.
    """
    return deployment.is_bridge_of(chain_id, account)
