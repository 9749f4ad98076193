"""The circuit inputs of a swap block: takes an applied `SwapBlock`, gives every input signal of `SwapBlock` by name."""

from collections.abc import Callable

from zklink.operations.swap import SwapRequest
from zklink.transition.swap_block import SwapBlock
from zklink.witness.signals import Signal, Signals, compute_frame_signals, compute_row_signals, split_owner

__all__ = ["Signal", "compute_inputs"]

_SLOT_SIGNALS: dict[str, Callable[[SwapRequest], int]] = {
    "slot_used": lambda request: 1,
    "slot_source": lambda request: request.source,
    "slot_destination": lambda request: request.destination,
    "slot_request_id": lambda request: request.request_id,
    "slot_token_in": lambda request: request.token_in,
    "slot_token_out": lambda request: request.token_out,
    "slot_amount": lambda request: request.amount,
    "slot_min_out": lambda request: request.min_out,
    "slot_operator_fee": lambda request: request.operator_fee,
    "slot_fill_fee": lambda request: request.fill_fee,
    "slot_deadline": lambda request: request.deadline,
    "slot_queued_at": lambda request: request.queued_at,
    "slot_recipient_hi": lambda request: split_owner(request.recipient)[0],
    "slot_recipient_lo": lambda request: split_owner(request.recipient)[1],
    "slot_refund_to_hi": lambda request: split_owner(request.refund_to)[0],
    "slot_refund_to_lo": lambda request: split_owner(request.refund_to)[1],
    "slot_native_fee": lambda request: request.native_fee_gwei,
}


def compute_inputs(block: SwapBlock) -> Signals:
    """Every input signal. Empty slots are zero; outcomes are not inputs, the circuit computes them."""
    signals = compute_frame_signals(block) | compute_row_signals(block.opening)
    padding: list[Signal] = [0] * (block.preset.slots - len(block.slots))
    for name, read in _SLOT_SIGNALS.items():
        signals[name] = [*(read(slot.request) for slot in block.slots), *padding]
    return signals
