# pragma version 0.4.3
"""
@title custody
@license Apache-2.0
@notice What a bridge holds and owes: the custody of each token (held for the state and its open requests) and the pending
        balances (owed to single owners). Takes amounts and checks them against each other. Never calls another
        contract.
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
    @notice Adds an amount that came in to the custody of a token.
    @param token_id The token.
    @param amount Layer-2 units.
    @param cap The most that may be held afterwards; CUSTODY_LIMIT binds in any case.
    """
    total: uint256 = self.amounts[token_id] + amount
    checks.require(total <= constants.CUSTODY_LIMIT, "custody: above the custody limit")
    checks.require(total <= cap, "custody: above the cap")
    self.amounts[token_id] = total


@internal
def debit(token_id: uint16, amount: uint256):
    """
    @notice Takes a payout off the custody; reverts for more than came in on this chain, whatever the block says
            (SOL-3).
    """
    total: uint256 = self.amounts[token_id]
    checks.require(amount <= total, "custody: more than came in")
    self.amounts[token_id] = unsafe_sub(total, amount)  # by the line above


@internal
def add_pending(owner: address, token_id: uint16, l1_amount: uint256):
    """
    @notice Adds to the pending balance of an owner, who pulls it later.
    """
    self.pending[owner][token_id] += l1_amount
    self.pending_totals[token_id] += l1_amount


@internal
def take_pending(owner: address, token_id: uint16) -> uint256:
    """
    @notice Empties an owner's pending balance.
    @return The balance before, in L1 units.
    """
    l1_amount: uint256 = self.pending[owner][token_id]
    checks.require(l1_amount > 0, "custody: nothing pending")
    self.pending[owner][token_id] = 0
    self.pending_totals[token_id] -= l1_amount
    return l1_amount
