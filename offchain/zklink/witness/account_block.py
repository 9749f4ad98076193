"""The circuit inputs of an account block: takes an applied `AccountBlock` with its paths, gives every input signal of
`AccountBlock` by name. Empty slots have real openings of account 0 and zeros for all else.
"""

from collections.abc import Callable, Sequence

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order import Order
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import Signable, Signed
from zklink.primitives.babyjubjub import BASE8
from zklink.primitives.eddsa import Signature
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
    compute_frame_signals,
    compute_row_signals,
    list_path,
    split_owner,
)

_NO_SIGNATURE = Signature(BASE8, 0)
_ONE_KIND = {Kind.TRANSFER_NEW: Kind.TRANSFER, Kind.FULL_EXIT_PART: Kind.FULL_EXIT}
_ORDER_FIELDS: dict[str, Callable[[Order], int]] = {
    "order_account": lambda order: order.account,
    "order_slot": lambda order: order.slot,
    "order_nonce": lambda order: order.order_nonce,
    "order_valid_until": lambda order: order.valid_until,
    "order_fee_rate": lambda order: order.fee_rate,
    "order_sell": lambda order: order.amount_sell,
    "order_buy": lambda order: order.amount_buy,
}


def compute_inputs(block: AccountBlock) -> Signals:
    """Every input signal; PathsMissing for a block that was applied without paths."""
    if not block.with_paths:
        raise PathsMissing(block.header.number)
    signals = compute_frame_signals(block) | compute_row_signals(block.opening)
    signals |= _stack([_compute_ledger(slot) for slot in block.ledger])
    signals |= _stack([_compute_pool(slot) for slot in block.pool])
    return signals | _stack([_compute_order(slot) for slot in block.order])


def _stack(slots: Sequence[Signals]) -> Signals:
    """One array per signal over all slots of a kind."""
    return {name: [slot[name] for slot in slots] for name in slots[0]}


def _compute_ledger(slot: LedgerSlot) -> Signals:
    plan = slot.plan
    data = plan.data
    exponent, mantissa = split_fee(data.packed_fee)
    party_hi, party_lo = split_owner(plan.party)
    second_hi, second_lo = split_owner(plan.second)
    signals: Signals = {
        "ledger_kind": _compute_kind(plan),
        "ledger_account": data.account,
        "ledger_target": data.target,
        "ledger_token": data.token,
        "ledger_fee_token": data.fee_token,
        "ledger_fee_mantissa": mantissa,
        "ledger_fee_exponent": exponent,
        "ledger_chain": data.chain,
        "ledger_amount": data.amount,
        "ledger_fill_fee": plan.fill_fee,
        "ledger_nonce": plan.nonce,
        "ledger_valid_until": plan.valid_until,
        "ledger_source": data.source,
        "ledger_party_hi": party_hi,
        "ledger_party_lo": party_lo,
        "ledger_second_hi": second_hi,
        "ledger_second_lo": second_lo,
    }
    signals |= _compute_request("ledger", plan.request) | _compute_signature("ledger", plan.signed)
    return signals | _compute_ledger_side("ledger_a", slot.a) | _compute_ledger_side("ledger_b", slot.b)


def _compute_kind(plan: LedgerPlan | PoolPlan) -> int:
    """0 for an empty slot; a transfer is one kind, whether it creates its account or not, and a full exit, whether it
    is served in part or not.
    """
    return _ONE_KIND.get(plan.data.kind, plan.data.kind) if plan.is_used else 0


def _compute_request(prefix: str, request: AccountRequest | None) -> Signals:
    """The signals that every slot of a request has, all 0 for another slot."""
    return {
        f"{prefix}_request_id": 0 if request is None else request.request_id,
        f"{prefix}_queued_at": 0 if request is None else request.queued_at,
        f"{prefix}_native_fee": 0 if request is None else request.native_fee_gwei,
        f"{prefix}_by_owner": int(isinstance(request, DepositRequest) and request.by_owner),
        f"{prefix}_mask": request.mask if isinstance(request, FullExitRequest) else 0,
    }


