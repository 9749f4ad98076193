"""The circuit inputs of an account block: takes an applied `AccountBlock` with its paths, gives every input signal of
`AccountBlock` by name. Empty slots have real openings of account 0 and zeros for all else.
"""

from typing import Final

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order import Order
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import Signable, Signed
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import PathsMissing
from zklink.protocol.ids import Kind
from zklink.protocol.packing import split_fee
from zklink.transition.account_block import AccountBlock
from zklink.transition.account_openings import AccountOpening
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot
from zklink.transition.order_match import MatchSlot
from zklink.transition.pool_slot import PoolPlan, PoolSlot
from zklink.witness.signals import (
    Signals,
    compute_account_signals,
    compute_address_signals,
    compute_frame_signals,
    compute_row_signals,
    compute_signature_signals,
    list_path,
    qualify,
    qualify_all,
)

_ONE_KIND: Final = {Kind.TRANSFER_NEW: Kind.TRANSFER, Kind.FULL_EXIT_PART: Kind.FULL_EXIT}


def compute_inputs(block: AccountBlock) -> Signals:
    """Every input signal; PathsMissing for a block that was applied without paths."""
    if not block.with_paths:
        raise PathsMissing(block.header.number)
    return {
        **compute_frame_signals(block),
        **compute_row_signals(block.opening),
        **qualify_all("ledger_input", map(_compute_ledger, block.ledger)),
        **qualify_all("pool_input", map(_compute_pool, block.pool)),
        **qualify_all("match_input", map(_compute_match, block.order)),
    }


def _compute_ledger(slot: LedgerSlot) -> Signals:
    plan = slot.plan
    data = plan.data
    exponent, mantissa = split_fee(data.packed_fee)
    operation: Signals = {
        "kind": _compute_kind(plan),
        "account": data.account,
        "target": data.target,
        "token": data.token,
        "fee_token": data.fee_token,
        "fee_mantissa": mantissa,
        "fee_exponent": exponent,
        "chain": data.chain,
        "source": data.source,
        "amount": data.amount,
        "fill_fee": plan.fill_fee,
        "nonce": plan.nonce,
        "valid_until": plan.valid_until,
        **qualify("request", _compute_request(plan.request)),
        **compute_address_signals("party", plan.party),
        **compute_address_signals("second", plan.second),
    }
    return {
        **qualify("op", operation),
        **_compute_signature(plan.signed),
        **qualify("a", compute_account_signals(slot.a)),
        **qualify("b", compute_account_signals(slot.b)),
    }


def _compute_kind(plan: LedgerPlan | PoolPlan) -> int:
    """0 for an empty slot; a transfer is one kind, whether it creates its account or not, and a full exit, whether it
    is served in part or not.
    """
    return _ONE_KIND.get(plan.data.kind, plan.data.kind) if plan.is_used else 0


def _compute_request(request: AccountRequest | None) -> Signals:
    """What every request has, all 0 for a slot without one."""
    if request is None:
        return dict.fromkeys(("id", "queued_at", "native_fee", "by_owner", "mask"), 0)
    return {
        "id": request.request_id,
        "queued_at": request.queued_at,
        "native_fee": request.native_fee_gwei,
        "by_owner": int(isinstance(request, DepositRequest) and request.by_owner),
        "mask": request.mask if isinstance(request, FullExitRequest) else 0,
    }


def _compute_signature(signed: Signed[Signable] | None) -> Signals:
    pair = None if signed is None else (signed.public_key, signed.signature)
    return qualify("signature", compute_signature_signals(pair))


def _compute_pool(slot: PoolSlot) -> Signals:
    plan, data, request = slot.plan, slot.plan.data, slot.request
    exponent, mantissa = split_fee(data.packed_fee)
    operation: Signals = {
        "kind": _compute_kind(plan),
        "account": data.account,
        "token_a": data.token_a,
        "token_b": data.token_b,
        "fee_token": data.fee_token,
        "fee_mantissa": mantissa,
        "fee_exponent": exponent,
        "lp_token": data.lp_token,
        "pool_fee": data.pool_fee,
        "amount_a": data.amount_a,
        "amount_b": data.amount_b,
        "shares": data.shares,
        "limit_a": plan.limit_a,
        "limit_b": plan.limit_b,
        "limit_shares": plan.limit_shares,
        "valid_until": plan.valid_until,
        "source": data.chain,
        **qualify("request", _compute_request(request)),
        **compute_address_signals("party", ZERO_ADDRESS if request is None else request.owner),
        **compute_address_signals("second", ZERO_ADDRESS if request is None else request.second),
    }
    return {
        **qualify("op", operation),
        **_compute_signature(plan.signed),
        **qualify("owner", compute_account_signals(slot.side)),
    }


def _compute_match(slot: MatchSlot) -> Signals:
    match, data = slot.match, slot.data()
    signed = (None, None) if match is None else (match.maker, match.taker)
    sides = [_compute_side(*pair) for pair in zip(signed, (slot.maker, slot.taker), strict=True)]
    return {
        "used": int(slot.is_used),
        "amount": [slot.fill.amount_a, slot.fill.amount_b],
        "token": [0, 0] if data is None else [data.token_a, data.token_b],
        **qualify_all("side", sides),
    }


def _compute_side(signed: Signed[Order] | None, side: AccountOpening) -> Signals:
    assert side.order is not None
    return {
        **qualify("order", _compute_order(None if signed is None else signed.operation)),
        **_compute_signature(signed),
        **qualify("owner", compute_account_signals(side)),
        "leaf.nonce": side.order.nonce,
        "leaf.filled": side.order.filled,
        "leaf.path": list_path(side.order.path),
    }


def _compute_order(order: Order | None) -> Signals:
    if order is None:
        return dict.fromkeys(("account", "slot", "nonce", "valid_until", "fee_rate", "sell", "buy"), 0)
    return {
        "account": order.account,
        "slot": order.slot,
        "nonce": order.order_nonce,
        "valid_until": order.valid_until,
        "fee_rate": order.fee_rate,
        "sell": order.amount_sell,
        "buy": order.amount_buy,
    }
