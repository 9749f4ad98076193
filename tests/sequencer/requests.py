"""Requests for the sequencer's tests: everything has a default but what a test is about."""

from dataclasses import replace

from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, ChainId, RequestId, TokenId

USER = bytes(12) + bytes([0x11]) * 20

DEFAULT = SwapRequest(
    source=ChainId(1),
    destination=ChainId(2),
    request_id=RequestId(1),
    token_in=TokenId(1),
    token_out=TokenId(2),
    amount=Amount(1_000),
    min_out=Amount(0),
    operator_fee=Amount(0),
    fill_fee=Amount(0),
    deadline=2_000_000_000,
    queued_at=1_000,
    recipient=USER,
    refund_to=USER,
)


def make_request(source: int = 1, request_id: int = 1, **fields: object) -> SwapRequest:
    """A valid request; by default it goes from chain 1 to chain 2 (or to chain 1 from another) and from token 1 to
    token 2.
    """
    destination = ChainId(2 if source == 1 else 1)
    request = replace(DEFAULT, source=ChainId(source), destination=destination, request_id=RequestId(request_id))
    return replace(request, **fields)  # type: ignore[arg-type]  # the fields' names are checked by replace
