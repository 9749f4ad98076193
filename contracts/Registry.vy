# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Registry
@license Apache-2.0
@author The zklink authors
@notice The contract of each layer-2 token on one chain, its limits and its pause: takes them from the governor, gives
        them to the bridge. Never holds or moves a token.
@dev A contract of its own, because it is the only one that anybody governs.
@custom:emergency The governor can pause a token: then no swap and no deposit brings it in. A pause never stops full
                  exits, payouts, fills, refunds, exits or withdrawals: the bridge does not read it there. Nobody can
                  change the meaning of an id.
@custom:security  The governor alone decides which contract a new id means on a chain. A false one can cost as much as
                  the caps let in, so the governor belongs behind a timelock.
"""

from .interfaces import IRegistry
from .modules import constants
from .modules import registered_tokens
from .modules import tokens

implements: IRegistry

initializes: registered_tokens

chain_id: public(immutable(uint8))
chain_mask: public(immutable(uint256))
token_limit: public(immutable(uint256))
governor: public(immutable(address))


@deploy
def __init__(own_chain: uint8, chains: uint256, limit: uint256, governor_: address):
    """
    @notice Fixes the chain and the governor.
    @param own_chain This chain's protocol id, 1..8.
    @param chains Bit k is set when chain k takes part.
    @param limit The first id too large for the state; a power of four up to 4^8.
    @param governor_ The address that registers, limits and pauses tokens; not zero.
    @custom:upholds GOV-1
    """
    assert governor_ != empty(address), "registry: zero governor"
    assert 0 < own_chain and (chains >> own_chain) & 1 == 1, "registry: own chain missing"
    assert chains >> constants.SLICE_COUNT == 0 and chains & 1 == 0, "registry: chain mask"
    assert 2 < limit and limit <= 2**constants.TOKEN_BITS, "registry: token limit"
    chain_id = own_chain
    chain_mask = chains
    token_limit = limit
    governor = governor_


@external
def register_token(token_id: uint16, config: IRegistry.TokenConfig):
    """
    @notice Gives a token id its meaning on this chain, for good.
    @dev The token's contract must exist and state its decimals; the registry reads them here and never again.
    @param token_id 1..token_limit / 2 - 1, not in use.
    @param config Chains, contract, layer-2 decimals and limits (layer-2 units).
    @custom:upholds SOL-6, SOL-7, GOV-2, GOV-4
    """
    self._check_governor()
    l1_decimals: uint256 = 0
    if config.token != empty(address):
        l1_decimals = tokens.read_decimals(config.token)
    registered_tokens.register(token_id, config, l1_decimals, chain_id, chain_mask, token_limit)
    log IRegistry.TokenRegistered(
        token_id=token_id,
        token=config.token,
        chains=config.chains,
        l1_decimals=convert(l1_decimals, uint8),
        layer2_decimals=config.layer2_decimals,
    )
    log IRegistry.TokenLimitsChanged(token_id=token_id, minimum=config.minimum, cap=config.cap)


@external
def set_token_limits(token_id: uint16, minimum: uint112, cap: uint112):
    """
    @notice Changes the smallest amount of a token that can come in, and the cap of its custody.
    @dev The cap bounds the custody after each request, and with it the loss if the token's contract turns bad.
    @param token_id A registered token.
    @param minimum Smallest swap or deposit, in layer-2 units.
    @param cap Largest custody, in layer-2 units, at most 2^108 - 1.
    """
    self._check_governor()
    registered_tokens.set_limits(token_id, minimum, cap)
    log IRegistry.TokenLimitsChanged(token_id=token_id, minimum=minimum, cap=cap)


@external
def set_paused(token_id: uint16, is_paused_: bool):
    """
    @notice Stops or admits new swaps and deposits of a token on this chain.
    @dev No payment depends on it.
    @param token_id A registered token.
    @param is_paused_ True stops.
    @custom:upholds GOV-3
    """
    self._check_governor()
    registered_tokens.set_paused(token_id, is_paused_)
    log IRegistry.TokenPaused(token_id=token_id, is_paused=is_paused_)


@external
@view
def get_token(token_id: uint16) -> IRegistry.Token:
    """
    @notice A token as a bridge sees it; all zero when it is not registered.
    @param token_id Any id.
    """
    return registered_tokens.get(token_id)


@external
@view
def token_config(token_id: uint16) -> IRegistry.TokenConfig:
    """
    @notice A token as registered here, with its present limits; all zero when it is not.
    @param token_id Any id.
    """
    return registered_tokens.get_config(token_id)


@external
@view
def token_scale(token_id: uint16) -> uint256:
    """
    @notice L1 units per layer-2 unit of a token on this chain; 0 when it is not here.
    @param token_id Any id.
    """
    return registered_tokens.get(token_id).scale


@external
@view
def is_paused(token_id: uint16) -> bool:
    """
    @notice Whether new swaps and deposits of a token are stopped here.
    @param token_id Any id.
    """
    return registered_tokens.get(token_id).is_paused


@external
@view
def is_for(own_chain: uint8, chains: uint256, limit: uint256) -> bool:
    """
    @notice Whether this is the registry of a chain in a deployment of these chains and sizes.
    @param own_chain Protocol id.
    @param chains Bit k is set when chain k takes part.
    @param limit The deployment's token limit.
    """
    return own_chain == chain_id and chains == chain_mask and limit == token_limit


@internal
@view
def _check_governor():
    """
    @notice Reverts unless the caller is the governor.
    """
    assert msg.sender == governor, "registry: not the governor"
