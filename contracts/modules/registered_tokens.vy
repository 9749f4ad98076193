# pragma version 0.4.3
"""
@title registered_tokens
@license Apache-2.0
@notice The contract of each layer-2 token on this chain: takes registrations, gives identity, scale and limits. Never
        changes the meaning of an id, never moves tokens.
@dev Identity and limits are one word each: identity = address 160 |
     chains 16 | layer2_decimals 8 | l1_decimals 8 | paused 8 | class 8, limits = minimum 112 | cap 112 (lowest first).
"""

from ..interfaces import IRegistry
from . import checks
from . import constants

MAX_DECIMALS: constant(uint256) = 36
# A power of ten; the scale is at most 10^18.
MAX_SCALE_DECIMALS: constant(uint256) = 18

CHAINS_SHIFT: constant(uint256) = 160
LAYER2_DECIMALS_SHIFT: constant(uint256) = 176
L1_DECIMALS_SHIFT: constant(uint256) = 184
PAUSED_SHIFT: constant(uint256) = 192
CLASS_SHIFT: constant(uint256) = 200
BYTE: constant(uint256) = 255
AMOUNT_MASK: constant(uint256) = constants.AMOUNT_LIMIT - 1

identities: HashMap[uint16, uint256]
limits: HashMap[uint16, uint256]
# The id of each L1 contract, 0 for none.
ids: HashMap[address, uint16]


@internal
def register(token_id: uint16, config: IRegistry.TokenConfig, l1_decimals: uint256, own_chain: uint8, chain_mask: uint256, token_limit: uint256):
    """
    @notice Gives an id its meaning, once.
    @param token_id 1..token_limit / 2 - 1: the ids above name shares of pools.
    @param config The token as the governor describes it.
    @param l1_decimals The decimals that its contract states; 0 for a token that is not on this chain.
    @param own_chain This chain.
    @param chain_mask Bit k is set when chain k takes part.
    @param token_limit The first id too large for the tree.
    """
    chains: uint256 = convert(config.chains, uint256)
    layer2_decimals: uint256 = convert(config.layer2_decimals, uint256)
    is_here: bool = (chains >> own_chain) & 1 == 1
    checks.require(0 < token_id and convert(token_id, uint256) < token_limit // 2, "registry: token id out of range")
    checks.require(self.identities[token_id] == 0, "registry: id taken")
    checks.require(chains != 0 and chains & ~chain_mask == 0, "registry: unknown chain in mask")
    checks.require(is_here == (config.token != empty(address)), "registry: own chain and address")
    checks.require(layer2_decimals <= MAX_DECIMALS, "registry: layer-2 decimals")
    # The last bit is what the registry itself sees.
    checks.require(convert(config.token_class, uint256) < constants.CLASS_REFUSES_NOTHING, "registry: unknown class")
    if is_here:
        checks.require(self.ids[config.token] == 0, "registry: address taken")
        checks.require(layer2_decimals <= l1_decimals and l1_decimals <= MAX_DECIMALS, "registry: decimals out of range")
        checks.require(l1_decimals - layer2_decimals <= MAX_SCALE_DECIMALS, "registry: scale above 10^18")
        self.ids[config.token] = token_id
    self.identities[token_id] = (
        convert(config.token, uint256)
        | (chains << CHAINS_SHIFT)
        | (layer2_decimals << LAYER2_DECIMALS_SHIFT)
        | (l1_decimals << L1_DECIMALS_SHIFT)
        | (convert(config.token_class, uint256) << CLASS_SHIFT)
    )
    self.set_limits(token_id, config.minimum, config.cap)


@internal
def set_limits(token_id: uint16, minimum: uint112, cap: uint112):
    """
    @notice Sets the smallest swap or deposit and the largest custody of a token, in layer-2 units.
    """
    checks.require(self.identities[token_id] != 0, "registry: no such token")
    checks.require(minimum <= cap and convert(cap, uint256) <= constants.CUSTODY_LIMIT, "registry: limits out of range")
    self.limits[token_id] = convert(minimum, uint256) | (convert(cap, uint256) << constants.AMOUNT_BITS)


@internal
def tighten_limits(token_id: uint16, minimum: uint112, cap: uint112):
    """
    @notice Sets limits that admit nothing that the present ones refuse.
    """
    packed: uint256 = self.limits[token_id]
    is_tighter: bool = convert(minimum, uint256) >= packed & AMOUNT_MASK and convert(cap, uint256) <= packed >> constants.AMOUNT_BITS
    checks.require(is_tighter, "registry: limits not tighter")
    self.set_limits(token_id, minimum, cap)


@internal
def note_refusal(token_id: uint16):
    """
    @notice Notes that a token reverts transfers of nothing.
    """
    self.identities[token_id] |= constants.CLASS_REFUSES_NOTHING << CLASS_SHIFT


@internal
def set_paused(token_id: uint16, is_paused: bool):
    """
    @notice Stops or admits new swaps and deposits of a token; never stops a payment that is owed.
    """
    identity: uint256 = self.identities[token_id]
    checks.require(identity != 0, "registry: nothing to pause")
    flag: uint256 = 1 << PAUSED_SHIFT
    self.identities[token_id] = (identity | flag) if is_paused else (identity & ~flag)


@internal
@view
def get(token_id: uint16) -> IRegistry.Token:
    """
    @notice A token as this chain sees it; all zero when it is not registered.
    """
    identity: uint256 = self.identities[token_id]
    packed_limits: uint256 = self.limits[token_id]
    token: address = self._address(identity)
    scale: uint256 = 0
    if token != empty(address):
        # l1 is not below layer 2, and at most 18 above it, so the power is below 2^60.
        scale = pow_mod256(
            10, unsafe_sub((identity >> L1_DECIMALS_SHIFT) & BYTE, (identity >> LAYER2_DECIMALS_SHIFT) & BYTE)
        )
    return IRegistry.Token(
        token=token,
        scale=scale,
        chains=convert((identity >> CHAINS_SHIFT) & (2**16 - 1), uint16),
        is_paused=(identity >> PAUSED_SHIFT) & 1 == 1,
        minimum=convert(packed_limits & AMOUNT_MASK, uint112),
        cap=convert(packed_limits >> constants.AMOUNT_BITS, uint112),
    )


@internal
@view
def chains_of(token_id: uint16) -> uint256:
    """
    @notice The chains that have a token: bit k is chain k; 0 when it is not registered.
    """
    return (self.identities[token_id] >> CHAINS_SHIFT) & (2**16 - 1)


@internal
@view
def get_config(token_id: uint16) -> IRegistry.TokenConfig:
    """
    @notice A token as it was registered, with its present limits; all zero when it is not registered.
    """
    identity: uint256 = self.identities[token_id]
    token: IRegistry.Token = self.get(token_id)
    return IRegistry.TokenConfig(
        chains=token.chains,
        token=token.token,
        layer2_decimals=convert((identity >> LAYER2_DECIMALS_SHIFT) & BYTE, uint8),
        minimum=token.minimum,
        cap=token.cap,
        token_class=convert((identity >> CLASS_SHIFT) & BYTE, uint8),
    )


@internal
@pure
def _address(identity: uint256) -> address:
    return convert(identity & (2**160 - 1), address)
