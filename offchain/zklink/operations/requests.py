"""Requests of either lane: operations that a user initiates on L1, and that wait in a queue of the bridge there."""

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, Lane, RequestId

AccountRequest = DepositRequest | FullExitRequest | KeyRequest
Request = SwapRequest | AccountRequest
RequestKey = tuple[ChainId, RequestId]
"""Which request of a lane."""


def lane_of(request: Request) -> Lane:
    """The lane whose queue a request is in."""
    return Lane.SWAP if isinstance(request, SwapRequest) else Lane.ACCOUNT
