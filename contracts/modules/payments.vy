# pragma version 0.4.3
"""
@title payments
@license Apache-2.0
@notice The way out: a broker pays a recipient ahead of the block, the payouts of blocks are paid, refunds and exits are
        released, and what cannot be pushed is owed. Never pays more of a token than came in on this chain.
@dev 1 A broker fills a payout under its key. 2 The payout comes with a block: the broker gets it, else the recipient.
     3 It is pushed with bounded gas. 4 What fails is a pending balance, which its owner pulls.
"""

from ..interfaces import IBridge
from ..interfaces import IRegistry
from . import checks
from . import constants
from . import custody
from . import deployment
from . import fills
from . import partners
from . import records
from . import tokens

uses: custody
uses: deployment
uses: fills
uses: partners


@internal
def fill(payout: uint256[3], coin: uint256):
    """
    @notice The caller pays a payout's recipient ahead of the block.
    @param coin The coin that came with the call, in wei.
    """
    p: records.Payout = records.unpack_payout(payout[0], payout[1], payout[2])
    checks.require(records.is_payout(payout[0], payout[1], payout[2]), "fill: unused bits")
    checks.require(p.chain_id == convert(deployment.CHAIN_ID, uint256), "fill: paid on another chain")
    if p.kind == constants.SWAP_PAID_KIND:
        checks.require(deployment.is_chain(convert(p.source, uint8)), "fill: unknown source")
        checks.require(p.id > 0, "fill: no request")
    else:
        checks.require(p.kind == constants.WITHDRAW_PAYOUT_KIND, "fill: not a payment")
        checks.require(p.source == 0, "fill: source of a withdrawal")
    token: IRegistry.Token = staticcall partners.TOKENS.get_token(p.token_id)
    checks.require(token.token != empty(address), "fill: unknown token")
    recipient: address = records.to_receiver(p.recipient, deployment.CHAIN_ID)
    checks.require(recipient != empty(address), "fill: recipient format")
    checks.require(recipient != self, "fill: recipient is the bridge")
    checks.require(p.fill_fee < p.amount, "fill: fee not below amount")

    key: bytes32 = self._key(payout[0], payout[1], payout[2])
    fills.record(key, msg.sender)
    log IBridge.PayoutFilled(
        key=key,
        broker=msg.sender,
        recipient=convert(p.recipient, bytes32),
        token_id=p.token_id,
        amount=convert(p.amount, uint112),
        fee=convert(p.fill_fee, uint112),
    )
    tokens.relay(token.token, msg.sender, recipient, unsafe_sub(p.amount, p.fill_fee) * token.scale, coin)


@internal
def pay(p0: uint256, p1: uint256, p2: uint256):
    """
    @notice Pays one payout: to the broker who filled it, else to the recipient; owed if it cannot be pushed.
    """
    p: records.Payout = records.unpack_payout(p0, p1, p2)
    key: bytes32 = self._key(p0, p1, p2)
    receiver: address = records.to_receiver(p.recipient, deployment.CHAIN_ID)
    if p.kind == constants.SWAP_PAID_KIND or p.kind == constants.WITHDRAW_PAYOUT_KIND:
        broker: address = fills.settle(key)
        if broker == fills.EXECUTED:
            # A second payout with the same key can only come from a corrupt source chain: it is not paid, and blocks
            # nothing.
            return
        if broker != empty(address):
            receiver = broker
    is_paid: bool = False
    l1_amount: uint256 = 0
    is_paid, l1_amount = self.release(p.token_id, receiver, p.amount)
    if l1_amount == 0:
        return
    if is_paid:
        log IBridge.PayoutPaid(
            key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=convert(p.kind, uint8)
        )
    else:
        log IBridge.PayoutDeferred(
            key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=convert(p.kind, uint8)
        )


@internal
def release(token_id: uint16, receiver: address, amount: uint256) -> (bool, uint256):
    """
    @notice Pays out of this chain's custody with bounded gas, and owes what cannot be pushed; 0 is nothing.
    @param amount Layer-2 units.
    @return Whether the payment went out, and what it was in L1 units.
    """
    if amount == 0:
        return False, 0
    custody.debit(token_id, amount)
    token: IRegistry.Token = staticcall partners.TOKENS.get_token(token_id)
    l1_amount: uint256 = amount * token.scale
    is_paid: bool = False
    if receiver != empty(address):
        is_paid = tokens.push(token.token, receiver, l1_amount)
    if not is_paid:
        custody.add_pending(receiver, token_id, l1_amount)
    return is_paid, l1_amount


@internal
def withdraw(token_id: uint16, receiver: address):
    """
    @notice Pays the caller all that it is owed of a token.
    """
    checks.require(receiver != empty(address) and receiver != self, "withdraw: receiver")
    l1_amount: uint256 = custody.take_pending(msg.sender, token_id)
    log IBridge.PendingBalanceWithdrawn(owner=msg.sender, receiver=receiver, token_id=token_id, l1_amount=l1_amount)
    tokens.send((staticcall partners.TOKENS.get_token(token_id)).token, receiver, l1_amount)


@internal
@view
def _key(p0: uint256, p1: uint256, p2: uint256) -> bytes32:
    """
    @notice What identifies a payout; for kinds 2 and 20 its fill key.
    """
    return keccak256(abi_encode(deployment.DEPLOYMENT_HASH, p0, p1, p2))
