# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Entry
@license Apache-2.0
@notice More ways into one bridge, beside it: tokens that come with a permit in DAI's form, through Permit2, or with an
        authorization of EIP-3009; the last two also brought by somebody else, who pays the chain's coin and is paid in
        the token. Takes an order with a signature, gives a request at the bridge. Holds nothing from one call to the
        next, has no owner, and no other contract trusts it.
@custom:emergency Nothing stops here: what the bridge refuses, this refuses. A user who has signed takes it back at the
                  token (cancelAuthorization) or at Permit2 (invalidateUnorderedNonces).
@custom:security Every function is locked against reentrancy, views too. It moves tokens of its caller, or of whoever has
                 signed exactly this order for this contract; it gives the bridge an allowance of the order's amount; and
                 it reverts unless it holds as much of the token afterwards as before. What it calls is fixed: its
                 bridge, its Permit2, and tokens of its bridge's registry.
"""

from ethereum.ercs import IERC20
from .interfaces import IBridge
from .interfaces import IEntry
from .interfaces import IRegistry
from .modules import constants
from .modules import entry_orders
from .modules import entry_pulls

implements: IEntry

BRIDGE: immutable(address)
REGISTRY: immutable(address)
PERMIT2: immutable(address)
CHAIN_ID: immutable(uint8)

# An account on an EVM chain without the byte that may bind it.
ADDRESS_MASK: constant(uint256) = 2**160 - 1


@deploy
def __init__(bridge: address, permit2: address):
    """
    @notice Fixes everything.
    @param bridge The bridge of this chain that requests go to.
    @param permit2 Permit2 on this chain; zero where there is none.
    """
    assert bridge.is_contract, "entry: bridge has no code"
    assert permit2 == empty(address) or permit2.is_contract, "entry: Permit2 has no code"
    parts: IBridge.Parts = staticcall IBridge(bridge).parts()
    BRIDGE = bridge
    REGISTRY = parts.registry
    PERMIT2 = permit2
    CHAIN_ID = staticcall IBridge(bridge).chain_id()


# --- the caller's own tokens ---


@external
@payable
def swap_with_dai_permit(order: IBridge.SwapOrder, permit: IEntry.DaiPermit) -> uint64:
    """
    @notice As the bridge's swap of the caller's tokens, with a permit in DAI's form instead of an approval.
    @dev A permit that fails is ignored: if somebody has submitted it before, the allowance is there.
    @param order What to swap; the coin that comes with the call is the bridge's price.
    @param permit The caller's permit of everything to this contract.
    @return The request's id on this chain.
    @custom:upholds SOL-9, ENT-1, ENT-2
    """
    token: address = self._open_swap(order)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    entry_pulls.from_caller(token, order.l1_amount, permit)
    return self._swap(order, token, before, msg.sender, 0, empty(address))


@external
@payable
def deposit_with_dai_permit(order: IBridge.DepositOrder, permit: IEntry.DaiPermit) -> uint64:
    """
    @notice As the bridge's deposit of the caller's tokens, with a permit in DAI's form instead of an approval.
    @dev A permit that fails is ignored. The account's owner has not acted itself then, as in every deposit from here.
    @param order What to bring in; the coin that comes with the call is the bridge's price.
    @param permit The caller's permit of everything to this contract.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-9, ENT-1, ENT-2
    """
    token: address = self._open_deposit(order)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    entry_pulls.from_caller(token, order.l1_amount, permit)
    return self._deposit(order, token, before, msg.sender, 0, empty(address))


# --- the tokens of whoever has signed the order ---


@external
@payable
def swap_with_permit2(
    order: IBridge.SwapOrder, relay: IEntry.Relay, owner: address, permit: IEntry.Permit2, fee_to: address
) -> uint64:
    """
    @notice Swaps tokens of whoever has signed this order as the witness of a Permit2 transfer; once.
    @param order What to swap; the coin that comes with the call is the bridge's price.
    @param relay What the signer leaves to whoever brings this, on top of the order's amount, and who that must be.
    @param owner The signer, a plain account or a contract (ERC-1271).
    @param permit The signature, for the order's amount and the relayer's fee together.
    @param fee_to Who gets the relayer's fee; the caller's choice.
    @return The request's id on this chain.
    @custom:upholds SOL-9, ENT-1, ENT-2
    """
    token: address = self._open_swap(order)
    self._check_relayer(relay)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    total: uint256 = order.l1_amount + relay.relayer_fee
    order_hash: bytes32 = entry_orders.hash_swap(order, relay)
    entry_pulls.with_permit2(PERMIT2, token, owner, total, permit, order_hash, constants.SWAP_WITNESS)
    return self._swap(order, token, before, owner, relay.relayer_fee, fee_to)


@external
@payable
def deposit_with_permit2(
    order: IBridge.DepositOrder, relay: IEntry.Relay, owner: address, permit: IEntry.Permit2, fee_to: address
) -> uint64:
    """
    @notice Deposits tokens of whoever has signed this order as the witness of a Permit2 transfer; once.
    @param order What to bring in, for the account of any owner.
    @param relay What the signer leaves to whoever brings this, on top of the order's amount, and who that must be.
    @param owner The signer, a plain account or a contract (ERC-1271).
    @param permit The signature, for the order's amount and the relayer's fee together.
    @param fee_to Who gets the relayer's fee; the caller's choice.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-9, ENT-1, ENT-2
    """
    token: address = self._open_deposit(order)
    self._check_relayer(relay)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    total: uint256 = order.l1_amount + relay.relayer_fee
    order_hash: bytes32 = entry_orders.hash_deposit(order, relay)
    entry_pulls.with_permit2(PERMIT2, token, owner, total, permit, order_hash, constants.DEPOSIT_WITNESS)
    return self._deposit(order, token, before, owner, relay.relayer_fee, fee_to)


@external
@payable
def swap_with_authorization(
    order: IBridge.SwapOrder, relay: IEntry.Relay, owner: address, authorization: IEntry.Authorization, fee_to: address
) -> uint64:
    """
    @notice Swaps tokens of whoever has authorized this contract to receive them for this order (EIP-3009); once.
    @param order What to swap; the coin that comes with the call is the bridge's price.
    @param relay What the signer leaves to whoever brings this, on top of the order's amount, and who that must be.
    @param owner The signer; a contract where the token takes contracts' signatures.
    @param authorization The signature, for the order's amount and the relayer's fee together.
    @param fee_to Who gets the relayer's fee; the caller's choice.
    @return The request's id on this chain.
    @custom:upholds SOL-9, ENT-1, ENT-2
    """
    token: address = self._open_swap(order)
    self._check_relayer(relay)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    total: uint256 = order.l1_amount + relay.relayer_fee
    nonce: bytes32 = entry_orders.compute_nonce(BRIDGE, entry_orders.hash_swap(order, relay))
    entry_pulls.with_authorization(token, owner, total, authorization, nonce)
    return self._swap(order, token, before, owner, relay.relayer_fee, fee_to)


@external
@payable
def deposit_with_authorization(
    order: IBridge.DepositOrder,
    relay: IEntry.Relay,
    owner: address,
    authorization: IEntry.Authorization,
    fee_to: address,
) -> uint64:
    """
    @notice Deposits tokens of whoever has authorized this contract to receive them for this order (EIP-3009); once.
    @param order What to bring in, for the account of any owner.
    @param relay What the signer leaves to whoever brings this, on top of the order's amount, and who that must be.
    @param owner The signer; a contract where the token takes contracts' signatures.
    @param authorization The signature, for the order's amount and the relayer's fee together.
    @param fee_to Who gets the relayer's fee; the caller's choice.
    @return The request's id in the account lane of this chain.
    @custom:upholds SOL-9, ENT-1, ENT-2
    """
    token: address = self._open_deposit(order)
    self._check_relayer(relay)
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    total: uint256 = order.l1_amount + relay.relayer_fee
    nonce: bytes32 = entry_orders.compute_nonce(BRIDGE, entry_orders.hash_deposit(order, relay))
    entry_pulls.with_authorization(token, owner, total, authorization, nonce)
    return self._deposit(order, token, before, owner, relay.relayer_fee, fee_to)


# --- views ---


@external
@view
def bridge() -> address:
    """
    @notice Where requests go.
    """
    return BRIDGE


@external
@view
def permit2() -> address:
    """
    @notice Permit2 on this chain; zero where there is none.
    """
    return PERMIT2


@external
@view
def swap_nonce(order: IBridge.SwapOrder, relay: IEntry.Relay) -> bytes32:
    """
    @notice The nonce of the authorization that belongs to a swap order.
    @param order The order.
    @param relay What is left to the relayer.
    """
    return entry_orders.compute_nonce(BRIDGE, entry_orders.hash_swap(order, relay))


@external
@view
def deposit_nonce(order: IBridge.DepositOrder, relay: IEntry.Relay) -> bytes32:
    """
    @notice The nonce of the authorization that belongs to a deposit order.
    @param order The order.
    @param relay What is left to the relayer.
    """
    return entry_orders.compute_nonce(BRIDGE, entry_orders.hash_deposit(order, relay))


# --- what all ways share ---


@internal
@view
def _open_swap(order: IBridge.SwapOrder) -> address:
    is_own: bool = convert(order.recipient, uint256) & ADDRESS_MASK == convert(self, uint256)
    assert order.destination != CHAIN_ID or not is_own, "entry: recipient is the entry"
    return self._find_token(order.token_in, order.refund_to)


@internal
@view
def _open_deposit(order: IBridge.DepositOrder) -> address:
    bound: uint256 = (convert(CHAIN_ID, uint256) << constants.WORD_BITS) | convert(self, uint256)
    assert convert(order.owner, uint256) != bound, "entry: owner is the entry"
    return self._find_token(order.token_id, order.refund_to)


@internal
@view
def _find_token(token_id: uint16, refund_to: address) -> address:
    """
    @notice The contract of an order's token; whoever gets a refund must not be this contract, which could not pass it on.
    """
    assert refund_to != self, "entry: refund to the entry"
    token: address = (staticcall IRegistry(REGISTRY).get_token(token_id)).token
    assert token.is_contract, "entry: no such token"
    return token


@internal
@view
def _check_relayer(relay: IEntry.Relay):
    assert relay.relayer == empty(address) or relay.relayer == msg.sender, "entry: another relayer"


@internal
@payable
def _swap(
    order: IBridge.SwapOrder, token: address, before: uint256, owner: address, relayer_fee: uint256, fee_to: address
) -> uint64:
    self._hand_over(token, before, order.l1_amount, relayer_fee)
    request_id: uint64 = extcall IBridge(BRIDGE).swap(order, value=msg.value)
    self._settle(token, before, owner, constants.SWAP_LANE, request_id, order.l1_amount, relayer_fee, fee_to)
    return request_id


@internal
@payable
def _deposit(
    order: IBridge.DepositOrder, token: address, before: uint256, owner: address, relayer_fee: uint256, fee_to: address
) -> uint64:
    self._hand_over(token, before, order.l1_amount, relayer_fee)
    request_id: uint64 = extcall IBridge(BRIDGE).deposit(order, value=msg.value)
    self._settle(token, before, owner, constants.ACCOUNT_LANE, request_id, order.l1_amount, relayer_fee, fee_to)
    return request_id


@internal
def _hand_over(token: address, before: uint256, l1_amount: uint256, relayer_fee: uint256):
    """
    @notice Reverts unless exactly the order's amount and the relayer's fee have come; allows the bridge the amount.
    @dev Some tokens change an allowance only from zero or to zero.
    """
    arrived: uint256 = staticcall IERC20(token).balanceOf(self)
    assert arrived == before + l1_amount + relayer_fee, "entry: another amount arrived"
    if staticcall IERC20(token).allowance(self, BRIDGE) != 0:
        self._approve(token, 0)
    self._approve(token, l1_amount)


@internal
def _approve(token: address, l1_amount: uint256):
    is_approved: bool = extcall IERC20(token).approve(BRIDGE, l1_amount, default_return_value=True)
    assert is_approved, "entry: approval refused"


@internal
def _settle(
    token: address,
    before: uint256,
    owner: address,
    lane: uint256,
    request_id: uint64,
    l1_amount: uint256,
    relayer_fee: uint256,
    fee_to: address,
):
    """
    @notice Pays the relayer; reverts unless as much of the token is here as before the call.
    """
    if relayer_fee > 0:
        is_paid: bool = extcall IERC20(token).transfer(fee_to, relayer_fee, default_return_value=True)
        assert is_paid, "entry: fee refused"
    assert staticcall IERC20(token).balanceOf(self) == before, "entry: something is left"
    log IEntry.Entered(
        owner=owner,
        lane=convert(lane, uint8),
        request_id=request_id,
        token=token,
        l1_amount=l1_amount,
        relayer_fee=relayer_fee,
        fee_to=fee_to,
    )
