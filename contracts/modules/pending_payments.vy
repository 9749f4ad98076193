# pragma version 0.4.3
"""
@title pending_payments
@license Apache-2.0
@notice What could not be pushed: its owner pulls it, in pieces if it likes, or anybody pushes it to its owner again, with all
        the gas of the call. Coin that a contract refuses twice, a week apart, reaches it as wrapped coin. Owner of
        `refusals`.
@dev The refusal of a push counts only when no frame of the owner can be open, and when the caller has brought enough gas:
     else a stranger could make the owner refuse.
"""

from ..interfaces import IBridge
from . import checks
from . import constants
from . import custody
from . import partners
from . import tokens

uses: custody
uses: partners

# The gas that a push must bring for its refusal to count, and what of it the owner does not get: enough to note the
# refusal, or to wrap.
COUNTED_GAS: constant(uint256) = 600_000
RESERVED_GAS: constant(uint256) = 150_000

TIME_MASK: constant(uint256) = 2**constants.TIME_BITS - 1

# By owner and token: when a push of coin was first refused 40 | how much it was, in wei, lowest first; 0 for never.
refusals: HashMap[address, HashMap[uint16, uint256]]


@internal
def withdraw(token_id: uint16, receiver: address, amount: uint256):
    """
    @notice Pays the caller what it is owed of a token, as far as the bridge holds it.
    @param amount The most to pay, in L1 units.
    """
    checks.require(receiver != empty(address) and receiver != self, "withdraw: receiver")
    token: address = empty(address)
    l1_amount: uint256 = 0
    token, l1_amount = self._take(msg.sender, token_id, amount)
    # Who can pull needs no wrapped coin.
    if token == tokens.NATIVE:
        self.refusals[msg.sender][token_id] = 0
    log IBridge.PendingBalanceWithdrawn(owner=msg.sender, receiver=receiver, token_id=token_id, l1_amount=l1_amount)
    tokens.send(token, receiver, l1_amount)


@internal
def push(owner: address, token_id: uint16):
    """
    @notice Pays an owner all that it is owed of a token, as far as the bridge holds it.
    """
    token: address = empty(address)
    l1_amount: uint256 = 0
    token, l1_amount = self._take(owner, token_id, max_value(uint256))
    is_counted: bool = False
    gas: uint256 = msg.gas
    if token == tokens.NATIVE:
        # An account without code that sends the transaction makes only this call.
        is_counted = msg.sender == tx.origin and not msg.sender.is_contract and gas >= COUNTED_GAS
        if is_counted:
            gas = unsafe_sub(gas, RESERVED_GAS)
        if not raw_call(owner, b"", value=l1_amount, gas=gas, max_outsize=0, revert_on_failure=False):
            wrapped: address = staticcall partners.TOKENS.wrapped()
            checks.require(is_counted and wrapped != empty(address), "push: refused")
            self._settle_refusal(owner, token_id, l1_amount, wrapped)
            return
        self.refusals[owner][token_id] = 0
    else:
        tokens.send(token, owner, l1_amount)
    log IBridge.PendingBalancePushed(owner=owner, token_id=token_id, l1_amount=l1_amount, is_wrapped=False)


@internal
def _settle_refusal(owner: address, token_id: uint16, l1_amount: uint256, wrapped: address):
    """
    @notice Notes the first refusal. WRAP_DELAY_SECONDS later it wraps what was refused then; what came after waits for a
            refusal of its own.
    @param l1_amount What was taken off the pending balance and refused, in wei.
    """
    noted: uint256 = self.refusals[owner][token_id]
    if noted == 0:
        self.refusals[owner][token_id] = block.timestamp | (l1_amount << constants.TIME_BITS)
        custody.add_pending(owner, token_id, l1_amount)
        log IBridge.PushRefused(owner=owner, token_id=token_id, l1_amount=l1_amount)
        return
    is_due: bool = block.timestamp >= unsafe_add(noted & TIME_MASK, constants.WRAP_DELAY_SECONDS)
    checks.require(is_due, "push: too early to wrap")
    self.refusals[owner][token_id] = 0
    amount: uint256 = min(l1_amount, noted >> constants.TIME_BITS)
    custody.add_pending(owner, token_id, unsafe_sub(l1_amount, amount))
    log IBridge.PendingBalancePushed(owner=owner, token_id=token_id, l1_amount=amount, is_wrapped=True)
    tokens.wrap(wrapped, owner, amount)


@internal
def _take(owner: address, token_id: uint16, limit: uint256) -> (address, uint256):
    """
    @notice Takes off an owner's pending balance what the bridge can pay of it now.
    @param limit The most to take, in L1 units.
    @return The token and the amount, which is not 0.
    """
    l1_amount: uint256 = min(limit, custody.pending[owner][token_id])
    checks.require(l1_amount > 0, "custody: nothing pending")
    token: address = partners.token_of(token_id)
    l1_amount = min(l1_amount, tokens.balance_of(token, self))
    checks.require(l1_amount > 0, "withdraw: token is gone")
    custody.take_pending(owner, token_id, l1_amount)
    return token, l1_amount
