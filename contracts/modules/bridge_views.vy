# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title bridge_views
@license Apache-2.0
@notice What a bridge answers: its place in the deployment, its queues, its books. Bridge exports these functions; each is
        locked, because the pragma above holds for this file. Never changes anything.
"""

from ..interfaces import IBridge
from . import constants
from . import custody as books
from . import deployment
from . import door_fees
from . import fills
from . import partners
from . import priority_queue
from . import standstill
from . import tokens

uses: books
uses: deployment
uses: door_fees
uses: fills
uses: partners
uses: priority_queue
uses: standstill


# --- views: deployment ---


@external
@view
def chain_id() -> uint8:
    """
    @notice This chain's protocol id.
    """
    return deployment.CHAIN_ID


@external
@view
def is_primary() -> bool:
    """
    @notice Whether this is the primary chain.
    """
    return deployment.is_primary()


@external
@view
def deployment_hash() -> bytes32:
    """
    @notice Hash of everything that makes this deployment (protocol section 9).
    """
    return deployment.DEPLOYMENT_HASH


@external
@view
def exit_domain() -> uint256:
    """
    @notice Domain of exits, 248 bits.
    """
    return deployment.EXIT_DOMAIN


@external
@view
def parts() -> IBridge.Parts:
    """
    @notice The contracts that this bridge relies on.
    """
    return partners.all_parts()


# --- views: requests ---


@external
@view
def is_frozen() -> bool:
    """
    @notice Whether this chain takes no requests any more.
    """
    return standstill.is_frozen()


@external
@view
def frozen_at() -> (uint256, uint256):
    """
    @notice The time (UNIX seconds) and the block of this chain in which it froze; 0, 0 while it is not frozen.
    """
    return standstill.began_at()


@external
@view
def next_requests(lane: uint8) -> (uint64, bytes32):
    """
    @notice How many requests of a lane blocks have consumed, and the queue's hash there.
    @param lane 1 swaps, 2 deposits and full exits.
    """
    total: uint256 = 0
    consumed: uint256 = 0
    total, consumed = priority_queue.counts(convert(lane, uint256))
    return convert(consumed, uint64), priority_queue.hash_at(convert(lane, uint256), consumed)


@external
@view
def request_counts(lane: uint8) -> (uint64, uint64):
    """
    @notice How many requests were made in a lane, and how many blocks have consumed.
    @param lane 1 swaps, 2 deposits and full exits.
    """
    total: uint256 = 0
    consumed: uint256 = 0
    total, consumed = priority_queue.counts(convert(lane, uint256))
    return convert(total, uint64), convert(consumed, uint64)


@external
@view
def queue_hash(lane: uint8, count: uint64) -> bytes32:
    """
    @notice Rolling hash of requests 1..count of a lane; zero when there are not so many, or when the ring has gone over
            that place (never for a place that is not consumed).
    @param lane 1 swaps, 2 deposits and full exits.
    @param count 0 gives the deployment hash.
    """
    return priority_queue.hash_at(convert(lane, uint256), convert(count, uint256))


# --- views: tokens ---


@external
@view
def filler(key: bytes32) -> (address, uint40):
    """
    @notice Who is repaid for a fill of a payout, and when it was filled (UNIX seconds): empty for nobody, address 1 and
            no time when the payout has been executed.
    @param key The payout's fill key (protocol section 8).
    """
    repay_to: address = empty(address)
    filled_at: uint256 = 0
    repay_to, filled_at = fills.unpack(fills.fillers[key])
    return repay_to, convert(filled_at, uint40)


@external
@view
def custody(token_id: uint16) -> uint256:
    """
    @notice Reserve and open requests of a token on this chain, in layer-2 units.
    @param token_id Any token.
    """
    return books.amount_of(token_id)


@external
@view
def pending_balance(owner: address, token_id: uint16) -> uint256:
    """
    @notice What an owner can withdraw, in L1 units.
    @param owner Any account.
    @param token_id The token owed; 0 for coin that is owed outside of tokens.
    """
    return books.pending[owner][token_id]


@external
@view
def solvency(token_id: uint16) -> (uint256, uint256, uint256):
    """
    @notice What this contract holds of a token, what of it is pending (both in L1 units), and its custody (in layer-2
            units).
    @dev SOL-1: balance >= pending + custody * token_scale, and for the chain's coin + both of `fees()`. A token that is
         not here has all zero. What is pending of the coin includes what is owed outside of tokens.
    @param token_id Any token; 0 for coin outside of tokens.
    """
    token: address = partners.token_of(token_id)
    if token == empty(address):
        return 0, 0, 0
    pending: uint256 = books.pending_totals[token_id]
    if token == tokens.NATIVE and token_id != partners.NO_TOKEN:
        pending += books.pending_totals[partners.NO_TOKEN]
    return tokens.balance_of(token, self), pending, books.amount_of(token_id)


# --- views: fees ---


@external
@view
def fees() -> (uint256, uint256):
    """
    @notice What open requests have paid at the door, and what blocks have earned of it and nobody has collected, in wei.
    """
    open_gwei: uint256 = unsafe_add(
        priority_queue.open_fees(constants.SWAP_LANE), priority_queue.open_fees(constants.ACCOUNT_LANE)
    )
    return unsafe_mul(open_gwei, door_fees.WEI_PER_GWEI), door_fees.earned


@external
@view
def quotes() -> uint256[constants.PRICE_KINDS]:
    """
    @notice What a request of each kind costs now, in gwei: at k a swap to chain k, 9 a deposit, 10 a key request, 11 a
            full exit where nobody crowds the queue; 12 is what `quote_full_exit` starts to burn with.
    """
    return staticcall partners.TOKENS.prices()


@external
@view
def quote_full_exit() -> (uint256, uint256):
    """
    @notice What a full exit costs now, in gwei: its fee, and what it burns besides.
    """
    burnt_gwei: uint256 = door_fees.crowd_price(priority_queue.count_open(constants.ACCOUNT_LANE))
    return partners.price(constants.FULL_EXIT_PRICE), burnt_gwei
