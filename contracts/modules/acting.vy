# pragma version 0.4.3
"""
@title acting
@license Apache-2.0
@notice As which owner a caller acts. A person has the same address on every EVM chain and acts as the unbound owner; a
        contract acts as the owner that is bound to this chain, because the same address may be somebody else's elsewhere.
        Keeps nothing.
@dev Protocol section 1. The first byte of a bound owner's universal address names its chain.
"""

from . import constants

# The code of a person's account that delegates to a contract (EIP-7702) is this and an address.
DELEGATION_BYTES: constant(uint256) = 23
DELEGATION_PREFIX: constant(Bytes[3]) = b"\xef\x01\x00"


@internal
@view
def caller(chain_id: uint8) -> uint256:
    """
    @notice The universal address of the owner as which the caller acts.
    @dev A contract that is being created has no code yet, and is not the origin either.
    """
    if msg.sender == tx.origin or self._is_delegation(msg.sender):
        return convert(msg.sender, uint256)
    return self.bind(msg.sender, chain_id)


@internal
@pure
def bind(owner: address, chain_id: uint8) -> uint256:
    """
    @notice The universal address of an owner that is bound to a chain.
    """
    return (convert(chain_id, uint256) << constants.WORD_BITS) | convert(owner, uint256)


@internal
@view
def is_acceptable_owner(owner: uint256) -> bool:
    """
    @notice Whether a deposit for this owner is no mistake: an unbound address of an EVM chain has no contract's code
            here.
    """
    if owner >> 160 != 0:
        return True
    account: address = convert(owner, address)
    return not account.is_contract or self._is_delegation(account)


@internal
@view
def _is_delegation(account: address) -> bool:
    return account.codesize == DELEGATION_BYTES and slice(account.code, 0, 3) == DELEGATION_PREFIX
