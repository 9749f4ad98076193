# pragma version 0.4.3
"""
@title deployment
@license Apache-2.0
@notice The chains that take part, and this chain among them: takes the chain table at construction, gives the
        deployment hash, the domains, and the mask, formats and bridges of the chains. Never changes afterwards.
@dev Protocol section 9. Everything here is immutable, so it costs no storage read.
"""

from ..interfaces import IBridge
from . import constants
from . import records

CHAIN_ID: public(immutable(uint8))
PRIMARY_CHAIN: public(immutable(uint8))
TOKEN_LIMIT: public(immutable(uint256))
ACCOUNT_LIMIT: public(immutable(uint256))
DEPLOYMENT_HASH: public(immutable(bytes32))
SWAP_DOMAIN: public(immutable(uint256))
ACCOUNT_DOMAIN: public(immutable(uint256))
EXIT_DOMAIN: public(immutable(uint256))

# Bit k is set when chain k takes part.
CHAIN_MASK: public(immutable(uint256))
# All bits of the counts that a block may have of its chains, of slice k in bits 16k..16k+15; none of slice 0.
COUNT_MASK: immutable(uint256)
# Address format of chain k in byte k.
ADDRESS_FORMATS: immutable(uint256)
# Universal address of the bridge of chain k.
BRIDGES: immutable(bytes32[constants.SLICE_COUNT])


@deploy
def __init__(
    chain_id: uint8,
    primary_chain: uint8,
    chains: DynArray[IBridge.ChainEntry, 8],
    token_limit: uint256,
    account_limit: uint256,
    genesis_root: uint256,
    vk_hashes: bytes32[3],
    bridge: address,
):
    """
    @notice Checks the chain table and derives the hashes from it.
    @param chain_id This chain's protocol id; its entry must name block.chainid and `bridge`.
    @param primary_chain The chain that fixes the order; in the table.
    @param chains The chain table, ascending by protocol id.
    @param token_limit Token ids are 1..token_limit - 1, the upper half shares of pools; a power of four up to 4^8.
    @param account_limit Accounts are 0..account_limit - 1; a power of four up to 4^16.
    @param genesis_root State root of block 0, below r.
    @param vk_hashes Hashes of the verification keys of swap blocks, account blocks and exits.
    @param bridge This chain's bridge; it or its partner is being deployed.
    """
    assert 2 < token_limit and token_limit <= 2**constants.TOKEN_BITS, "deployment: token limit"
    assert 1 < account_limit and account_limit <= 2**constants.ACCOUNT_BITS, "deployment: account limit"
    assert 0 < genesis_root and genesis_root < constants.R, "deployment: genesis root"
    for vk_hash: bytes32 in vk_hashes:
        assert vk_hash != empty(bytes32), "deployment: no verification key"

    mask: uint256 = 0
    count_mask: uint256 = 0
    formats: uint256 = 0
    bridges: bytes32[constants.SLICE_COUNT] = empty(bytes32[constants.SLICE_COUNT])
    chains_hash: bytes32 = empty(bytes32)
    previous: uint256 = 0
    for entry: IBridge.ChainEntry in chains:
        k: uint256 = convert(entry.chain_id, uint256)
        address_format: uint256 = convert(entry.address_format, uint256)
        named: uint256 = convert(entry.bridge, uint256)
        assert k > previous and k <= constants.MAX_CHAINS, "deployment: chain order"
        assert address_format in [constants.ADDRESS_FORMAT_EVM, constants.ADDRESS_FORMAT_BYTES32], "deployment: address format"
        assert named != 0, "deployment: zero bridge"
        address_bits: uint256 = 160 if address_format == constants.ADDRESS_FORMAT_EVM else 256
        assert records.name_on(named, k, address_bits) == named, "deployment: bridge format"
        assert entry.evm_chain_id != 0, "deployment: zero evm chain id"
        if entry.chain_id == chain_id:
            assert entry.evm_chain_id == chain.id, "deployment: wrong evm chain id"
            assert named == convert(bridge, uint256), "deployment: wrong own bridge"
        previous = k
        mask |= 1 << k
        count_mask |= (2**constants.COUNT_BITS - 1) << (constants.COUNT_BITS * k)
        formats |= address_format << (8 * k)
        bridges[k] = entry.bridge
        chains_hash = keccak256(abi_encode(chains_hash, k, entry.evm_chain_id, address_format, entry.bridge))

    own: uint256 = convert(chain_id, uint256)
    primary: uint256 = convert(primary_chain, uint256)
    assert (mask >> own) & 1 == 1, "deployment: own chain missing"
    assert (mask >> primary) & 1 == 1, "deployment: primary missing"
    assert (formats >> (8 * primary)) & 255 == constants.ADDRESS_FORMAT_EVM, "deployment: primary's format"

    CHAIN_ID = chain_id
    PRIMARY_CHAIN = primary_chain
    TOKEN_LIMIT = token_limit
    ACCOUNT_LIMIT = account_limit
    CHAIN_MASK = mask
    COUNT_MASK = count_mask
    ADDRESS_FORMATS = formats
    BRIDGES = bridges
    deployment_hash: bytes32 = keccak256(
        abi_encode(
            constants.DEPLOYMENT_TAG, genesis_root, primary, token_limit, account_limit, vk_hashes, chains_hash
        )
    )
    DEPLOYMENT_HASH = deployment_hash
    SWAP_DOMAIN = self._domain(constants.SWAP_LANE_TAG, deployment_hash)
    ACCOUNT_DOMAIN = self._domain(constants.ACCOUNT_LANE_TAG, deployment_hash)
    EXIT_DOMAIN = self._domain(constants.EXIT_TAG, deployment_hash)


