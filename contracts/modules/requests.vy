# pragma version 0.4.3
"""
@title requests
@license Apache-2.0
@notice A user's way in: takes an order and the tokens and coin that come with it, gives the id of a request in a queue.
        Never pays anything.
@dev 1 The order is refused if it can never be fulfilled. 2 The fee and the tokens come in, and what arrived is measured.
     3 It is credited to this chain's custody. 4 The request's words, with the fee, are written at the end of its queue.
     5 An event says so.
"""

from ..interfaces import IBridge
from ..interfaces import IRegistry
from . import acting
from . import checks
from . import constants
from . import custody
from . import deployment
from . import door_fees
from . import partners
from . import priority_queue
from . import records
from . import tokens

uses: custody
uses: deployment
uses: door_fees
uses: partners
uses: priority_queue

# Deposits and key requests leave the upper half of the account lane's places to full exits.
LOWER_HALF: constant(uint256) = constants.MAX_OPEN_ACCOUNT_REQUESTS // 2


@internal
def queue_swap(order: IBridge.SwapOrder, is_up_to: bool, permit: IBridge.Permit, coin: uint256) -> uint64:
    """
    @notice Checks an order, takes its fee and tokens in and queues the request.
    @param is_up_to Whether to take the largest amount in whole layer-2 units that is not above the order's.
    @param permit The caller's permit; without a deadline there is none.
    @param coin The coin that came with the call, in wei.
    """
    token: IRegistry.Token = empty(IRegistry.Token)
    price_gwei: uint256 = 0
    token, price_gwei = self._check_order(order)
    received: uint256 = 0
    amount: uint256 = 0
    fee_gwei: uint256 = 0
    received, amount, fee_gwei = self._take_in(
        order.token_in, token, order.l1_amount, is_up_to, permit, price_gwei, coin
    )
    checks.require(convert(order.operator_fee, uint256) < amount, "swap: fee not below amount")
    request_id: uint256 = priority_queue.next_id(constants.SWAP_LANE, constants.MAX_OPEN_SWAPS)
    priority_queue.put(
        constants.SWAP_LANE,
        request_id,
        records.pack_swap(deployment.CHAIN_ID, request_id, order, amount, fee_gwei, block.timestamp),
        fee_gwei,
    )
    id: uint64 = convert(request_id, uint64)
    now: uint40 = convert(block.timestamp, uint40)
    log IBridge.SwapRequested(
        request_id=id,
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
        native_fee_gwei=convert(fee_gwei, uint40),
        queued_at=now,
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return id


@internal
def queue_deposit(order: IBridge.DepositOrder, is_up_to: bool, permit: IBridge.Permit, coin: uint256) -> uint64:
    """
    @notice Checks a deposit, takes its fee and tokens in and queues the request.
    @param is_up_to Whether to take the largest amount in whole layer-2 units that is not above the order's.
    @param permit The caller's permit; without a deadline there is none.
    @param coin The coin that came with the call, in wei.
    """
    token: IRegistry.Token = empty(IRegistry.Token)
    price_gwei: uint256 = 0
    token, price_gwei = self._check_deposit(order)
    received: uint256 = 0
    amount: uint256 = 0
    fee_gwei: uint256 = 0
    received, amount, fee_gwei = self._take_in(
        order.token_id, token, order.l1_amount, is_up_to, permit, price_gwei, coin
    )
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
        fee_gwei,
    )
    id: uint64 = convert(request_id, uint64)
    now: uint40 = convert(block.timestamp, uint40)
    log IBridge.DepositRequested(
        request_id=id,
        owner=order.owner,
        sender=msg.sender,
        token_id=order.token_id,
        account=order.account,
        by_owner=by_owner,
        refund_to=order.refund_to,
        l1_amount=received,
        amount=convert(amount, uint112),
        native_fee_gwei=convert(fee_gwei, uint40),
        queued_at=now,
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return id


@internal
def queue_full_exit(account: uint32, token_id: uint16, second: bytes32, mask: uint8, coin: uint256) -> uint64:
    """
    @notice Queues the caller's full exit. Where others crowd the queue, it burns a part of the coin that came.
    @param coin The coin that came with the call, in wei.
    """
    priority_queue.check_running(constants.ACCOUNT_LANE)
    checks.require(convert(account, uint256) < deployment.ACCOUNT_LIMIT, "full exit: no such account")
    checks.require(token_id != 0 and convert(token_id, uint256) < deployment.TOKEN_LIMIT, "full exit: unknown token")
    self._check_mask(second, convert(mask, uint256))
    owner: uint256 = acting.caller(deployment.CHAIN_ID)
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE, constants.MAX_OPEN_ACCOUNT_REQUESTS)
    burnt_gwei: uint256 = door_fees.crowd_price(priority_queue.count_open(constants.ACCOUNT_LANE))
    price_gwei: uint256 = partners.price(constants.FULL_EXIT_PRICE)
    fee_gwei: uint256 = door_fees.take(coin, unsafe_mul(burnt_gwei, door_fees.WEI_PER_GWEI), price_gwei)
    self._put(
        request_id,
        constants.FULL_EXIT_KIND,
        token_id,
        account,
        0,
        owner,
        convert(second, uint256),
        False,
        mask,
        fee_gwei,
    )
    id: uint64 = convert(request_id, uint64)
    now: uint40 = convert(block.timestamp, uint40)
    log IBridge.FullExitRequested(
        request_id=id,
        owner=convert(owner, bytes32),
        account=account,
        token_id=token_id,
        second=second,
        mask=mask,
        native_fee_gwei=convert(fee_gwei, uint40),
        burnt_gwei=burnt_gwei,
        queued_at=now,
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return id


@internal
def queue_key(owner: uint256, account: uint32, public_key_hash: uint256, coin: uint256) -> uint64:
    """
    @notice Queues an owner's request for a new key.
    @param coin The coin that came with the call, in wei.
    """
    priority_queue.check_running(constants.ACCOUNT_LANE)
    checks.require(convert(account, uint256) < deployment.ACCOUNT_LIMIT, "key: no such account")
    checks.require(public_key_hash < constants.R, "key: not a key hash")
    request_id: uint256 = priority_queue.next_id(constants.ACCOUNT_LANE, LOWER_HALF)
    fee_gwei: uint256 = door_fees.take(coin, 0, partners.price(constants.KEY_REQUEST_PRICE))
    self._put(request_id, constants.KEY_REQUEST_KIND, 0, account, 0, owner, public_key_hash, False, 0, fee_gwei)
    id: uint64 = convert(request_id, uint64)
    now: uint40 = convert(block.timestamp, uint40)
    log IBridge.KeyRequested(
        request_id=id,
        owner=convert(owner, bytes32),
        account=account,
        public_key_hash=public_key_hash,
        native_fee_gwei=convert(fee_gwei, uint40),
        queued_at=now,
        expires_at=convert(block.timestamp + constants.EXPIRY_SECONDS, uint40),
    )
    return id


@internal
@view
def _check_order(order: IBridge.SwapOrder) -> (IRegistry.Token, uint256):
    """
    @notice Refuses an order that could never be paid, each for its own reason.
    @return The token that comes in, and the price of the request in gwei.
    """
    priority_queue.check_running(constants.SWAP_LANE)
    checks.require(deployment.is_chain(order.destination), "swap: unknown destination")
    token: IRegistry.Token = empty(IRegistry.Token)
    chains_out: uint256 = 0
    price_gwei: uint256 = 0
    token, chains_out, price_gwei = staticcall partners.TOKENS.swap_terms(
        order.token_in, order.token_out, order.destination
    )
    self._check_incoming(token)
    checks.require((chains_out >> order.destination) & 1 == 1, "swap: unknown token out")
    checks.require(order.token_in != order.token_out or order.destination != deployment.CHAIN_ID, "swap: same token, same chain")
    self._check_route(order)
    checks.require(deployment.is_address_of(order.destination, order.recipient), "swap: recipient format")
    checks.require(not deployment.is_bridge_of(order.destination, order.recipient), "swap: recipient is a bridge")
    if order.destination == deployment.CHAIN_ID:
        recipient: address = records.to_receiver(convert(order.recipient, uint256), deployment.CHAIN_ID)
        checks.require(not partners.is_token(recipient), "swap: recipient is a token")
    checks.require(convert(order.deadline, uint256) >= block.timestamp, "swap: deadline passed")
    partners.check_refund(order.refund_to)
    return token, price_gwei


@internal
@view
def _check_deposit(order: IBridge.DepositOrder) -> (IRegistry.Token, uint256):
    """
    @notice Refuses a deposit that could never be credited, or whose owner could never act: an owner that is a contract
            here must be bound to a chain, because the same address may be somebody else's on another one.
    @return The token that comes in, and the price of the request in gwei.
    """
    priority_queue.check_running(constants.ACCOUNT_LANE)
    checks.require(order.owner != empty(bytes32), "deposit: zero owner")
    checks.require(convert(order.account, uint256) < deployment.ACCOUNT_LIMIT, "deposit: no such account")
    checks.require(acting.is_acceptable_owner(convert(order.owner, uint256)), "deposit: bind this owner")
    partners.check_refund(order.refund_to)
    token: IRegistry.Token = empty(IRegistry.Token)
    price_gwei: uint256 = 0
    token, price_gwei = staticcall partners.TOKENS.deposit_terms(order.token_id)
    self._check_incoming(token)
    return token, price_gwei


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
    checks.require(staticcall partners.TOKENS.token_chains(order.via) != 0, "swap: route unknown")


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
def _check_incoming(token: IRegistry.Token):
    """
    @notice Refuses what can never come in.
    """
    checks.require(token.token != empty(address), "bridge: unknown token")
    checks.require(not token.is_paused, "bridge: token paused")


@internal
def _take_in(
    token_id: uint16,
    token: IRegistry.Token,
    most: uint256,
    is_up_to: bool,
    permit: IBridge.Permit,
    price_gwei: uint256,
    coin: uint256,
) -> (uint256, uint256, uint256):
    """
    @notice Takes the fee and tokens in and credits what arrived. A token that does not cover what the bridge owes of it
            takes no more in.
    @return What arrived, in L1 and in layer-2 units, and the fee in gwei.
    """
    l1_amount: uint256 = most
    if is_up_to:
        l1_amount = unsafe_sub(most, most % token.scale)
    checks.require(l1_amount > 0, "bridge: zero amount")
    is_coin: bool = token.token == tokens.NATIVE
    fee_gwei: uint256 = door_fees.take(coin, l1_amount if is_coin else 0, price_gwei)
    received: uint256 = l1_amount
    balance: uint256 = 0
    if not is_coin:
        if permit.deadline > 0:
            tokens.try_permit(token.token, msg.sender, permit)
        received, balance = tokens.pull(token.token, msg.sender, self, l1_amount)
    checks.require(received % token.scale == 0, "bridge: amount not convertible")
    amount: uint256 = received // token.scale
    # A token that takes it all on the way brings nothing, which could be neither credited nor swapped.
    checks.require(amount > 0, "bridge: nothing arrived")
    checks.require(amount >= convert(token.minimum, uint256), "bridge: below the minimum")
    custody.credit(token_id, amount, convert(token.cap, uint256))
    # Coin is never short: nobody can take it away.
    if not is_coin:
        checks.require(balance >= custody.owed(token_id, token.scale), "bridge: token is short")
    return received, amount, fee_gwei


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
    fee_gwei: uint256,
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
            fee_gwei,
            block.timestamp,
        ),
        fee_gwei,
    )
