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
def try_permit(token: address, owner: address, l1_amount: uint256, permit: IBridge.Permit):
    """
    @notice Submits an EIP-2612 permit. A failure is ignored: if somebody copies the permit from the mempool and submits
            it first, the allowance is given all the same, and the transfer that follows decides.
    """
    is_used: bool = raw_call(
        token,
        abi_encode(
            owner,
            self,
            l1_amount,
            permit.deadline,
            permit.v,
            permit.r,
            permit.s,
            method_id=method_id("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"),
        ),
        max_outsize=0,
        revert_on_failure=False,
    )


@internal
def pull(token: address, owner: address, l1_amount: uint256, coin: uint256) -> uint256:
    """
    @notice Takes tokens in and measures the amount that arrived.
    @param token A registered token or NATIVE.
    @param owner The owner of the tokens; always the caller.
    @param l1_amount The amount to take, in L1 units.
    @param coin The coin that came with the call, in wei.
    @return The amount that arrived, in L1 units.
    """
    if token == NATIVE:
        checks.require(coin == l1_amount, "tokens: value is not the amount")
        return l1_amount
    checks.require(coin == 0, "tokens: value with a token")
    return self._transfer_from(token, owner, self, l1_amount)


@internal
def push(token: address, receiver: address, l1_amount: uint256) -> bool:
    """
    @notice Pays with bounded gas. Reverts when there is too little gas to give the receiver its full share, so that a
            caller cannot make a payment fail on purpose. Only one word of the receiver's answer is copied.
    @return Whether the payment went out.
    """
    if token == NATIVE:
        checks.require(msg.gas >= NATIVE_PUSH_GAS * 64 // 63 + PUSH_OVERHEAD_GAS, "tokens: too little gas (coin)")
        return raw_call(receiver, b"", value=l1_amount, gas=NATIVE_PUSH_GAS, max_outsize=0, revert_on_failure=False)
    checks.require(msg.gas >= TOKEN_PUSH_GAS * 64 // 63 + PUSH_OVERHEAD_GAS, "tokens: too little gas (token)")
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        token,
        abi_encode(receiver, l1_amount, method_id=method_id("transfer(address,uint256)")),
        max_outsize=32,
        gas=TOKEN_PUSH_GAS,
        revert_on_failure=False,
    )
    return success and self._is_yes(token, answer)


@internal
def send(token: address, receiver: address, l1_amount: uint256):
    """
    @notice Pays with all remaining gas; reverts when the payment fails.
    """
    if token == NATIVE:
        is_paid: bool = raw_call(receiver, b"", value=l1_amount, max_outsize=0, revert_on_failure=False)
        checks.require(is_paid, "tokens: coin refused")
    else:
        is_paid: bool = extcall IERC20(token).transfer(receiver, l1_amount, default_return_value=True)
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
        checks.require(self._transfer_from(token, owner, receiver, l1_amount) >= l1_amount, "tokens: recipient got too little")


@internal
def _transfer_from(token: address, owner: address, receiver: address, l1_amount: uint256) -> uint256:
    # The amount that arrives is measured, whatever the token says.
    before: uint256 = self.balance_of(token, receiver)
    is_moved: bool = extcall IERC20(token).transferFrom(owner, receiver, l1_amount, default_return_value=True)
    checks.require(is_moved, "tokens: transfer in refused")
    balance: uint256 = self.balance_of(token, receiver)
    checks.require(balance >= before, "tokens: balance fell")
    return unsafe_sub(balance, before)  # not below zero by the line above


@internal
@view
def _is_yes(token: address, answer: Bytes[32]) -> bool:
    # One word of value one means yes. A token that moves its units and answers no is believed, at the cost of its
    # backing. An empty answer means yes from a token that returns nothing, and no from an address without code.
    if len(answer) == 0:
        return token.is_contract
    return len(answer) == 32 and convert(answer, uint256) == 1
