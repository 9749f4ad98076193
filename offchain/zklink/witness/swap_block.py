"""The circuit inputs of a swap block: takes an applied `Block`, gives every input signal of `SwapBlock` by name."""

from collections.abc import Callable
from typing import TypeAlias

from zklink.operations.swap import SwapRequest, split_address
from zklink.transition.block import Block

Signal: TypeAlias = int | list["Signal"]
"""A number, or an array of signals."""

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
    "slot_recipient_hi": lambda request: split_address("recipient", request.recipient)[0],
    "slot_recipient_lo": lambda request: split_address("recipient", request.recipient)[1],
    "slot_sender_hi": lambda request: split_address("sender", request.sender)[0],
    "slot_sender_lo": lambda request: split_address("sender", request.sender)[1],
}


def compute_inputs(block: Block) -> dict[str, Signal]:
    """Every input signal. Empty slots are zero; outcomes are not inputs, the circuit computes them."""
    header, opening, inputs = block.header, block.opening, block.inputs
    signals: dict[str, Signal] = {
        "commitment": inputs.commitment,
        "z": inputs.z,
        "lambda": inputs.lambda_,
        "y": inputs.y,
        "domain": header.domain,
        "number": header.number,
        "timestamp": header.timestamp,
        "old_root": header.old_root,
        "new_root": header.new_root,
        "account_root": opening.account_root,
        "token_root": opening.token_root,
        "pool_root": opening.pool_root,
        "row_id": [row.token_id for row in opening.tokens],
        "row_reserve": [[*row.before.reserves] for row in opening.tokens],
        "row_fees": [row.before.fees for row in opening.tokens],
        "row_path": [[[*siblings] for siblings in row.path] for row in opening.tokens],
        "pool_lower": [pool.lower for pool in opening.pools],
        "pool_higher": [pool.higher for pool in opening.pools],
        "pool_reserve_lower": [pool.before.reserve_lower for pool in opening.pools],
        "pool_reserve_higher": [pool.before.reserve_higher for pool in opening.pools],
        "pool_supply": [pool.before.lp_supply for pool in opening.pools],
        "pool_fee": [pool.before.fee for pool in opening.pools],
        "pool_path": [[[*siblings] for siblings in pool.path] for pool in opening.pools],
    }
    requests = [request for request, _ in block.slots]
    padding = [0] * (block.preset.slots - len(requests))
    for name, read in _SLOT_SIGNALS.items():
        signals[name] = [*map(read, requests), *padding]
    return signals
