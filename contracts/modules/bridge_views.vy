# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title bridge_views
@license Apache-2.0
@notice What a bridge answers: its place in the deployment, its queues, its books. Bridge exports these functions; each is
        locked, because the pragma above holds for this file. Never changes anything.
"""

from ..interfaces import IBridge
from . import custody as books
from . import deployment
from . import fills
from . import partners
from . import priority_queue
from . import standstill
from . import tokens

uses: books
uses: deployment
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
def primary_chain() -> uint8:
    """
    @notice The chain that decides what the history is.
    """
    return deployment.PRIMARY_CHAIN


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
def lane_domain(lane: uint8) -> uint256:
    """
    @notice Domain of a lane, 248 bits.
    @param lane 1 swaps, 2 accounts.
    """
    return deployment.domain_of(convert(lane, uint256))


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
def request_status(lane: uint8, request_id: uint64) -> uint8:
    """
    @notice How far a request of this chain has got: 0 none, 1 queued, 2 consumed by a block.
    @param lane 1 swaps, 2 deposits and full exits.
    @param request_id 1..
    """
    total: uint256 = 0
    consumed: uint256 = 0
    total, consumed = priority_queue.counts(convert(lane, uint256))
    id: uint256 = convert(request_id, uint256)
    if id == 0 or id > total:
        return 0
    return 2 if id <= consumed else 1


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
def filler(key: bytes32) -> address:
    """
    @notice Who filled a payout: empty for nobody, address 1 when the payout has been executed.
    @param key The payout's fill key (protocol section 8).
    """
    return fills.fillers[key]


@external
@view
def custody(token_id: uint16) -> uint256:
    """
    @notice Reserve and open requests of a token on this chain, in layer-2 units.
    @param token_id Any token.
    """
    return books.amounts[token_id]


@external
@view
def pending_balance(owner: address, token_id: uint16) -> uint256:
    """
    @notice What an owner can withdraw, in L1 units.
    @param owner Any account.
    @param token_id The token owed.
    """
    return books.pending[owner][token_id]


@external
@view
def solvency(token_id: uint16) -> (uint256, uint256, uint256):
    """
    @notice What this contract holds of a token, what of it is pending (both in L1 units), and its custody (in layer-2
            units).
    @dev SOL-1: balance >= pending + custody * token_scale. A token that is not here has all zero.
    @param token_id Any token.
    """
    token: address = (staticcall partners.TOKENS.get_token(token_id)).token
    if token == empty(address):
        return 0, 0, 0
    return tokens.balance_of(token, self), books.pending_totals[token_id], books.amounts[token_id]
