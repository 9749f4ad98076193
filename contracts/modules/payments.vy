# pragma version 0.4.3
"""
@title payments
@license Apache-2.0
@notice The way out: a broker pays a recipient ahead of the block, the payouts of blocks are paid, refunds and exits are
        released, and what cannot be pushed is owed. Never pays more of a token than came in on this chain.
@dev 1 A broker fills a payout under its key. 2 The payout comes with a block: the broker gets it, less the part of the
     fill fee that its lead has not earned; the recipient gets the rest. 3 It is pushed with bounded gas. 4 What fails is a
     pending balance (pending_payments.vy).
"""

from ..interfaces import IBridge
from ..interfaces import IRegistry
from . import checks
from . import constants
from . import custody
from . import deployment
from . import door_fees
from . import fills
from . import partners
from . import records
from . import tokens

uses: custody
uses: deployment
uses: fills
uses: partners


@internal
def fill(payout: uint256[3], repay_to: address, coin: uint256):
    """
    @notice The caller pays a payout's recipient ahead of the block.
    @param repay_to Who is repaid.
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
    token: IRegistry.Token = partners.get_token(p.token_id)
    checks.require(token.token != empty(address), "fill: unknown token")
    recipient: address = records.to_receiver(p.recipient, deployment.CHAIN_ID)
    checks.require(recipient != empty(address), "fill: recipient format")
    checks.require(recipient != self, "fill: recipient is the bridge")
    checks.require(p.fill_fee < p.amount, "fill: fee not below amount")
    checks.require(not partners.is_token(recipient), "fill: recipient is a token")
    partners.check_refund(repay_to)

    key: bytes32 = self._key(payout[0], payout[1], payout[2])
    fills.record(key, repay_to)
    log IBridge.PayoutFilled(
        key=key,
        broker=msg.sender,
        repay_to=repay_to,
        recipient=convert(p.recipient, bytes32),
        token_id=p.token_id,
        amount=convert(p.amount, uint112),
        fee=convert(p.fill_fee, uint112),
    )
    tokens.relay(token.token, msg.sender, recipient, unsafe_mul(unsafe_sub(p.amount, p.fill_fee), token.scale), coin)


@internal
def pay(p0: uint256, p1: uint256, p2: uint256):
    """
    @notice Pays one payout: to whoever is repaid for a fill, and the rest to the recipient; owed if it cannot be pushed.
    """
    p: records.Payout = records.unpack_payout(p0, p1, p2)
    key: bytes32 = self._key(p0, p1, p2)
    rest: uint256 = p.amount
    if p.kind == constants.SWAP_PAID_KIND or p.kind == constants.WITHDRAW_PAYOUT_KIND:
        filler: uint256 = fills.settle(key)
        if filler == fills.EXECUTED:
            # A second payout with the same key can only come from a corrupt source chain: it is not paid, and blocks
            # nothing.
            return
        if filler != 0:
            repay_to: address = empty(address)
            filled_at: uint256 = 0
            repay_to, filled_at = fills.unpack(filler)
            # No more is earned than the fee, which `fill` has found to be below the amount.
            rest = unsafe_sub(p.fill_fee, fills.earned_fee(filled_at, p.fill_fee))
            self._pay_share(key, p, repay_to, unsafe_sub(p.amount, rest))
    self._pay_share(key, p, records.to_receiver(p.recipient, deployment.CHAIN_ID), rest)


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
    token: IRegistry.Token = partners.get_token(token_id)
    l1_amount: uint256 = unsafe_mul(amount, token.scale)  # below 2^112 and 2^60
    return self._push(token.token, token_id, receiver, l1_amount), l1_amount


@internal
def release_fee(receiver: address, fee_gwei: uint256):
    """
    @notice Gives coin back with bounded gas, and owes what cannot be pushed as coin outside of tokens.
    """
    self._push(tokens.NATIVE, partners.NO_TOKEN, receiver, unsafe_mul(fee_gwei, door_fees.WEI_PER_GWEI))


@internal
def _push(token: address, token_id: uint16, receiver: address, l1_amount: uint256) -> bool:
    """
    @notice Pays with bounded gas, and owes what cannot be pushed.
    """
    if receiver != empty(address) and tokens.push(token, receiver, l1_amount):
        return True
    custody.add_pending(receiver, token_id, l1_amount)
    return False


@internal
def _pay_share(key: bytes32, p: records.Payout, receiver: address, amount: uint256):
    """
    @notice Pays a part of a payout, and says so; 0 is nothing.
    """
    is_paid: bool = False
    l1_amount: uint256 = 0
    is_paid, l1_amount = self.release(p.token_id, receiver, amount)
    if l1_amount == 0:
        return
    kind: uint8 = convert(p.kind, uint8)
    if is_paid:
        log IBridge.PayoutPaid(key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=kind)
    else:
        log IBridge.PayoutDeferred(key=key, receiver=receiver, token_id=p.token_id, l1_amount=l1_amount, kind=kind)


@internal
@view
def _key(p0: uint256, p1: uint256, p2: uint256) -> bytes32:
    """
    @notice What identifies a payout; for kinds 2 and 20 its fill key.
    """
    return keccak256(abi_encode(deployment.DEPLOYMENT_HASH, p0, p1, p2))
