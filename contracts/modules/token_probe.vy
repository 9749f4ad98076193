# pragma version 0.4.3
"""
@title token_probe
@license Apache-2.0
@notice What a registry asks a contract before it becomes a token: takes an address, gives what the contract says, or
        refuses what could never work. Never moves a unit, and has no storage.
@dev Each answer is read with bounded gas and a bounded copy: the contract may be anything.
"""

from . import tokens

PROBE_GAS: constant(uint256) = 100_000
# As much as a payout offers (modules/tokens.vy): a token that needs more could not be pushed either.
TRANSFER_GAS: constant(uint256) = 150_000
OVERHEAD_GAS: constant(uint256) = 50_000


@internal
@view
def read_decimals(token: address) -> uint256:
    """
    @notice Decimals of a token's contract; reverts for an address without code or with a strange answer.
    """
    if token == tokens.NATIVE:
        return tokens.NATIVE_DECIMALS
    assert token.is_contract, "registry: token has no code"
    success: bool = False
    answer: Bytes[64] = b""
    success, answer = raw_call(
        token,
        method_id("decimals()"),
        max_outsize=64,
        gas=PROBE_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    assert success and len(answer) == 32, "registry: decimals not readable"
    return convert(slice(answer, 0, 32), uint256)


@internal
@view
def check_balance(token: address):
    """
    @notice Reverts unless a contract says a balance in one word.
    """
    success: bool = False
    answer: Bytes[64] = b""
    success, answer = raw_call(
        token,
        abi_encode(self, method_id=method_id("balanceOf(address)")),
        max_outsize=64,
        gas=PROBE_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    assert success and len(answer) == 32, "registry: balance not readable"


@internal
def refuses_nothing(token: address) -> bool:
    """
    @notice Transfers nothing to this contract, as a payout does it; reverts if the answer would count as a no.
    @return Whether the contract reverts a transfer of nothing.
    """
    # With too little gas the transfer would fail, and the token would be said to refuse what it takes.
    assert msg.gas >= TRANSFER_GAS * 64 // 63 + OVERHEAD_GAS, "registry: too little gas"
    success: bool = False
    answer: Bytes[64] = b""
    success, answer = raw_call(
        token,
        abi_encode(self, empty(uint256), method_id=method_id("transfer(address,uint256)")),
        max_outsize=64,
        gas=TRANSFER_GAS,
        revert_on_failure=False,
    )
    if not success:
        return True
    is_yes: bool = len(answer) == 0
    if len(answer) == 32:
        is_yes = convert(slice(answer, 0, 32), uint256) == 1
    assert is_yes, "registry: transfer answers no"
    return False
