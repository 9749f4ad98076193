"""The mempool: gapless per chain, idempotent, and cut where a reorganisation cut the queue."""

import pytest

from tests.sequencer.requests import make_request
from zklink.protocol.errors import RequestOutOfOrder
from zklink.protocol.ids import Amount, ChainId, Lane, RequestId
from zklink.sequencer.request_queue import RequestQueue

A, B = ChainId(1), ChainId(2)


@pytest.fixture
def mempool() -> RequestQueue:
    return RequestQueue((A, B), bytes(32))


def ids(mempool: RequestQueue, consumed: dict[ChainId, int]) -> dict[ChainId, list[int]]:
    return {
        chain: [request.request_id for request in queue] for chain, queue in mempool.waiting_swaps(consumed).items()
    }


def test_add__next_request__waits_behind_the_others_of_its_chain(mempool: RequestQueue) -> None:
    for request in (make_request(1, 1), make_request(2, 1), make_request(1, 2)):
        mempool.add(request)
    assert ids(mempool, {}) == {A: [1, 2], B: [1]}
    assert mempool.last_request_id(Lane.SWAP, A) == 2


def test_add__earlier_request_missing__is_refused_and_changes_nothing(mempool: RequestQueue) -> None:
    with pytest.raises(RequestOutOfOrder) as error:
        mempool.add(make_request(1, 2))
    assert (error.value.chain, error.value.expected, error.value.found) == (1, 1, 2)
    assert mempool.last_request_id(Lane.SWAP, A) == 0


def test_add__same_request_again__is_ignored(mempool: RequestQueue) -> None:
    assert mempool.add(make_request(1, 1))
    assert not mempool.add(make_request(1, 1))
    assert ids(mempool, {}) == {A: [1], B: []}


def test_add__another_request_under_a_known_id__is_refused(mempool: RequestQueue) -> None:
    mempool.add(make_request(1, 1))
    with pytest.raises(RequestOutOfOrder):
        mempool.add(make_request(1, 1, amount=Amount(7)))


def test_waiting__behind_the_consumed_ones__only_those(mempool: RequestQueue) -> None:
    for request_id in (1, 2, 3):
        mempool.add(make_request(1, request_id))
    assert ids(mempool, {A: 2, B: 0}) == {A: [3], B: []}


def test_drop_from__middle_of_a_queue__later_ones_can_be_confirmed_anew(mempool: RequestQueue) -> None:
    for request_id in (1, 2, 3):
        mempool.add(make_request(1, request_id))
    mempool.add(make_request(2, 1))
    dropped = mempool.drop_from(Lane.SWAP, A, RequestId(2))
    assert [request.request_id for request in dropped] == [2, 3]
    assert ids(mempool, {}) == {A: [1], B: [1]}
    assert mempool.add(make_request(1, 2, amount=Amount(9)))
    assert mempool.get(Lane.SWAP, A, RequestId(2)) == make_request(1, 2, amount=Amount(9))


def test_get__unknown_request__is_refused(mempool: RequestQueue) -> None:
    mempool.add(make_request(1, 1))
    assert mempool.get(Lane.SWAP, A, RequestId(1)) == make_request(1, 1)
    for request_id in (0, 2):
        with pytest.raises(RequestOutOfOrder):
            mempool.get(Lane.SWAP, A, RequestId(request_id))
