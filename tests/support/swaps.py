"""Swap requests for tests: one ordinary request, with what a test wants to be different."""

from dataclasses import replace

from tests.support.forgery import TIMESTAMP
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, ChainId, RequestId, TokenId

RECIPIENT, SENDER = bytes([0xF1]) + bytes(range(31)), bytes([0xA2]) + bytes(range(100, 131))

ORDINARY = SwapRequest(
    source=ChainId(1),
    destination=ChainId(2),
    request_id=RequestId(1),
    token_in=TokenId(1),
    token_out=TokenId(2),
    amount=Amount(1_000),
    min_out=Amount(1),
    operator_fee=Amount(10),
    fill_fee=Amount(2),
    deadline=TIMESTAMP + 60,
    queued_at=TIMESTAMP - 60,
    recipient=RECIPIENT,
    refund_to=SENDER,
)


def request(request_id: int = 1, **changes: object) -> SwapRequest:
    """The ordinary request with these fields changed."""
    return replace(ORDINARY, request_id=RequestId(request_id), **changes)  # type: ignore[arg-type]
