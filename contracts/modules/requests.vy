# pragma version 0.4.3
"""
@title requests
@license Apache-2.0
@notice A user's way in: takes an order and the tokens that come with it, gives the id of a request in a queue. Never
        pays anything.
@dev 1 The order is refused if it can never be fulfilled. 2 Tokens come in, and what arrived is measured. 3 It is
     credited to this chain's custody. 4 The request's words are written at the end of its queue. 5 An event says so.
"""

from ..interfaces import IBridge
from ..interfaces import ITokenRegistry
from . import checks
from . import constants
from . import custody
from . import deployment
from . import partners
from . import priority_queue
from . import records
from . import standstill
from . import tokens

uses: custody
uses: deployment
uses: partners
uses: priority_queue
uses: standstill


@internal
@view
def check_order(order: IBridge.SwapOrder) -> ITokenRegistry.Token:
    """
    @notice Refuses an order that could never be paid, each for its own reason.
    @return The token that comes in.
    """
    token: ITokenRegistry.Token = self._check_incoming(order.token_in, order.l1_amount)
    checks.require(deployment.is_chain(order.destination), "swap: unknown destination")
    chains_out: uint256 = convert((staticcall partners.TOKENS.get_token(order.token_out)).chains, uint256)
    checks.require((chains_out >> order.destination) & 1 == 1, "swap: unknown token out")
    checks.require(order.token_in != order.token_out or order.destination != deployment.CHAIN_ID, "swap: same token, same chain")
    checks.require(order.recipient != empty(bytes32), "swap: zero recipient")
    checks.require(deployment.is_address_of(order.destination, order.recipient), "swap: recipient format")
    checks.require(not deployment.is_bridge_of(order.destination, order.recipient), "swap: recipient is a bridge")
    checks.require(convert(order.deadline, uint256) >= block.timestamp, "swap: deadline passed")
    return token


@internal
@view
def check_deposit(order: IBridge.DepositOrder) -> ITokenRegistry.Token:
    """
    @notice Refuses a deposit that could never be credited.
    @return The token that comes in.
    """
    checks.require(order.owner != empty(bytes32), "deposit: zero owner")
    return self._check_incoming(order.token_id, order.l1_amount)


@internal
def queue_swap(order: IBridge.SwapOrder, token: ITokenRegistry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens of a checked order in and queues the request.
    @param coin The coin that came with the call, in wei.
    """
    received: uint256 = 0
    amount: uint256 = 0
    received, amount = self._take_in(order.token_in, token, order.l1_amount, coin)
    checks.require(convert(order.operator_fee, uint256) < amount, "swap: fee not below amount")
    request_id: uint256 = priority_queue.next_id(constants.SWAP_LANE)
    priority_queue.put(
        constants.SWAP_LANE,
        request_id,
        records.pack_swap(deployment.CHAIN_ID, request_id, order, amount, msg.sender, block.timestamp),
    )
    log IBridge.SwapRequested(
        request_id=convert(request_id, uint64),
        sender=msg.sender,
        token_in=order.token_in,
        l1_amount=received,
        amount=convert(amount, uint112),
        destination=order.destination,
        token_out=order.token_out,
        min_out=order.min_out,
        operator_fee=order.operator_fee,
        fill_fee=order.fill_fee,
        recipient=order.recipient,
        deadline=order.deadline,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def queue_deposit(order: IBridge.DepositOrder, token: ITokenRegistry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens of a checked deposit in and queues the request.
    @param coin The coin that came with the call, in wei.
    """
    received: uint256 = 0
    amount: uint256 = 0
    received, amount = self._take_in(order.token_id, token, order.l1_amount, coin)
    request_id: uint256 = self._queue_account_request(
        constants.DEPOSIT_KIND, order.token_id, 0, amount, convert(order.owner, uint256)
    )
    log IBridge.DepositRequested(
        request_id=convert(request_id, uint64),
        owner=order.owner,
        sender=msg.sender,
        token_id=order.token_id,
        l1_amount=received,
        amount=convert(amount, uint112),
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def queue_full_exit(account: uint32, token_id: uint16) -> uint64:
    """
    @notice Queues the caller's full exit.
    """
    self._check_running()
    checks.require(convert(account, uint256) < deployment.ACCOUNT_LIMIT, "full exit: no such account")
    checks.require((staticcall partners.TOKENS.get_token(token_id)).token != empty(address), "full exit: unknown token")
    request_id: uint256 = self._queue_account_request(
        constants.FULL_EXIT_KIND, token_id, account, 0, convert(msg.sender, uint256)
    )
    log IBridge.FullExitRequested(
        request_id=convert(request_id, uint64),
        owner=msg.sender,
        account=account,
        token_id=token_id,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
@view
def _check_running():
    # A frozen chain takes no requests.
    checks.require(not standstill.is_frozen(), "bridge: frozen")


@internal
@view
def _check_incoming(token_id: uint16, l1_amount: uint256) -> ITokenRegistry.Token:
    """
    @notice The token of an amount that wants in; refuses what can never come in.
    """
    self._check_running()
    token: ITokenRegistry.Token = staticcall partners.TOKENS.get_token(token_id)
    checks.require(token.token != empty(address), "bridge: unknown token")
    checks.require(not token.is_paused, "bridge: token paused")
    checks.require(l1_amount > 0, "bridge: zero amount")
    return token


@internal
def _take_in(token_id: uint16, token: ITokenRegistry.Token, l1_amount: uint256, coin: uint256) -> (uint256, uint256):
    """
    @notice Takes tokens in and credits what arrived.
    @return What arrived, in L1 and in layer-2 units.
    """
    received: uint256 = tokens.pull(token.token, msg.sender, l1_amount, coin)
    checks.require(received % token.scale == 0, "bridge: amount not convertible")
    amount: uint256 = received // token.scale
    # A token that takes it all on the way brings nothing, which could be neither credited nor swapped.
    checks.require(amount > 0, "bridge: nothing arrived")
    checks.require(amount >= convert(token.minimum, uint256), "bridge: below the minimum")
    custody.credit(token_id, amount, convert(token.cap, uint256))
    return received, amount


@internal
def _queue_account_request(
    kind: uint256, token_id: uint16, account: uint32, amount: uint256, owner: uint256
) -> uint256:
    """
    @notice Puts a request of the caller into the queue of the account lane.
    @return Its id.
    """
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE)
    priority_queue.put(
        constants.ACCOUNT_LANE,
        request_id,
        records.pack_account_request(
            kind, deployment.CHAIN_ID, request_id, token_id, account, amount, owner, msg.sender, block.timestamp
        ),
    )
    return request_id