def _compute_ledger_side(prefix: str, side: AccountOpening) -> Signals:
    (balance,) = side.balances
    return _compute_owner(prefix, side) | {
        f"{prefix}_nonce": side.nonce,
        f"{prefix}_order_root": side.order_root,
        f"{prefix}_balance": balance.before,
        f"{prefix}_balance_path": list_path(balance.path),
    }


def _compute_owner(prefix: str, side: AccountOpening) -> Signals:
    owner_hi, owner_lo = split_owner(side.owner)
    return {
        f"{prefix}_owner_hi": owner_hi,
        f"{prefix}_owner_lo": owner_lo,
        f"{prefix}_key_hash": side.public_key_hash,
        f"{prefix}_known": side.known,
        f"{prefix}_path": list_path(side.path),
    }


def _compute_signature(prefix: str, signed: Signed[Signable] | None) -> Signals:
    """The signals of a signature; if nobody signs, points that the circuit can compute with."""
    key, (r8, s) = (BASE8, _NO_SIGNATURE) if signed is None else (signed.public_key, signed.signature)
    return {
        f"{prefix}_key_x": key.x,
        f"{prefix}_key_y": key.y,
        f"{prefix}_r_x": r8.x,
        f"{prefix}_r_y": r8.y,
        f"{prefix}_s": s,
    }


def _compute_pool(slot: PoolSlot) -> Signals:
    plan, side, request = slot.plan, slot.side, slot.request
    data = plan.data
    exponent, mantissa = split_fee(data.packed_fee)
    party_hi, party_lo = split_owner(ZERO_ADDRESS if request is None else request.owner)
    second_hi, second_lo = split_owner(ZERO_ADDRESS if request is None else request.second)
    signals: Signals = {
        "amm_kind": _compute_kind(plan),
        "amm_account": data.account,
        "amm_token_a": data.token_a,
        "amm_token_b": data.token_b,
        "amm_fee_token": data.fee_token,
        "amm_fee_mantissa": mantissa,
        "amm_fee_exponent": exponent,
        "amm_lp_token": data.lp_token,
        "amm_pool_fee": data.pool_fee,
        "amm_amount_a": data.amount_a,
        "amm_amount_b": data.amount_b,
        "amm_shares": data.shares,
        "amm_source": data.chain,
        "amm_party_hi": party_hi,
        "amm_party_lo": party_lo,
        "amm_second_hi": second_hi,
        "amm_second_lo": second_lo,
        "amm_limit_a": plan.limit_a,
        "amm_limit_b": plan.limit_b,
        "amm_limit_shares": plan.limit_shares,
        "amm_nonce": side.nonce,
        "amm_valid_until": plan.valid_until,
        "amm_order_root": side.order_root,
        "amm_balance": [balance.before for balance in side.balances],
        "amm_balance_path": [list_path(balance.path) for balance in side.balances],
    }
    signals |= {name: value for name, value in _compute_request("amm", request).items() if name != "amm_by_owner"}
    return signals | _compute_signature("amm", plan.signed) | _compute_owner("amm", side)


def _compute_order(slot: MatchSlot) -> Signals:
    match, data = slot.match, slot.data()
    signed = (None, None) if match is None else (match.maker, match.taker)
    sides = [_compute_order_side(*pair) for pair in zip(signed, (slot.maker, slot.taker), strict=True)]
    return {
        "order_used": int(slot.is_used),
        "order_amount": [slot.fill.amount_a, slot.fill.amount_b],
        "order_token": [0, 0] if data is None else [data.token_a, data.token_b],
        **_stack(sides),
    }


def _compute_order_side(signed: Signed[Order] | None, side: AccountOpening) -> Signals:
    assert side.order is not None
    fields: Signals = {name: 0 if signed is None else read(signed.operation) for name, read in _ORDER_FIELDS.items()}
    leaf: Signals = {
        "order_account_nonce": side.nonce,
        "order_balance": [balance.before for balance in side.balances],
        "order_balance_path": [list_path(balance.path) for balance in side.balances],
        "order_leaf_nonce": side.order.nonce,
        "order_leaf_filled": side.order.filled,
        "order_leaf_path": list_path(side.order.path),
    }
    return fields | leaf | _compute_signature("order", signed) | _compute_owner("order", side)
