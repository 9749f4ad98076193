# pragma version 0.4.3
"""
@title entry_orders
@license Apache-2.0
@notice What a user signs for an entry contract: takes an order and what is left to the relayer, gives the EIP-712 struct
        hash, and the nonce of the EIP-3009 authorization that belongs to it. Keeps nothing.
@dev offchain/zklink/protocol/entry_orders.py has the types. All fields are of one word and stand in the struct's order,
     so that their ABI encoding is their EIP-712 encoding.
"""

from ..interfaces import IBridge
from ..interfaces import IEntry
from . import constants


@internal
@pure
def hash_swap(order: IBridge.SwapOrder, relay: IEntry.Relay) -> bytes32:
    """
    @notice The struct hash of a swap order.
    """
    return keccak256(abi_encode(constants.SWAP_ORDER_TYPE_HASH, order, relay))


@internal
@pure
def hash_deposit(order: IBridge.DepositOrder, relay: IEntry.Relay) -> bytes32:
    """
    @notice The struct hash of a deposit order.
    """
    return keccak256(abi_encode(constants.DEPOSIT_ORDER_TYPE_HASH, order, relay))


@internal
@view
def compute_nonce(bridge: address, order_hash: bytes32) -> bytes32:
    """
    @notice The nonce of an order's authorization: of this order, on this chain, through this contract to this bridge.
    """
    return keccak256(abi_encode(chain.id, self, bridge, order_hash))
