"""The blocks that are measured: full, through two pools, a third of the slots refunded. Same requests in every run."""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Final

from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, BlockNumber, ChainId, RequestId, TokenId
from zklink.protocol.presets import Preset
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.block import Block, apply_block

TIMESTAMP: Final = 1_800_000_000
_DOMAIN: Final = 1
_DEPTH: Final = Amount(10**15)
# source, destination, token in, token out, whether min_out can be met
_ROUTES: Final = (
    (1, 2, 1, 2, True),
    (2, 3, 1, 1, True),
    (3, 1, 3, 1, True),
    (2, 1, 2, 1, True),
    (1, 4, 1, 3, False),
    (3, 2, 1, 2, False),
)


def build_state(preset: Preset) -> State:
    """Three tokens on eight chains, two pools; conservation holds."""
    state = State(preset)
    for token, sides in ((1, 2), (2, 1), (3, 1)):
        share = sides * _DEPTH // 8
        state.set_token(TokenId(token), TokenRow((Amount(share),) * 8, Amount(0)))
    for other in (2, 3):
        state.set_pool(TokenId(1), TokenId(other), Pool(_DEPTH, _DEPTH, _DEPTH, 30))
    state.check_conservation()
    return state


def build_requests(count: int) -> Sequence[SwapRequest]:
    """`count` requests over the routes in turn."""
    routes = islice(cycle(_ROUTES), count)
    return [
        SwapRequest(
            source=ChainId(source),
            destination=ChainId(destination),
            request_id=RequestId(index),
            token_in=TokenId(token_in),
            token_out=TokenId(token_out),
            amount=Amount(1_000_000 + index),
            min_out=Amount(1 if is_met else 2_000_000),
            operator_fee=Amount(100),
            fill_fee=Amount(200),
            deadline=TIMESTAMP + 600,
            queued_at=TIMESTAMP - 10,
            recipient=index.to_bytes(32, "big"),
            sender=(1_000 + index).to_bytes(32, "big"),
        )
        for index, (source, destination, token_in, token_out, is_met) in enumerate(routes, start=1)
    ]


def build_block(preset: Preset) -> Block:
    """A full block of the preset."""
    return apply_block(build_state(preset), build_requests(preset.slots), BlockNumber(1), TIMESTAMP, _DOMAIN, preset)
