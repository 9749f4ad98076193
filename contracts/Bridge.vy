# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Bridge
@license Apache-2.0
@author The zklink authors
@notice One chain's side of the system: takes swaps, deposits and full exits into its two queues, keeps their tokens, and
        pays what this chain's history says. Never pays more of a token than came in on this chain. The code is the same
        on every EVM chain. It believes its own queues and books, and three partners, each for one thing: the history
        says what blocks have consumed and what they pay, the end says when to freeze, and the exodus contract says
        what a frozen chain gives back.
@custom:emergency The governor of the token registry can pause a token: then no request brings it in. A freeze (see the
                  end contract) stops every new request, for good; then the exodus contract lets everybody out. Nothing
                  ever stops fill, withdraw_pending_balance, or a payment that the history or the exodus contract asks
                  for. Nothing here can be upgraded.
@custom:security Every function is locked against reentrancy, views too. Tokens come in before the books are written,
                 because only the amount that really arrived is credited; they go out after.
"""

from .interfaces import IBridge
from .interfaces import IExodus
from .interfaces import IHistory
from .interfaces import IRegistry
from .modules import bridge_views
from .modules import checks
from .modules import constants
from .modules import custody as books
from .modules import deployment
from .modules import door_fees
from .modules import fills
from .modules import key_doors
from .modules import partners
from .modules import payments
from .modules import pending_payments
from .modules import priority_queue
from .modules import requests
from .modules import standstill
from .modules import wallets

implements: IBridge

initializes: deployment
initializes: partners[deployment := deployment]
initializes: books
initializes: priority_queue
initializes: door_fees[partners := partners]
initializes: fills
initializes: standstill
initializes: requests[
    custody := books,
    deployment := deployment,
    door_fees := door_fees,
    partners := partners,
    priority_queue := priority_queue,
]
initializes: wallets[deployment := deployment]
initializes: key_doors[deployment := deployment, requests := requests, wallets := wallets]
initializes: payments[custody := books, deployment := deployment, fills := fills, partners := partners]
initializes: pending_payments[custody := books, partners := partners]
initializes: bridge_views[
    books := books,
    deployment := deployment,
    door_fees := door_fees,
    fills := fills,
    partners := partners,
    priority_queue := priority_queue,
    standstill := standstill,
]

exports: (
    # its place in the deployment
    bridge_views.chain_id,
    bridge_views.is_primary,
    bridge_views.deployment_hash,
    bridge_views.exit_domain,
    bridge_views.parts,
    # its queues
    bridge_views.is_frozen,
    bridge_views.frozen_at,
    bridge_views.next_requests,
    bridge_views.request_counts,
    bridge_views.queue_hash,
)
exports: (bridge_views.filler, bridge_views.custody, bridge_views.pending_balance, bridge_views.solvency)
exports: (bridge_views.fees, bridge_views.quotes, bridge_views.quote_full_exit)
exports: (key_doors.set_key, key_doors.set_key_by_signature, key_doors.revoke_key_signatures, key_doors.key_digest)


@deploy
def __init__(
    chain_id: uint8,
    primary_chain: uint8,
    chains: DynArray[IBridge.ChainEntry, 8],
    parts: IBridge.Parts,
    token_limit: uint256,
    account_limit: uint256,
    genesis_root: uint256,
):
    """
    @notice Fixes everything. The bridge is in use from here on.
    @dev The chain table names this contract and the partners know it, so whoever deploys predicts its address.
    @param chain_id This chain's protocol id, 1..8.
    @param primary_chain The chain that decides what the history is.
    @param chains The chain table, ascending by protocol id.
    @param parts The contracts that it relies on.
    @param token_limit Token ids are 1..token_limit - 1, the upper half shares of pools.
    @param account_limit Accounts are 0..account_limit - 1.
    @param genesis_root State root of block 0.
    @custom:upholds GOV-1, VER-6, SYN-3
    """
    assert parts.registry.is_contract, "bridge: registry has no code"
    assert parts.history.is_contract, "bridge: history has no code"
    assert parts.end.is_contract, "bridge: end has no code"
    assert parts.exodus.is_contract, "bridge: exodus has no code"
    block_keys: bytes32[2] = staticcall IHistory(parts.history).vk_hashes()
    vk_hashes: bytes32[3] = [block_keys[0], block_keys[1], staticcall IExodus(parts.exodus).vk_hash()]
    deployment.__init__(chain_id, primary_chain, chains, token_limit, account_limit, genesis_root, vk_hashes, self)
    partners.__init__(parts)
    priority_queue.open(deployment.DEPLOYMENT_HASH)


# --- users and brokers ---


@external
@payable
def swap(order: IBridge.SwapOrder) -> uint64:
    """
    @notice Takes a token in here and asks for another one there. Ends in exactly one of: paid on the destination,
            refunded here.
    @dev What is credited is what arrived. Everything that L1 can know is refused here; everything else is decided by
         rule in the block. The coin that comes with the call is the amount, if that is coin, and the request's fee.
    @param order What to swap; l1_amount in units of the token's contract, all other amounts in layer-2 units.
    @return The request's id on this chain.
    @custom:upholds SOL-4, SOL-6, SOL-7, SOL-8, CIR-5, QUE-3
    """
    return requests.queue_swap(order, False, empty(IBridge.Permit), msg.value)


@external
@payable
def swap_up_to(order: IBridge.SwapOrder) -> uint64:
    """
    @notice As swap, of the largest amount in whole layer-2 units that is not above order.l1_amount.
    @param order What to swap.
    @return The request's id on this chain.
    @custom:upholds SOL-6
    """
    return requests.queue_swap(order, True, empty(IBridge.Permit), msg.value)


@external
@payable
def swap_with_permit(order: IBridge.SwapOrder, permit: IBridge.Permit) -> uint64:
    """
    @notice As swap, with an EIP-2612 permit instead of an approval.
    @dev A permit that fails is ignored: if somebody has submitted it before, the allowance is there.
    @param order What to swap.
    @param permit The caller's permit for this bridge, of any value.
    @return The request's id on this chain.
    @custom:upholds SOL-9
    """
    return requests.queue_swap(order, False, permit, msg.value)


@external
@payable
def deposit(order: IBridge.DepositOrder) -> uint64:
    """
    @notice Brings a token into an account of the layer 2, the sender's or anybody's; a new one if the owner has none.
    @dev What is credited is what arrived. Ends in exactly one of: credited, refunded in exodus to whom it names. The coin
         that comes with the call is the amount, if that is coin, and the request's fee.
    @param order What to bring in; l1_amount in units of the token's contract.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-4, SOL-6, SOL-7, SOL-8, CIR-5, QUE-3
    """
    return requests.queue_deposit(order, False, empty(IBridge.Permit), msg.value)


@external
@payable
def deposit_up_to(order: IBridge.DepositOrder) -> uint64:
    """
    @notice As deposit, of the largest amount in whole layer-2 units that is not above order.l1_amount.
    @param order What to bring in.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-6
    """
    return requests.queue_deposit(order, True, empty(IBridge.Permit), msg.value)


@external
@payable
def deposit_with_permit(order: IBridge.DepositOrder, permit: IBridge.Permit) -> uint64:
    """
    @notice As deposit, with an EIP-2612 permit instead of an approval.
    @dev A permit that fails is ignored: if somebody has submitted it before, the allowance is there.
    @param order What to bring in.
    @param permit The caller's permit for this bridge, of any value.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-9
    """
    return requests.queue_deposit(order, False, permit, msg.value)


@external
@payable
def full_exit(account: uint32, token_id: uint16, second: bytes32, mask: uint8) -> uint64:
    """
    @notice Asks to be paid all that an account of the caller has of a token, here as far as this chain's reserve goes,
            the rest on other chains. The operator cannot refuse it, only freeze over it.
    @dev Whether the account is the caller's is decided in the block: if it is not, or is empty, nothing is paid. It is
         consumed only when the balance, or the reserve of every chain of the mask, is gone: who leaves a chain out of
         the mask lets an operator answer with less. The coin that comes with the call is the fee; `quote_full_exit`
         says how much of it is burnt while others crowd the queue.
    @param account 0..account_limit - 1.
    @param token_id A token, or a token that names shares of a pool: they become balances of the account.
    @param second The recipient on the other chains, a universal address; zero if the mask has none.
    @param mask The chains that may pay, bit c - 1 for chain c; contains this one.
    @return The request's id in the account lane of this chain.
    @custom:upholds QUE-2, QUE-3, CIR-5, GOV-3, GOV-5, EXI-5
    """
    return requests.queue_full_exit(account, token_id, second, mask, msg.value)


@external
@payable
def fill(payout: uint256[3], repay_to: address):
    """
    @notice Pays a recipient ahead of the block, less the fill fee. When the payout is executed, repay_to gets it, less
            the part of the fee that a lead of fewer than FILL_LEAD_SECONDS has not earned; the recipient gets that.
    @dev Whoever fills a payout that no block brings loses it: the key is everything that identifies the payout. The
         caller pays from its own tokens and the bridge checks what the recipient got; refunds cannot be filled.
    @param payout The three words of a payout of kind 2 (a swap) or 20 (a withdrawal) on this chain.
    @param repay_to Who is repaid; the caller's choice.
    @custom:upholds SOL-5, DAT-2, DAT-3, DAT-4
    """
    payments.fill(payout, repay_to, msg.value)


@external
def withdraw_pending_balance(token_id: uint16, receiver: address, amount: uint256):
    """
    @notice Pays the caller what could not be pushed to it, as far as the bridge holds it. Nothing can stop this.
    @param token_id The token owed; 0 for coin that is owed outside of tokens.
    @param receiver Where to; the caller's choice, since its own address may be what failed.
    @param amount The most to pay, in L1 units.
    @custom:upholds EXI-3, GOV-3
    """
    pending_payments.withdraw(token_id, receiver, amount)


@external
def push_pending_balance(owner: address, token_id: uint16):
    """
    @notice Pays an owner what could not be pushed to it, for anybody, with all the gas of the call. Coin that a contract
            refuses is noted, if a plain account pushes it with enough gas; a week later it goes out as wrapped coin.
    @param owner Who is owed.
    @param token_id The token owed; 0 for coin that is owed outside of tokens.
    @custom:upholds EXI-3
    """
    pending_payments.push(owner, token_id)


@external
def collect_fees():
    """
    @notice Sends the fees that blocks have earned to the recipient of fees that the registry names, for anybody.
    @custom:upholds SOL-1
    """
    door_fees.collect()


# --- the history ---


@external
def consume(lane: uint8, count: uint64, hash: bytes32, part: bytes32, fees_gwei: uint256):
    """
    @notice Notes that blocks have consumed the first requests of a lane, by the history alone, which has read them. What
            these have paid at the door is earned.
    @param lane 1 swaps, 2 deposits and full exits.
    @param count How many requests blocks have consumed; never falls.
    @param hash What the blocks hash to; reverts unless the queue has it at `count`.
    @param part What they hash to with the next request, a full exit that they serve in part; empty for none.
    @param fees_gwei What the requests have paid that were not consumed before, as their words say; never more than is
           open.
    @custom:upholds QUE-1, SOL-1
    """
    partners.check_history()
    priority_queue.consume(convert(lane, uint256), convert(count, uint256), hash, part)
    if fees_gwei > 0:
        priority_queue.close_fees(convert(lane, uint256), fees_gwei)
        door_fees.earn(fees_gwei)


@external
def pay(words: DynArray[uint256, constants.MAX_PAYOUT_WORDS]):
    """
    @notice Pays payouts of blocks, by the history alone; never more than came in.
    @dev Sends each payout with a gas limit. If the transfer fails, the amount becomes a pending balance, so no
         recipient can hold up a block.
    @param words Whole payouts of this chain, three words each.
    @custom:upholds SOL-1, SOL-3, SOL-5, EXI-3
    """
    partners.check_history()
    for i: uint256 in range(constants.MAX_PAYOUT_WORDS // constants.PAYOUT_WORDS):
        at: uint256 = unsafe_mul(constants.PAYOUT_WORDS, i)
        if at >= len(words):
            break
        payments.pay(words[at], words[unsafe_add(at, 1)], words[unsafe_add(at, 2)])


# --- the end and the exodus contract ---


@external
def freeze():
    """
    @notice Stops new requests for good, by the end alone, which knows when anybody may ask for it.
    @custom:upholds QUE-2, SYN-7
    """
    partners.check_end()
    standstill.begin()
    priority_queue.close()
    total: uint256 = 0
    swaps: uint256 = 0
    account_requests: uint256 = 0
    total, swaps = priority_queue.counts(constants.SWAP_LANE)
    total, account_requests = priority_queue.counts(constants.ACCOUNT_LANE)
    log IBridge.Frozen(
        swap_requests=convert(swaps, uint64), account_requests=convert(account_requests, uint64)
    )


@external
def release(token_id: uint16, receiver: address, amount: uint256) -> uint256:
    """
    @notice Pays what a cancelled request or an exit is owed, by the exodus contract alone and on a frozen chain alone;
            never more than came in.
    @param token_id A token of this chain.
    @param receiver Gets it pushed with bounded gas, else as a pending balance.
    @param amount Layer-2 units.
    @return What it was in L1 units.
    @custom:upholds SOL-1, SOL-3, EXI-3
    """
    self._check_release()
    is_paid: bool = False
    l1_amount: uint256 = 0
    is_paid, l1_amount = payments.release(token_id, receiver, amount)
    return l1_amount


@external
def release_fee(lane: uint8, receiver: address, fee_gwei: uint256):
    """
    @notice Gives back what a cancelled request has paid at the door, by the exodus contract alone and on a frozen chain
            alone; never more than is open.
    @param lane 1 swaps, 2 deposits, full exits and key requests.
    @param receiver Gets it pushed with bounded gas, else as coin that is owed outside of tokens.
    @param fee_gwei What the request's words say.
    @custom:upholds SOL-1, EXI-3
    """
    self._check_release()
    priority_queue.close_fees(convert(lane, uint256), fee_gwei)
    payments.release_fee(receiver, fee_gwei)


# --- inside ---


@internal
@view
def _check_release():
    """
    @notice Reverts unless the exodus contract calls, on a frozen chain.
    """
    partners.check_exodus()
    checks.require(standstill.is_frozen(), "bridge: not frozen")
