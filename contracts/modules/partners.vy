# pragma version 0.4.3
"""
@title partners
@license Apache-2.0
@notice The contracts that a bridge relies on, fixed for good: takes their addresses at construction, refuses those that
        were made for another bridge, and says who may call. Has no storage.
"""

from ..interfaces import IBridge
from ..interfaces import IEnd
from ..interfaces import IExodus
from ..interfaces import IHistory
from ..interfaces import IRegistry
from . import checks
from . import deployment
from . import tokens

uses: deployment

# In place of a token's id: the chain's coin that is owed outside of tokens.
NO_TOKEN: constant(uint16) = 0

TOKENS: immutable(IRegistry)
HISTORY: immutable(address)
END: immutable(address)
EXODUS: immutable(address)


@deploy
def __init__(parts: IBridge.Parts):
    """
    @notice Fixes the partners. The deployment is initialised before.
    @param parts The partners; each has code.
    """
    is_own: bool = staticcall IRegistry(parts.registry).is_for(
        deployment.CHAIN_ID, deployment.CHAIN_MASK, deployment.TOKEN_LIMIT
    )
    assert is_own, "bridge: registry of another"
    is_own = staticcall IHistory(parts.history).is_for(self, parts.end, parts.exodus, deployment.DEPLOYMENT_HASH)
    assert is_own, "bridge: history of another"
    groups: address = (staticcall IHistory(parts.history).parts()).groups
    is_own = staticcall IEnd(parts.end).is_for(
        self, parts.history, groups, deployment.CHAIN_ID == deployment.PRIMARY_CHAIN
    )
    assert is_own, "bridge: end of another"
    is_own = staticcall IExodus(parts.exodus).is_for(self, parts.history, parts.end)
    assert is_own, "bridge: exodus of another"
    TOKENS = IRegistry(parts.registry)
    HISTORY = parts.history
    END = parts.end
    EXODUS = parts.exodus


@internal
@view
def all_parts() -> IBridge.Parts:
    """
    @notice The partners as they were given.
    """
    return IBridge.Parts(registry=TOKENS.address, history=HISTORY, end=END, exodus=EXODUS)


@internal
@view
def token_of(token_id: uint16) -> address:
    """
    @notice The contract of a token, NATIVE for the chain's coin and for NO_TOKEN; empty when it is not here.
    """
    if token_id == NO_TOKEN:
        return tokens.NATIVE
    return self.get_token(token_id).token


@internal
@view
def get_token(token_id: uint16) -> IRegistry.Token:
    """
    @notice A token of this chain; all zero when it is not registered.
    """
    return staticcall TOKENS.get_token(token_id)


@internal
@view
def price(kind: uint256) -> uint256:
    """
    @notice The price of a kind of request, in gwei.
    """
    return staticcall TOKENS.price(convert(kind, uint8))


@internal
@view
def is_token(account: address) -> bool:
    """
    @notice Whether an address is a token's contract: what is paid to it is lost.
    """
    return staticcall TOKENS.is_token(account)


@internal
@view
def check_refund(receiver: address):
    """
    @notice Reverts for an address that nobody could be paid back at. A caller may always name itself.
    """
    if receiver == msg.sender:
        return
    checks.require(receiver != empty(address) and receiver != self, "bridge: refund address")
    checks.require(not self.is_token(receiver), "bridge: refund to a token")


@internal
@view
def check_history():
    """
    @notice Reverts unless the caller is the history.
    """
    checks.require(msg.sender == HISTORY, "bridge: not the history")


@internal
@view
def check_end():
    """
    @notice Reverts unless the caller is the end.
    """
    checks.require(msg.sender == END, "bridge: not the end")


@internal
@view
def check_exodus():
    """
    @notice Reverts unless the caller is the exodus contract.
    """
    checks.require(msg.sender == EXODUS, "bridge: not the exodus contract")
