# pragma version 0.4.3
"""
@title tokens
@license Apache-2.0
@notice Moves the chain's coin and ERC-20 tokens: takes a token's address, gives the amount that really arrived, or
        whether a payment went out. Never believes a transfer (it compares balances), and has no storage.
"""

from ethereum.ercs import IERC20
from ..interfaces import IBridge
from . import checks

# Stands for the chain's own coin.
NATIVE: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE
NATIVE_DECIMALS: constant(uint256) = 18

# Gas a payout may use: enough for a contract wallet, and for a token behind a proxy that calls its own hooks.
# A recipient that needs more is owed a pending balance and pulls with as much gas as it likes.
NATIVE_PUSH_GAS: constant(uint256) = 50_000
TOKEN_PUSH_GAS: constant(uint256) = 150_000
# The cost of the call itself before its gas is taken (cold account, value, new account), with room to spare.
PUSH_OVERHEAD_GAS: constant(uint256) = 50_000
# More than a permit that asks a contract wallet needs.
PERMIT_GAS: constant(uint256) = 200_000
# As much of a token's own reason is passed on.
REASON_BYTES: constant(uint256) = 512


@internal
@view
def balance_of(token: address, owner: address) -> uint256:
    """
    @notice An account's balance of a token, in L1 units.
    """
    if token == NATIVE:
        return owner.balance
    return staticcall IERC20(token).balanceOf(owner)


@internal
def try_permit(token: address, owner: address, permit: IBridge.Permit):
    """
    @notice Submits an EIP-2612 permit, with bounded gas. A failure is ignored: if somebody copies the permit from the
            mempool and submits it first, the allowance is given all the same, and the transfer that follows decides.
    """
    is_used: bool = raw_call(
        token,
        abi_encode(
            owner,
            self,
            permit.value,
            permit.deadline,
            permit.v,
            permit.r,
            permit.s,
            method_id=method_id("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"),
        ),
        max_outsize=0,
        gas=PERMIT_GAS,
        revert_on_failure=False,
    )


@internal
def pull(token: address, owner: address, receiver: address, l1_amount: uint256) -> (uint256, uint256):
    """
    @notice Moves a token by the owner's allowance for this contract, and measures the amount that arrived, whatever the
            token says. Reverts with the token's own reason where it gives one.
    @param token A registered token, not NATIVE.
    @param owner The owner of the tokens; always the caller.
    @param receiver Who gets them.
    @param l1_amount The amount to move, in L1 units.
    @return The amount that arrived, and the receiver's balance, in L1 units.
    """
    before: uint256 = self.balance_of(token, receiver)
    is_moved: bool = self._move(
        token,
        abi_encode(owner, receiver, l1_amount, method_id=method_id("transferFrom(address,address,uint256)")),
        msg.gas,
        True,
    )
    if not is_moved:
        checks.require(staticcall IERC20(token).allowance(owner, self) >= l1_amount, "tokens: allowance too low")
        checks.require(self.balance_of(token, owner) >= l1_amount, "tokens: balance too low")
        raise "tokens: transfer in refused"
    balance: uint256 = self.balance_of(token, receiver)
    checks.require(balance >= before, "tokens: balance fell")
    return unsafe_sub(balance, before), balance  # not below zero by the line above


@internal
def push(token: address, receiver: address, l1_amount: uint256) -> bool:
    """
    @notice Pays with bounded gas. Reverts when there is too little gas to give the receiver its full share, so that a
            caller cannot make a payment fail on purpose. Only a little of the receiver's answer is copied.
    @return Whether the payment went out.
    """
    if token == NATIVE:
        checks.require(msg.gas >= NATIVE_PUSH_GAS * 64 // 63 + PUSH_OVERHEAD_GAS, "tokens: too little gas (coin)")
        return raw_call(receiver, b"", value=l1_amount, gas=NATIVE_PUSH_GAS, max_outsize=0, revert_on_failure=False)
    checks.require(msg.gas >= TOKEN_PUSH_GAS * 64 // 63 + PUSH_OVERHEAD_GAS, "tokens: too little gas (token)")
    return self._transfer(token, receiver, l1_amount, TOKEN_PUSH_GAS, False)


@internal
def send(token: address, receiver: address, l1_amount: uint256):
    """
    @notice Pays with all remaining gas; reverts when the payment fails, with the token's own reason where it gives one.
    """
    if token == NATIVE:
        is_paid: bool = raw_call(receiver, b"", value=l1_amount, max_outsize=0, revert_on_failure=False)
        checks.require(is_paid, "tokens: coin refused")
    else:
        is_paid: bool = self._transfer(token, receiver, l1_amount, msg.gas, True)
        checks.require(is_paid, "tokens: transfer out refused")


@internal
def relay(token: address, owner: address, receiver: address, l1_amount: uint256, coin: uint256):
    """
    @notice Moves tokens from the caller to a receiver; reverts unless at least the amount arrives.
    """
    if token == NATIVE:
        checks.require(coin == l1_amount, "tokens: value is not the fill")
        self.send(token, receiver, l1_amount)
    else:
        checks.require(coin == 0, "tokens: value with a token fill")
        checks.require(self.pull(token, owner, receiver, l1_amount)[0] >= l1_amount, "tokens: recipient got too little")


@internal
def wrap(wrapped: address, receiver: address, l1_amount: uint256):
    """
    @notice Wraps coin and pays the wrapped coin instead.
    @param wrapped The contract that wraps this chain's coin, which the registry was made with; it is believed.
    """
    raw_call(wrapped, method_id("deposit()"), value=l1_amount)
    self.send(wrapped, receiver, l1_amount)


@internal
def _transfer(token: address, receiver: address, l1_amount: uint256, gas_limit: uint256, is_strict: bool) -> bool:
    data: Bytes[100] = abi_encode(receiver, l1_amount, method_id=method_id("transfer(address,uint256)"))
    return self._move(token, data, gas_limit, is_strict)


@internal
def _move(token: address, data: Bytes[100], gas_limit: uint256, is_strict: bool) -> bool:
    """
    @notice Calls a token. One word of value one means yes. A token that moves its units and answers no is believed, at the
            cost of its backing. An empty answer means yes from a token that returns nothing, and no from an address
            without code.
    @param is_strict Whether to revert with the token's own reason if it gives one.
    """
    success: bool = False
    answer: Bytes[REASON_BYTES] = b""
    success, answer = raw_call(token, data, max_outsize=REASON_BYTES, gas=gas_limit, revert_on_failure=False)
    if len(answer) == 0:
        return success and token.is_contract
    if not success and is_strict:
        raw_revert(answer)
    return success and len(answer) == 32 and convert(slice(answer, 0, 32), uint256) == 1
