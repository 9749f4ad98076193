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
from ..interfaces import IRegistry
from . import acting
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

# Deposits and key requests leave the upper half of the account lane's places to full exits.
LOWER_HALF: constant(uint256) = constants.MAX_OPEN_ACCOUNT_REQUESTS // 2


@internal
@view
def check_order(order: IBridge.SwapOrder) -> IRegistry.Token:
    """
    @notice Refuses an order that could never be paid, each for its own reason.
    @return The token that comes in.
    """
    token: IRegistry.Token = self._check_incoming(order.token_in, order.l1_amount)
    checks.require(deployment.is_chain(order.destination), "swap: unknown destination")
    chains_out: uint256 = convert((staticcall partners.TOKENS.get_token(order.token_out)).chains, uint256)
    checks.require((chains_out >> order.destination) & 1 == 1, "swap: unknown token out")
    checks.require(order.token_in != order.token_out or order.destination != deployment.CHAIN_ID, "swap: same token, same chain")
    self._check_route(order)
    checks.require(order.recipient != empty(bytes32), "swap: zero recipient")
    checks.require(deployment.is_address_of(order.destination, order.recipient), "swap: recipient format")
    checks.require(not deployment.is_bridge_of(order.destination, order.recipient), "swap: recipient is a bridge")
    checks.require(convert(order.deadline, uint256) >= block.timestamp, "swap: deadline passed")
    self._check_refund(order.refund_to)
    return token


@internal
@view
def check_deposit(order: IBridge.DepositOrder) -> IRegistry.Token:
    """
    @notice Refuses a deposit that could never be credited, or whose owner could never act: an owner that is a contract
            here must be bound to a chain, because the same address may be somebody else's on another one.
    @return The token that comes in.
    """
    checks.require(order.owner != empty(bytes32), "deposit: zero owner")
    checks.require(convert(order.account, uint256) < deployment.ACCOUNT_LIMIT, "deposit: no such account")
    checks.require(acting.is_acceptable_owner(convert(order.owner, uint256)), "deposit: bind this owner")
    self._check_refund(order.refund_to)
    return self._check_incoming(order.token_id, order.l1_amount)


