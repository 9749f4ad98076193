# pragma version 0.4.3
"""
@title tokens
@license Apache-2.0
@notice Moves the chain's coin and ERC-20 tokens and believes none of them: takes a token's address, gives what really
        arrived or whether a payment went out. Keeps no storage.
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
# What the call itself costs before its gas is taken (cold account, value, new account), with room to spare.
PUSH_OVERHEAD_GAS: constant(uint256) = 50_000
DECIMALS_GAS: constant(uint256) = 100_000


@internal
@view
def read_decimals(token: address) -> uint256:
    """
    @notice Decimals of a token's contract; reverts for an address without code or with a strange answer.
    """
    if token == NATIVE:
        return NATIVE_DECIMALS
    checks.require(token.is_contract, "tokens: no code")
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        token,
        method_id("decimals()"),
        max_outsize=32,
        gas=DECIMALS_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    checks.require(success and len(answer) == 32, "tokens: decimals not readable")
    return convert(answer, uint256)


@internal
@view
def balance_of(token: address, owner: address) -> uint256:
    """
    @notice What an account holds of a token, in L1 units.
    """
    if token == NATIVE:
        return owner.balance
    return staticcall IERC20(token).balanceOf(owner)


@internal
def try_permit(token: address, owner: address, l1_amount: uint256, permit: IBridge.Permit):
    """
    @notice Submits an EIP-2612 permit. A failure is ignored: whoever copies the permit from the mempool and submits it
            first has given the allowance, and the transfer that follows decides.
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
    @notice Takes a token in and measures what came.
    @param token A registered token or NATIVE.
    @param owner Whose tokens; always the caller.
    @param l1_amount What to take, in L1 units.
    @param coin The coin that came with the call.
    @return What arrived, in L1 units.
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
            caller cannot choose that a payment fails. What the receiver returns is cut at one word.
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
    @notice Pays with all gas, or reverts.
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
    @notice Moves a token from the caller to a receiver, who must end up with at least the amount.
    """
    if token == NATIVE:
        checks.require(coin == l1_amount, "tokens: value is not the fill")
        self.send(token, receiver, l1_amount)
    else:
        checks.require(coin == 0, "tokens: value with a token fill")
        checks.require(self._transfer_from(token, owner, receiver, l1_amount) >= l1_amount, "tokens: recipient got too little")


@internal
def _transfer_from(token: address, owner: address, receiver: address, l1_amount: uint256) -> uint256:
    # What arrives is measured, whatever the token says.
    before: uint256 = self.balance_of(token, receiver)
    is_moved: bool = extcall IERC20(token).transferFrom(owner, receiver, l1_amount, default_return_value=True)
    checks.require(is_moved, "tokens: transfer in refused")
    balance: uint256 = self.balance_of(token, receiver)
    checks.require(balance >= before, "tokens: balance fell")
    return unsafe_sub(balance, before)  # not below zero by the line above


@internal
@view
def _is_yes(token: address, answer: Bytes[32]) -> bool:
    # One word that is one means yes; a token that moves and says otherwise is believed, at the cost of its own backing.
    # No answer means yes for the tokens that return nothing, and nothing at all for an address without code.
    if len(answer) == 0:
        return token.is_contract
    return len(answer) == 32 and convert(answer, uint256) == 1
