"""The block builder: what fits, in which order, and at which time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.requests import make_request
from tests.strategies import fits_pools
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.sequencer.request_queue import RequestQueue
from zklink.sequencer.swap_builder import choose_timestamp, select_requests
from zklink.transition.swap import compute_pool_ids

CHAINS = tuple(ChainId(chain) for chain in (1, 2, 3))


Swap = tuple[int, int, int, int]
"""Source, token in, token out, token between."""


def swap(source: int, token_in: int, token_out: int, via: int = 0) -> Swap:
    return source, token_in, token_out, via


def fill_mempool(swaps: list[Swap]) -> RequestQueue:
    mempool, last = RequestQueue(CHAINS, bytes(32)), Counter[int]()
    for source, *tokens in swaps:
        last[source] += 1
        names = dict(zip(("token_in", "token_out", "via"), map(TokenId, tokens), strict=True))
        mempool.add(make_request(source, last[source], **names))
    return mempool


def select(swaps: list[Swap], turn: int = 0) -> list[tuple[int, int]]:
    chosen = select_requests(fill_mempool(swaps).waiting_swaps({}), MINIMAL, turn)
    return [(request.source, request.request_id) for request in chosen]


@pytest.mark.parametrize(
    ("turn", "expected"), [(0, [(1, 1), (2, 1), (2, 2)]), (1, [(2, 1), (1, 1), (2, 2)]), (2, [(1, 1), (2, 1), (2, 2)])]
)
def test_select_requests__everything_fits__chains_in_turn(turn: int, expected: list[tuple[int, int]]) -> None:
    assert select([swap(2, 1, 2), swap(1, 2, 1), swap(2, 1, 1)], turn) == expected


def test_select_requests__one_chain_queues_disjoint_pairs__another_waits_for_its_turn_only() -> None:
    mempool = fill_mempool([swap(1, 1 + 2 * (i % 3), 2 + 2 * (i % 3)) for i in range(60)] + [swap(2, 7, 8)])
    consumed: dict[ChainId, int] = {}
    for turn in range(len(CHAINS)):
        for request in select_requests(mempool.waiting_swaps(consumed), MINIMAL, turn):
            consumed[request.source] = request.request_id
    assert consumed[ChainId(2)] == 1


def test_select_requests__more_than_the_slots__first_ones_only() -> None:
    assert select([swap(1, 1, 2)] * (MINIMAL.slots + 2)) == [(1, i) for i in range(1, MINIMAL.slots + 1)]


def test_select_requests__token_rows_full__that_chain_waits_and_the_others_go_on() -> None:
    swaps = [swap(1, 1, 2), swap(1, 3, 4), swap(2, 5, 6), swap(2, 1, 2), swap(3, 4, 3)]
    # tokens 1, 2, 5, 6 fill the rows: chains 3 and 1 wait, chain 2 goes on
    assert select(swaps) == [(1, 1), (2, 1), (2, 2)]


def test_select_requests__pools_full__same_token_transfers_still_fit() -> None:
    assert select([swap(1, 1, 2), swap(2, 1, 3), swap(1, 2, 3), swap(2, 3, 3)]) == [(1, 1), (2, 1), (2, 2)]


def test_select_requests__nothing_waits__nothing_selected() -> None:
    assert select([]) == []


def test_select_requests__route__takes_two_pools_and_no_row_for_the_token_between() -> None:
    # tokens 1, 2, 3 and pools 1-9, 2-9: chain 3's swap needs a pool more, the others the same two or one of them
    swaps = [swap(1, 1, 2, 9), swap(2, 2, 1, 9), swap(3, 1, 2), swap(1, 9, 1), swap(1, 3, 3)]
    assert select(swaps) == [(1, 1), (2, 1), (1, 2), (1, 3)]
    assert select([*swaps[:3], swap(1, 3, 3), swap(1, 4, 4)]) == [(1, 1), (2, 1), (1, 2), (1, 3)]


def test_select_requests__route_when_one_pool_is_left__waits() -> None:
    assert select([swap(1, 1, 2), swap(2, 1, 3, 4), swap(1, 3, 1), swap(1, 1, 1)]) == [(1, 1), (1, 2), (1, 3)]
    assert select([swap(1, 1, 2), swap(2, 1, 3, 4), swap(1, 3, 1)], turn=1) == [(2, 1)]


@pytest.mark.parametrize(
    ("tokens", "pools"),
    [
        ((2, 1, 0), ((1, 2),)),
        ((1, 2, 0), ((1, 2),)),
        ((3, 3, 0), ()),
        ((1, 2, 3), ((1, 3), (2, 3))),
        ((3, 1, 2), ((2, 3), (1, 2))),
    ],
)
def test_compute_pool_ids__any_direction__lower_token_first_in_the_order_of_the_trades(
    tokens: tuple[int, int, int], pools: tuple[tuple[int, int], ...]
) -> None:
    token_in, token_out, via = map(TokenId, tokens)
    assert compute_pool_ids(make_request(token_in=token_in, token_out=token_out, via=via)) == pools


def _drop_circle(swap: Swap) -> Swap:
    return swap if len({*swap[1:]}) == 3 else (*swap[:3], 0)


SWAPS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), *[st.integers(1, 6)] * 2, st.integers(0, 6)).map(_drop_circle),
    min_size=1,
    max_size=24,
)


class TestSelectionLaw:
    """Every block takes a prefix of each chain's queue, fits the preset, and starts with the chain whose turn it is."""

    @given(SWAPS)
    def test_select_requests__any_queues__emptied_in_fifo_order(self, swaps: list[Swap]) -> None:
        mempool = fill_mempool(swaps)
        consumed: dict[ChainId, int] = dict.fromkeys(CHAINS, 0)
        sealed = turn = 0
        while any((waiting := mempool.waiting_swaps(consumed)).values()):
            chains = sorted(chain for chain, queue in waiting.items() if queue)
            chosen = select_requests(waiting, MINIMAL, turn)
            assert chosen[0] == waiting[chains[turn % len(chains)]][0]
            turn += 1
            self.check_fits(chosen)
            for request in chosen:
                consumed[request.source] += 1
                assert request.request_id == consumed[request.source]
            sealed += len(chosen)
        assert sealed == len(swaps)

    @staticmethod
    def check_fits(chosen: tuple[SwapRequest, ...]) -> None:
        tokens = {token for request in chosen for token in (request.token_in, request.token_out)}
        assert len(chosen) <= MINIMAL.slots
        assert len(tokens) <= MINIMAL.token_rows
        assert fits_pools(chosen)


@pytest.mark.parametrize(
    ("queued_at", "previous", "now", "expected"), [(5, 3, 9, 9), (12, 3, 9, 12), (5, 20, 9, 20), (9, 9, 9, 9)]
)
def test_choose_timestamp__latest_of_all__wins(queued_at: int, previous: int, now: int, expected: int) -> None:
    assert choose_timestamp([make_request(queued_at=queued_at)], previous, now, ChainId(1)) == expected
    assert choose_timestamp([make_request(queued_at=queued_at)], previous, now, ChainId(2)) == max(previous, now)