@internal
@view
def domain_of(lane: uint256) -> uint256:
    """
    @notice The domain of a lane's blocks.
    """
    return SWAP_DOMAIN if lane == constants.SWAP_LANE else ACCOUNT_DOMAIN


@internal
@view
def is_chain(chain_id: uint8) -> bool:
    """
    @notice Whether the chain takes part.
    """
    return (CHAIN_MASK >> chain_id) & 1 == 1


@internal
@view
def is_primary() -> bool:
    """
    @notice Whether this is the chain that fixes the order.
    """
    return CHAIN_ID == PRIMARY_CHAIN


@internal
@view
def address_format_of(chain_id: uint8) -> uint256:
    """
    @notice The address format of a chain; 0 when it does not take part.
    """
    return (ADDRESS_FORMATS >> (8 * convert(chain_id, uint256))) & 255


@internal
@view
def address_bits_of(chain_id: uint8) -> uint256:
    """
    @notice How many bits an address of a chain has.
    """
    return 160 if self.address_format_of(chain_id) == constants.ADDRESS_FORMAT_EVM else 256


@internal
@view
def bridge_of(chain_id: uint8) -> bytes32:
    """
    @notice The universal address of the bridge of a chain; empty when it does not take part.
    """
    return BRIDGES[chain_id]


@internal
@view
def is_address_of(chain_id: uint8, account: bytes32) -> bool:
    """
    @notice Whether a universal address has the address format of a chain that takes part; zero never has.
    """
    if not self.is_chain(chain_id):
        return False
    return records.name_on(convert(account, uint256), convert(chain_id, uint256), self.address_bits_of(chain_id)) != 0


@internal
@view
def is_bridge_of(chain_id: uint8, account: bytes32) -> bool:
    """
    @notice Whether a universal address is the bridge of a chain.
    """
    value: uint256 = convert(account, uint256)
    value = records.name_on(value, convert(chain_id, uint256), self.address_bits_of(chain_id))
    return value != 0 and value == convert(self.bridge_of(chain_id), uint256)


@internal
@pure
def _domain(tag: bytes32, deployment_hash: bytes32) -> uint256:
    return convert(keccak256(abi_encode(tag, deployment_hash)), uint256) >> constants.DOMAIN_SHIFT
