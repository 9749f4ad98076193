"""The circuit inputs of a swap block: takes an applied `SwapBlock`, gives every input signal of `SwapBlock` by name."""

from zklink.operations.swap import SwapRequest
from zklink.transition.swap_block import SwapBlock
from zklink.witness.signals import (
    Signal,
    Signals,
    compute_address_signals,
    compute_frame_signals,
    compute_row_signals,
    qualify_all,
)

__all__ = ["Signal", "compute_inputs"]

_NUMBERS = (
    "source",
    "destination",
    "request_id",
    "token_in",
    "token_out",
    "via",
    "amount",
    "min_out",
    "operator_fee",
    "fill_fee",
    "deadline",
    "queued_at",
)
"""Fields that are called in the circuit as they are here."""
_NAMES = ("used", *_NUMBERS, "recipient.hi", "recipient.lo", "refund_to.hi", "refund_to.lo", "native_fee")


def compute_inputs(block: SwapBlock) -> Signals:
    """Every input signal. Empty slots are zero; outcomes are not inputs, the circuit computes them."""
    requests = [_compute_request(slot.request) for slot in block.slots]
    empty: Signals = dict.fromkeys(_NAMES, 0)
    padding = [empty] * (block.preset.slots - len(requests))
    return {
        **compute_frame_signals(block),
        **compute_row_signals(block.opening),
        **qualify_all("request", [*requests, *padding]),
    }


def _compute_request(request: SwapRequest) -> Signals:
    numbers: Signals = {name: getattr(request, name) for name in _NUMBERS}
    return {
        "used": 1,
        **numbers,
        **compute_address_signals("recipient", request.recipient),
        **compute_address_signals("refund_to", request.refund_to),
        "native_fee": request.native_fee_gwei,
    }
