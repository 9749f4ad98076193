# pragma version 0.4.3
"""
@title custody
@license Apache-2.0
@notice What a bridge holds and owes: the custody of each token (held for the state and its open requests) and the pending
        balances (owed to single owners). Takes amounts and checks them against each other. Never calls another
        contract.
@dev custody[token] = reserve + open requests, in layer-2 units; pending balances are L1 units. SOL-1 is
     balance >= pending + custody * scale; the chain's coin also covers the fees (door_fees.vy) and what is pending of
     token 0, coin that is owed outside of tokens.
"""

from . import checks
from . import constants

AMOUNT_MASK: constant(uint256) = constants.AMOUNT_LIMIT - 1
HAS_PENDING: constant(uint256) = 2**255

# By token: its custody 112, and HAS_PENDING while something of it is pending, so that who brings a token in seldom has to
# read how much.
packed_amounts: HashMap[uint16, uint256]
pending: HashMap[address, HashMap[uint16, uint256]]
pending_totals: HashMap[uint16, uint256]


@internal
@view
def amount_of(token_id: uint16) -> uint256:
    """
    @notice The custody of a token, in layer-2 units.
    """
    return self.packed_amounts[token_id] & AMOUNT_MASK


@internal
@view
def owed(token_id: uint16, scale: uint256) -> uint256:
    """
    @notice All that is owed of a token, in L1 units.
    @param scale L1 units per layer-2 unit, at most 10^18.
    """
    packed: uint256 = self.packed_amounts[token_id]
    l1_amount: uint256 = unsafe_mul(packed & AMOUNT_MASK, scale)  # below 2^112 and 2^60
    if packed >= HAS_PENDING:
        l1_amount += self.pending_totals[token_id]
    return l1_amount


@internal
def credit(token_id: uint16, amount: uint256, cap: uint256):
    """
    @notice Adds an amount that came in to the custody of a token.
    @param token_id The token.
    @param amount Layer-2 units.
    @param cap The most that may be held afterwards; CUSTODY_LIMIT binds in any case.
    """
    packed: uint256 = self.packed_amounts[token_id]
    total: uint256 = (packed & AMOUNT_MASK) + amount
    checks.require(total <= constants.CUSTODY_LIMIT, "custody: above the custody limit")
    checks.require(total <= cap, "custody: above the cap")
    self.packed_amounts[token_id] = unsafe_add(packed, amount)  # the sum is below 2^112


@internal
def debit(token_id: uint16, amount: uint256):
    """
    @notice Takes a payout off the custody; reverts for more than came in on this chain, whatever the block says
            (SOL-3).
    """
    packed: uint256 = self.packed_amounts[token_id]
    checks.require(amount <= packed & AMOUNT_MASK, "custody: more than came in")
    self.packed_amounts[token_id] = unsafe_sub(packed, amount)  # by the line above


@internal
def add_pending(owner: address, token_id: uint16, l1_amount: uint256):
    """
    @notice Adds to the pending balance of an owner, who pulls it later.
    """
    self.pending[owner][token_id] += l1_amount
    self.pending_totals[token_id] += l1_amount
    self._note_pending(token_id)


@internal
def take_pending(owner: address, token_id: uint16, l1_amount: uint256):
    """
    @notice Takes something off an owner's pending balance; reverts for more than it is owed.
    """
    self.pending[owner][token_id] -= l1_amount
    self.pending_totals[token_id] -= l1_amount
    self._note_pending(token_id)


@internal
def _note_pending(token_id: uint16):
    """
    @notice Notes whether something of a token is pending.
    """
    packed: uint256 = self.packed_amounts[token_id] & AMOUNT_MASK
    if self.pending_totals[token_id] != 0:
        packed |= HAS_PENDING
    self.packed_amounts[token_id] = packed