@internal
def queue_swap(order: IBridge.SwapOrder, token: IRegistry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens of a checked order in and queues the request.
    @param coin The coin that came with the call, in wei.
    """
    received: uint256 = 0
    amount: uint256 = 0
    received, amount = self._take_in(order.token_in, token, order.l1_amount, coin)
    checks.require(convert(order.operator_fee, uint256) < amount, "swap: fee not below amount")
    request_id: uint256 = priority_queue.next_id(constants.SWAP_LANE, constants.MAX_OPEN_SWAPS)
    priority_queue.put(
        constants.SWAP_LANE,
        request_id,
        records.pack_swap(deployment.CHAIN_ID, request_id, order, amount, block.timestamp),
    )
    log IBridge.SwapRequested(
        request_id=convert(request_id, uint64),
        sender=msg.sender,
        token_in=order.token_in,
        l1_amount=received,
        amount=convert(amount, uint112),
        destination=order.destination,
        token_out=order.token_out,
        via=order.via,
        min_out=order.min_out,
        operator_fee=order.operator_fee,
        fill_fee=order.fill_fee,
        recipient=order.recipient,
        refund_to=order.refund_to,
        deadline=order.deadline,
        native_fee_gwei=0,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def queue_deposit(order: IBridge.DepositOrder, token: IRegistry.Token, coin: uint256) -> uint64:
    """
    @notice Takes the tokens of a checked deposit in and queues the request.
    @param coin The coin that came with the call, in wei.
    """
    received: uint256 = 0
    amount: uint256 = 0
    received, amount = self._take_in(order.token_id, token, order.l1_amount, coin)
    owner: uint256 = convert(order.owner, uint256)
    by_owner: bool = owner == acting.caller(deployment.CHAIN_ID)
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE, LOWER_HALF)
    self._put(
        request_id,
        constants.DEPOSIT_KIND,
        order.token_id,
        order.account,
        amount,
        owner,
        convert(order.refund_to, uint256),
        by_owner,
        0,
    )
    log IBridge.DepositRequested(
        request_id=convert(request_id, uint64),
        owner=order.owner,
        sender=msg.sender,
        token_id=order.token_id,
        account=order.account,
        by_owner=by_owner,
        refund_to=order.refund_to,
        l1_amount=received,
        amount=convert(amount, uint112),
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def queue_full_exit(account: uint32, token_id: uint16, second: bytes32, mask: uint8) -> uint64:
    """
    @notice Queues the caller's full exit.
    """
    self._check_running()
    checks.require(convert(account, uint256) < deployment.ACCOUNT_LIMIT, "full exit: no such account")
    checks.require(token_id != 0 and convert(token_id, uint256) < deployment.TOKEN_LIMIT, "full exit: unknown token")
    self._check_mask(second, convert(mask, uint256))
    owner: uint256 = acting.caller(deployment.CHAIN_ID)
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE, constants.MAX_OPEN_ACCOUNT_REQUESTS)
    self._put(
        request_id, constants.FULL_EXIT_KIND, token_id, account, 0, owner, convert(second, uint256), False, mask
    )
    log IBridge.FullExitRequested(
        request_id=convert(request_id, uint64),
        owner=convert(owner, bytes32),
        account=account,
        token_id=token_id,
        second=second,
        mask=mask,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
def queue_key(owner: uint256, account: uint32, public_key_hash: uint256) -> uint64:
    """
    @notice Queues an owner's request for a new key.
    """
    self._check_running()
    checks.require(convert(account, uint256) < deployment.ACCOUNT_LIMIT, "key: no such account")
    checks.require(public_key_hash < constants.R, "key: not a key hash")
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE, LOWER_HALF)
    self._put(request_id, constants.KEY_REQUEST_KIND, 0, account, 0, owner, public_key_hash, False, 0)
    log IBridge.KeyRequested(
        request_id=convert(request_id, uint64),
        owner=convert(owner, bytes32),
        account=account,
        public_key_hash=public_key_hash,
        queued_at=convert(block.timestamp, uint40),
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return convert(request_id, uint64)


@internal
@view
def _check_route(order: IBridge.SwapOrder):
    """
    @notice Refuses a route that no circuit proves: its two pools are different ones, each of two tokens.
    """
    if order.via == 0:
        return
    checks.require(order.token_in != order.token_out, "swap: route to the same token")
    checks.require(order.via != order.token_in and order.via != order.token_out, "swap: route through own token")
    checks.require((staticcall partners.TOKENS.get_token(order.via)).chains != 0, "swap: route unknown")


@internal
@view
def _check_mask(second: bytes32, mask: uint256):
    """
    @notice Reverts unless the mask has this chain, and only chains that can pay the second recipient.
    """
    own: uint256 = convert(deployment.CHAIN_ID, uint256)
    checks.require((mask << 1) & ~deployment.CHAIN_MASK == 0, "full exit: unknown chain")
    checks.require((mask >> (own - 1)) & 1 == 1, "full exit: not this chain")
    for k: uint256 in range(1, constants.SLICE_COUNT):
        if k != own and (mask >> (k - 1)) & 1 == 1:
            other: uint8 = convert(k, uint8)
            checks.require(deployment.is_address_of(other, second), "full exit: second's format")
            checks.require(not deployment.is_bridge_of(other, second), "full exit: second is a bridge")


@internal
@view
def _check_refund(refund_to: address):
    checks.require(refund_to != empty(address) and refund_to != self, "bridge: refund address")


@internal
@view
def _check_running():
    # A frozen chain takes no requests.
    checks.require(not standstill.is_frozen(), "bridge: frozen")


@internal
@view
def _check_incoming(token_id: uint16, l1_amount: uint256) -> IRegistry.Token:
    """
    @notice The token of an amount that wants in; refuses what can never come in.
    """
    self._check_running()
    token: IRegistry.Token = staticcall partners.TOKENS.get_token(token_id)
    checks.require(token.token != empty(address), "bridge: unknown token")
    checks.require(not token.is_paused, "bridge: token paused")
    checks.require(l1_amount > 0, "bridge: zero amount")
    return token


@internal
def _take_in(token_id: uint16, token: IRegistry.Token, l1_amount: uint256, coin: uint256) -> (uint256, uint256):
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
def _put(
    request_id: uint256,
    kind: uint256,
    token_id: uint16,
    account: uint32,
    amount: uint256,
    owner: uint256,
    second: uint256,
    by_owner: bool,
    mask: uint8,
):
    """
    @notice Writes a request at the end of the queue of the account lane.
    """
    priority_queue.put(
        constants.ACCOUNT_LANE,
        request_id,
        records.pack_account_request(
            kind,
            deployment.CHAIN_ID,
            request_id,
            token_id,
            account,
            amount,
            owner,
            second,
            by_owner,
            mask,
            block.timestamp,
        ),
    )
