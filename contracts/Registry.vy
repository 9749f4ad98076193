# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Registry
@license Apache-2.0
@author The zklink authors
@notice What a governor decides on one chain: the contract of each layer-2 token, its limits and its pause, and what the
        bridge's doors cost. Gives them to the bridge. Never holds or moves a token or a fee.
@dev A contract of its own, because it is the only one that a bridge reads and anybody governs. The governor is a
     timelock (Timelock.vy), which decides what of this is swift; nothing here waits but prices.
@custom:emergency The governor can pause a token: then no swap and no deposit brings it in. A pause never stops full
                  exits, payouts, fills, refunds, exits or withdrawals: the bridge does not read it there. Nobody can
                  change the meaning of an id. The setter can make doors dearer, within bounds, at most double a day.
@custom:security  The governor alone decides which contract a new id means on a chain. A false one can cost as much as
                  the caps let in, so the governor belongs behind a timelock. A token's contract is called while it is
                  registered; every function here is locked meanwhile.
"""

from .interfaces import IRegistry
from .modules import constants
from .modules import door_prices
from .modules import registered_tokens
from .modules import token_probe
from .modules import tokens

implements: IRegistry

initializes: door_prices
initializes: registered_tokens

# Entries of one call.
MAX_ENTRIES: constant(uint256) = 16

chain_id: public(immutable(uint8))
chain_mask: public(immutable(uint256))
token_limit: public(immutable(uint256))
governor: public(immutable(address))
wrapped: public(immutable(address))

setter: public(address)
fee_recipient: public(address)


@deploy
def __init__(
    own_chain: uint8,
    chains: uint256,
    limit: uint256,
    governor_: address,
    setter_: address,
    fee_recipient_: address,
    wrapped_: address,
    first_prices: DynArray[IRegistry.PriceEntry, MAX_ENTRIES],
):
    """
    @notice Fixes the chain, the governor and the wrapped coin, and begins with these prices.
    @param own_chain This chain's protocol id, 1..8.
    @param chains Bit k is set when chain k takes part.
    @param limit The first id too large for the state; a power of four up to 4^8.
    @param governor_ The address that registers, limits and pauses tokens, and bounds prices; not zero.
    @param setter_ The address that sets prices within bounds; not zero.
    @param fee_recipient_ Whom the fees belong to; not zero, and not the wrapped coin.
    @param wrapped_ The wrapped coin of this chain, zero for none.
    @param first_prices Prices and bounds by kind, each kind at most once; a door that is not named costs nothing.
    @custom:upholds GOV-1
    """
    assert governor_ != empty(address), "registry: zero governor"
    assert 0 < own_chain and (chains >> own_chain) & 1 == 1, "registry: own chain missing"
    assert chains >> constants.SLICE_COUNT == 0 and chains & 1 == 0, "registry: chain mask"
    assert 2 < limit and limit <= 2**constants.TOKEN_BITS, "registry: token limit"
    assert wrapped_ == empty(address) or wrapped_.is_contract, "registry: wrapped has no code"
    chain_id = own_chain
    chain_mask = chains
    token_limit = limit
    governor = governor_
    wrapped = wrapped_
    self._set_setter(setter_)
    self._set_fee_recipient(fee_recipient_)
    for entry: IRegistry.PriceEntry in first_prices:
        door_prices.begin(entry)
        log IRegistry.PriceBoundsChanged(kind=entry.kind, low=entry.low, high=entry.high)
        log IRegistry.PriceChanged(kind=entry.kind, price_gwei=entry.price_gwei, counts_from=convert(block.timestamp, uint40))


# --- tokens ---


@external
def register_token(token_id: uint16, config: IRegistry.TokenConfig):
    """
    @notice Gives a token id its meaning on this chain, for good.
    @dev The token's contract must exist, state its decimals and a balance, and not answer no to a transfer of nothing;
         the registry asks here and never again. The token is booked before it is given a call that can change
         anything.
    @param token_id 1..token_limit / 2 - 1, not in use.
    @param config Chains, contract, layer-2 decimals, limits (layer-2 units) and class, without its last bit.
    @custom:upholds SOL-6, SOL-7, GOV-2, GOV-4
    """
    self._check_governor()
    # Who brings coin to a wrapped coin's contract has it as tokens: the fees would be the bridge's, and nobody's.
    assert config.token != self.fee_recipient, "registry: token takes the fees"
    is_asked: bool = config.token != empty(address) and config.token != tokens.NATIVE
    l1_decimals: uint256 = 0
    if config.token != empty(address):
        l1_decimals = token_probe.read_decimals(config.token)
    if is_asked:
        token_probe.check_balance(config.token)
    registered_tokens.register(token_id, config, l1_decimals, chain_id, chain_mask, token_limit)
    if is_asked and token_probe.refuses_nothing(config.token):
        registered_tokens.note_refusal(token_id)
    log IRegistry.TokenRegistered(
        token_id=token_id,
        token=config.token,
        chains=config.chains,
        l1_decimals=convert(l1_decimals, uint8),
        layer2_decimals=config.layer2_decimals,
        token_class=registered_tokens.get_config(token_id).token_class,
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
def tighten_token_limits(token_id: uint16, minimum: uint112, cap: uint112):
    """
    @notice Changes the limits of a token so that less can come in.
    @param token_id A registered token.
    @param minimum Smallest swap or deposit, in layer-2 units; not below the present one.
    @param cap Largest custody, in layer-2 units; not above the present one.
    """
    self._check_governor()
    registered_tokens.tighten_limits(token_id, minimum, cap)
    log IRegistry.TokenLimitsChanged(token_id=token_id, minimum=minimum, cap=cap)


@external
def pause_token(token_id: uint16):
    """
    @notice Stops new swaps and deposits of a token on this chain.
    @dev No payment depends on it.
    @param token_id A registered token.
    @custom:upholds GOV-3
    """
    self._set_paused(token_id, True)


@external
def unpause_token(token_id: uint16):
    """
    @notice Admits new swaps and deposits of a token on this chain again.
    @param token_id A registered token.
    @custom:upholds GOV-3
    """
    self._set_paused(token_id, False)


# --- prices ---


@external
def set_prices(changes: DynArray[IRegistry.PriceChange, MAX_ENTRIES]):
    """
    @notice Sets prices, by the setter: a rise counts FEE_NOTICE_SECONDS later, a fall at once.
    @dev Replaces a rise that waits. No price above `price_ceiling`: twice the price of the day's beginning, and the
         governor's bound.
    @param changes Kinds and their new prices, in gwei of the chain's coin.
    @custom:upholds GOV-6
    """
    assert msg.sender == self.setter, "prices: not the setter"
    for change: IRegistry.PriceChange in changes:
        counts_from: uint256 = door_prices.change(convert(change.kind, uint256), convert(change.price_gwei, uint256))
        log IRegistry.PriceChanged(kind=change.kind, price_gwei=change.price_gwei, counts_from=convert(counts_from, uint40))


@external
def set_price_bounds(kind: uint8, low: uint40, high: uint40):
    """
    @notice Bounds what the setter can ask for a door; the price in effect, and a rise that waits, move between them.
    @param kind 1..12.
    @param low Lowest price, gwei of the chain's coin; above 0 unless `high` is 0.
    @param high Highest price.
    @custom:upholds GOV-6
    """
    self._check_governor()
    door_prices.set_bounds(convert(kind, uint256), convert(low, uint256), convert(high, uint256))
    log IRegistry.PriceBoundsChanged(kind=kind, low=low, high=high)


@external
def set_setter(account: address):
    """
    @notice Names who sets prices.
    @param account Not zero.
    """
    self._check_governor()
    self._set_setter(account)


@external
def set_fee_recipient(account: address):
    """
    @notice Names whom the fees belong to, those that are earned and not collected included.
    @param account Not zero, and no token: what is sent to one is nobody's.
    """
    self._check_governor()
    self._set_fee_recipient(account)


# --- what a bridge reads ---


@external
@view
def swap_terms(token_in: uint16, token_out: uint16, destination: uint8) -> (IRegistry.Token, uint256, uint256):
    """
    @notice All that a swap asks for, in one call: the token that comes in, the chains of the token that goes out (bit k
            is chain k), and the price in gwei.
    @param token_in Any id.
    @param token_out Any id.
    @param destination A chain of the deployment, 1..8; for anything else the price means nothing.
    """
    return (
        registered_tokens.get(token_in),
        registered_tokens.chains_of(token_out),
        door_prices.price(convert(destination, uint256)),
    )


@external
@view
def deposit_terms(token_id: uint16) -> (IRegistry.Token, uint256):
    """
    @notice All that a deposit asks for, in one call: the token, and the price in gwei.
    @param token_id Any id.
    """
    return registered_tokens.get(token_id), door_prices.price(constants.DEPOSIT_PRICE)


@external
@view
def price(kind: uint8) -> uint256:
    """
    @notice What a caller pays now, in gwei of the chain's coin; 0 for a door that costs nothing.
    @param kind 1..12.
    """
    return door_prices.price(convert(kind, uint256))


@external
@view
def is_token(account: address) -> bool:
    """
    @notice Whether an account is a token's contract on this chain: a registered one, or the wrapped coin.
    @param account Any; the stand-in for the coin is none.
    """
    return self._is_token(account)


@external
@view
def token_chains(token_id: uint16) -> uint256:
    """
    @notice The chains that have a token: bit k is chain k; 0 when it is not registered.
    @param token_id Any id.
    """
    return registered_tokens.chains_of(token_id)


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
def price_state(kind: uint8) -> (uint256, uint256, uint256, uint256, uint256):
    """
    @notice The price until a time, the price from then on, that time (UNIX seconds), and the bounds, low and high.
    @param kind 1..12.
    """
    return door_prices.state(convert(kind, uint256))


@external
@view
def price_ceiling(kind: uint8) -> uint256:
    """
    @notice The highest price that the setter may set now, in gwei.
    @param kind 1..12.
    """
    return door_prices.ceiling(convert(kind, uint256))


@external
@view
def prices() -> uint256[constants.PRICE_KINDS]:
    """
    @notice What a caller pays now at every door, in gwei; the index is the kind, 0 is none.
    """
    found: uint256[constants.PRICE_KINDS] = empty(uint256[constants.PRICE_KINDS])
    for kind: uint256 in range(1, constants.PRICE_KINDS):
        found[kind] = door_prices.price(kind)
    return found


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
def _set_paused(token_id: uint16, is_paused: bool):
    """
    @notice Stops or admits a token, by the governor.
    """
    self._check_governor()
    registered_tokens.set_paused(token_id, is_paused)
    log IRegistry.TokenPaused(token_id=token_id, is_paused=is_paused)


@internal
def _set_setter(account: address):
    assert account != empty(address), "registry: zero setter"
    self.setter = account
    log IRegistry.SetterChanged(setter=account)


@internal
def _set_fee_recipient(account: address):
    assert account != empty(address), "registry: zero fee recipient"
    assert not self._is_token(account), "registry: fees to a token"
    self.fee_recipient = account
    log IRegistry.FeeRecipientChanged(fee_recipient=account)


@internal
@view
def _is_token(account: address) -> bool:
    """
    @notice Whether an account is a registered contract or the wrapped coin.
    """
    if account == empty(address) or account == tokens.NATIVE:
        return False
    return account == wrapped or registered_tokens.ids[account] != 0


@internal
@view
def _check_governor():
    """
    @notice Reverts unless the caller is the governor.
    """
    assert msg.sender == governor, "registry: not the governor"
