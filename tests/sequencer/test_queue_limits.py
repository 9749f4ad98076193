"""What may wait on all chains at once can be proven before it expires, however odd it is: rows run out before slots."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import cycle, islice

import pytest

from tests.sequencer.operations import deposit, full_exit
from tests.sequencer.requests import make_request
from zklink.operations.requests import AccountRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import BlockFull
from zklink.protocol.ids import (
    EXPIRY_SECONDS,
    MAX_CHAINS,
    MAX_OPEN_ACCOUNT_REQUESTS,
    MAX_OPEN_SWAPS,
    ChainId,
    TokenId,
)
from zklink.protocol.presets import COMPACT, MAIN, MINIMAL, Preset
from zklink.sequencer.swap_builder import select_requests
from zklink.state.state import State
from zklink.transition.block_needs import Needs

BLOCK_SECONDS = {MAIN: 19, COMPACT: 7, MINIMAL: 7}
"""An operator that makes a block so often answers everything in time (docs/protocol.md, section 8)."""

CHAINS = [ChainId(k) for k in range(1, MAX_CHAINS + 1)]


def count_swaps(preset: Preset) -> int:
    """The fewest swaps that the builder finds room for, when every chain's queue has nothing but odd ones: each goes
    through a token between, and shares no token with the next.
    """
    tokens = cycle(range(1, preset.lp_base))

    def odd(chain: ChainId, request_id: int) -> SwapRequest:
        """With the next three tokens."""
        token_in, token_out, via = (TokenId(token) for token in islice(tokens, 3))
        return make_request(chain, request_id, token_in=token_in, token_out=token_out, via=via)

    waiting = {chain: [odd(chain, i) for i in (1, 2)] for chain in CHAINS}
    return min(len(select_requests(waiting, preset, turn)) for turn in range(MAX_CHAINS))


def count_account_requests(preset: Preset) -> int:
    """The fewest requests of one kind that fill a block of the account lane."""

    def fill(requests: Iterable[AccountRequest]) -> int:
        needs, state, count = Needs(), State(preset), 0
        for request in requests:
            needs.add(request, state)
            try:
                needs.check(preset)
            except BlockFull:
                return count
            count += 1
        return count

    ids = range(1, 100)
    shares = (replace(full_exit(1 + i % MAX_CHAINS, i), token=TokenId(preset.lp_base)) for i in ids)
    tokens = cycle(range(1, preset.lp_base))
    deposits = (replace(deposit(1 + i % MAX_CHAINS, i), token=TokenId(next(tokens))) for i in ids)
    return min(fill(shares), fill(deposits))


def count_blocks(waiting: int, in_a_block: int) -> int:
    return -(-waiting // in_a_block)


@pytest.mark.parametrize("preset", [MAIN, COMPACT, MINIMAL], ids=lambda preset: preset.name)
def test_queues__all_full_of_the_oddest_requests__are_answered_before_they_expire(preset: Preset) -> None:
    swaps = count_blocks(MAX_CHAINS * MAX_OPEN_SWAPS, count_swaps(preset))
    accounts = count_blocks(MAX_CHAINS * MAX_OPEN_ACCOUNT_REQUESTS, count_account_requests(preset))
    assert (swaps + accounts) * BLOCK_SECONDS[preset] <= EXPIRY_SECONDS
