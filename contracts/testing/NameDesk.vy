# pragma version 0.4.3
"""
@title NameDesk
@license Apache-2.0
@notice Asks for interoperable addresses from outside. Never deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

from ..modules import interoperable


@external
@pure
def name(evm_chain_id: uint256, account: address) -> Bytes[59]:
    """
    @notice The account's interoperable address.
    @param evm_chain_id Any number.
    @param account Any address of that chain.
    """
    return interoperable.name(evm_chain_id, account)
