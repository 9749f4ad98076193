# pragma version 0.4.3
"""
@title ledger
@license Apache-2.0
@notice The books: what this chain holds for the state and its open requests, and what it owes to single owners.
        Takes amounts, checks them against each other; never calls anybody.
@dev custody[token] = reserve + open requests, in layer-2 units; pending balances are L1 units. SOL-1 is
     balance >= pending + custody * scale.
"""

from . import checks
from . import constants

amounts: HashMap[uint16, uint256]
pending: HashMap[address, HashMap[uint16, uint256]]
pending_totals: HashMap[uint16, uint256]


@internal
def credit(token_id: uint16, amount: uint256, cap: uint256):
    """
    @notice Adds what came in.
    @param token_id The token.
    @param amount Layer-2 units.
    @param cap The most that may be held afterwards; CUSTODY_LIMIT binds in any case.
    """
    total: uint256 = self.amounts[token_id] + amount
    checks.require(total <= constants.CUSTODY_LIMIT, "ledger: above the custody limit")
    checks.require(total <= cap, "ledger: above the cap")
    self.amounts[token_id] = total


@internal
def debit(token_id: uint16, amount: uint256):
    """
    @notice Takes a payout off; never more than came in on this chain, whatever the block says (SOL-3).
    """
    total: uint256 = self.amounts[token_id]
    checks.require(amount <= total, "ledger: more than came in")
    self.amounts[token_id] = unsafe_sub(total, amount)  # by the line above


@internal
def add_pending(owner: address, token_id: uint16, l1_amount: uint256):
    """
    @notice Owes an amount to an owner who will pull it.
    """
    self.pending[owner][token_id] += l1_amount
    self.pending_totals[token_id] += l1_amount


@internal
def take_pending(owner: address, token_id: uint16) -> uint256:
    """
    @notice Empties an owner's pending balance and says what it was.
    """
    l1_amount: uint256 = self.pending[owner][token_id]
    checks.require(l1_amount > 0, "ledger: nothing pending")
    self.pending[owner][token_id] = 0
    self.pending_totals[token_id] -= l1_amount
    return l1_amount
