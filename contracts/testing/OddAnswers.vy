# pragma version 0.4.3
"""
@title OddAnswers
@license Apache-2.0
@notice A contract that answers the questions of a registry with any bytes. Never deployed outside tests.
@custom:emergency Nothing stops; nothing here is worth anything.
"""

decimals_answer: Bytes[96]
balance_answer: Bytes[96]
transfer_answer: Bytes[96]


@deploy
def __init__(decimals_answer: Bytes[96], balance_answer: Bytes[96], transfer_answer: Bytes[96]):
    """
    @param decimals_answer What it answers to decimals().
    @param balance_answer What it answers to balanceOf(address).
    @param transfer_answer What it answers to transfer(address,uint256).
    """
    self.decimals_answer = decimals_answer
    self.balance_answer = balance_answer
    self.transfer_answer = transfer_answer


@external
@view
@raw_return
def decimals() -> Bytes[96]:
    """
    @notice Answers.
    """
    return self.decimals_answer


@external
@view
@raw_return
def balanceOf(owner: address) -> Bytes[96]:
    """
    @notice Answers.
    @param owner Anybody.
    """
    return self.balance_answer


@external
@raw_return
def transfer(to: address, amount: uint256) -> Bytes[96]:
    """
    @notice Answers, and moves nothing.
    @param to Anybody.
    @param amount Anything.
    """
    return self.transfer_answer
