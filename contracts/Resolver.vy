# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Resolver
@license Apache-2.0
@notice Tells solvers of ERC-7683 how to fill a payout at one bridge: takes a payout and the block that brings it, gives
        the one call to make, what it spends, what is repaid, and what the solver has to check itself. Changes nothing,
        owns nothing, and no other contract trusts it.
@custom:emergency Nothing stops here, and nothing can be lost here: it only reads.
@custom:security A solver relies on two named assumptions. "zklink.sealed" or "zklink.accepted": that block of that
                 deployment brings the payout of that key. Whoever fills a payout that no block brings loses it. The
                 contract cannot know it, for a block's words are not stored; a node, or the primary's calldata, can tell.
                 "zklink.lead": the fill is mined so many seconds before the payout is executed. Of a shorter lead the
                 fill fee is earned in proportion, and nothing else is lost.
"""

from .interfaces import IBridge
from .interfaces import IHistory
from .interfaces import IRegistry
from .interfaces import IResolver
from .modules import checks
from .modules import constants
from .modules import interoperable
from .modules import records
from .modules import tokens

implements: IResolver

BRIDGE: immutable(address)
REGISTRY: immutable(address)
HISTORY: immutable(address)
CHAIN_ID: immutable(uint8)
DEPLOYMENT_HASH: immutable(bytes32)

# The payout's three words and the number of its block.
PAYLOAD_BYTES: constant(uint256) = 128
# A time that most payments keep: a block of the slowest chain, its proof, and its import.
PAYMENT_SECONDS: constant(uint256) = 60
# What every reason of a contract begins with: the call either does all or nothing.
ERROR_PREFIX: constant(Bytes[4]) = method_id("Error(string)")
RECIPIENT_VARIABLE: constant(uint256) = 0
STEP: constant(uint256) = 0


@deploy
def __init__(bridge: address):
    """
    @notice Fixes everything.
    @param bridge The bridge of this chain that pays.
    """
    assert bridge.is_contract, "resolver: bridge has no code"
    parts: IBridge.Parts = staticcall IBridge(bridge).parts()
    BRIDGE = bridge
    REGISTRY = parts.registry
    HISTORY = parts.history
    CHAIN_ID = staticcall IBridge(bridge).chain_id()
    DEPLOYMENT_HASH = staticcall IBridge(bridge).deployment_hash()


@external
@view
def resolve(payload: Bytes[1024]) -> IResolver.ResolvedOrder:
    """
    @notice What a solver must do to fill a payout of this chain, and what it gets.
    @dev One step, `fill` of the bridge, which spends the amount less the fill fee; one variable, whom to repay; one payment,
         the amount. A call that reverts with a reason, because somebody was faster, ends the order at no cost but gas.
    @param payload The payout's three words and the number of the block that brings it, ABI-encoded: 128 bytes.
    @return The order, as the standard encodes it.
    @custom:upholds ENT-3
    """
    checks.require(len(payload) == PAYLOAD_BYTES, "resolver: not 128 bytes")
    payout: uint256[3] = empty(uint256[3])
    number: uint64 = 0
    payout, number = abi_decode(payload, (uint256[3], uint64))
    p: records.Payout = records.unpack_payout(payout[0], payout[1], payout[2])
    checks.require(records.is_payout(payout[0], payout[1], payout[2]), "resolver: unused bits")
    checks.require(
        p.kind == constants.SWAP_PAID_KIND or p.kind == constants.WITHDRAW_PAYOUT_KIND, "resolver: not a payment"
    )
    checks.require(p.chain_id == convert(CHAIN_ID, uint256), "resolver: another chain")
    checks.require(p.fill_fee < p.amount, "resolver: fee above amount")
    token: IRegistry.Token = staticcall IRegistry(REGISTRY).get_token(p.token_id)
    checks.require(token.scale > 0, "resolver: token not here")
    checks.require(token.token != tokens.NATIVE, "resolver: pays coin, no token")
    recipient: address = records.to_receiver(p.recipient, CHAIN_ID)
    checks.require(recipient != empty(address), "resolver: recipient format")

    key: bytes32 = keccak256(abi_encode(DEPLOYMENT_HASH, payout))
    filler: address = empty(address)
    filled_at: uint40 = 0
    filler, filled_at = staticcall IBridge(BRIDGE).filler(key)
    checks.require(filler == empty(address), "resolver: filled or executed")
    last: uint64 = (staticcall IHistory(HISTORY).tip()).number
    is_known: bool = number <= last
    checks.require(is_known or not staticcall IBridge(BRIDGE).is_frozen(), "resolver: the chain has frozen")

    assumed: String[32] = "zklink.sealed"
    if is_known:
        assumed = "zklink.accepted"
    paid: Bytes[59] = interoperable.name(chain.id, token.token)
    bridge: Bytes[59] = interoperable.name(chain.id, BRIDGE)
    return IResolver.ResolvedOrder(
        steps=[
            self._call(
                payout,
                bridge,
                abi_encode(
                    paid,
                    self._constant((p.amount - p.fill_fee) * token.scale),
                    bridge,
                    interoperable.name(chain.id, recipient),
                    method_id=method_id("SpendsERC20(bytes,bytes,bytes,bytes)"),
                ),
            )
        ],
        variables=[method_id("PaymentRecipient()")],
        payments=[
            abi_encode(
                paid,
                bridge,
                self._constant(p.amount * token.scale),
                RECIPIENT_VARIABLE,
                STEP,
                PAYMENT_SECONDS,
                method_id=method_id("ERC20(bytes,bytes,bytes,uint256,uint256,uint256)"),
            )
        ],
        assumptions=[
            IResolver.Assumption(name=assumed, data=abi_encode(DEPLOYMENT_HASH, number, key)),
            IResolver.Assumption(name="zklink.lead", data=abi_encode(constants.FILL_LEAD_SECONDS)),
        ],
    )


@internal
@pure
def _call(payout: uint256[3], bridge: Bytes[59], spends: Bytes[516]) -> Bytes[2048]:
    """
    @notice The step: `fill(payout, recipient of the payment)` at the bridge.
    @dev A static value is framed by its length and a zero word; a variable is its index alone.
    """
    arguments: DynArray[Bytes[160], 2] = [
        abi_encode(convert(128, uint256), payout, convert(0, uint256)),
        abi_encode(RECIPIENT_VARIABLE),
    ]
    attributes: DynArray[Bytes[516], 2] = [
        spends,
        abi_encode("abort", ERROR_PREFIX, method_id=method_id("RevertPolicy(string,bytes)")),
    ]
    return abi_encode(
        bridge,
        method_id("fill(uint256[3],address)", output_type=bytes4),
        arguments,
        attributes,
        method_id=method_id("Call(bytes,bytes4,bytes[],bytes[])"),
    )


@internal
@pure
def _constant(amount: uint256) -> Bytes[36]:
    """
    @notice An amount as the standard's formula.
    """
    return abi_encode(amount, method_id=method_id("Constant(uint256)"))
