"""QUE-1: requests are consumed first in, first out, once."""

import pytest

from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import CHAINS, PRIMARY, USD, A, B, C
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import DRIFT_SECONDS, MAX_AGE_SECONDS, ChainId, Lane

NOT_THE_QUEUE = ("accept: ", "queue: ")
"""What a primary and a member say of requests that are not the next ones."""


def fill_queue(play: Play, chain: ChainId = A, count: int = 3) -> list[SwapRequest]:
    """Some requests on a chain."""
    return [play.swap(chain, USD, 1_000 + i, C if chain != C else A, USD) for i in range(count)]


@upholds("QUE-1")
class TestQueue:
    """Strict first in, first out on each chain; each request is consumed exactly once, on its own chain and in the eyes
    of the primary.
    """

    @pytest.mark.parametrize("chain", [A, B], ids=["member", "primary"])
    @pytest.mark.parametrize("order", [(1,), (1, 0), (0, 2), (0, 0), (0, 1, 1)], ids=str)
    def test_enter__requests_skipped_reordered_or_repeated__refused(
        self, play: Play, chain: ChainId, order: tuple[int, ...]
    ) -> None:
        requests = fill_queue(play, chain)
        sealed = play.seal(play.genesis, [requests[i] for i in order])
        assert refused(play.enter, chain, sealed).startswith(NOT_THE_QUEUE)
        assert refused(play.accept, sealed).startswith(NOT_THE_QUEUE)

    def test_enter__request_that_nobody_made__no_lie_gets_it_onto_its_chain(self, play: Play) -> None:
        fill_queue(play, A, 1)
        sealed = play.seal(play.genesis, [play.invent_request(A, USD, 10**9, C, USD)])
        assert refused(play.accept, sealed) == "accept: not the queued requests"
        play.force(PRIMARY, sealed)
        assert refused(play.import_, A, sealed) == "queue: other requests"
        play.import_(C, sealed)

    @pytest.mark.parametrize("chain", [A, B], ids=["member", "primary"])
    def test_enter__request_changed__refused(self, play: Play, chain: ChainId) -> None:
        [request] = fill_queue(play, chain, 1)
        sealed = play.seal(play.genesis, [request])
        honest = sealed.view(chain)
        for position in range(5):
            words = list(honest.words)
            words[position] ^= 1
            refused(play.enter_view, chain, forge_view(honest, words))
        play.enter(chain, sealed)

    def test_enter__already_consumed__refused(self, play: Play) -> None:
        requests = fill_queue(play)
        play.settle(requests[0])
        again = play.seal(play.tip(), [requests[0]])
        assert refused(play.import_, A, again) == "queue: other requests"
        assert refused(play.accept, again) == "accept: not the queued requests"
        play.settle(*requests[1:])
        play.check_settled()

    def test_enter__counts_follow_the_blocks(self, play: Play) -> None:
        for request in fill_queue(play):
            play.settle(request)
            bridge = play[A].bridge
            assert bridge.request_counts(Lane.SWAP) == (3, request.request_id)
            assert bridge.next_requests(Lane.SWAP) == (
                request.request_id,
                bridge.queue_hash(Lane.SWAP, request.request_id),
            )
            consumed = bridge.queue_hash(Lane.SWAP, request.request_id)
            assert play[PRIMARY].history.queue_of(A, Lane.SWAP) == consumed
        play.check_settled()

    def test_accept__primary_and_member_at_different_heights__each_counts_its_own(self, play: Play) -> None:
        requests = fill_queue(play)
        sealed = play.seal(play.genesis, requests[:2])
        play.accept(sealed)
        assert play[A].bridge.request_counts(Lane.SWAP) == (3, 0)
        second = play.seal(sealed, requests[2:])
        play.accept(second)
        for block in (sealed, second):
            play.import_(A, block)
        assert play[A].bridge.request_counts(Lane.SWAP) == (3, 3)

    def test_accept__before_a_request_was_queued__refused(self, play: Play) -> None:
        early = play.now()
        play.advance(500)
        [request] = fill_queue(play, B, 1)
        sealed = play.seal(play.genesis, [request], timestamp=early)
        assert refused(play.accept, sealed) == "accept: before a request"

    def test_accept__time_out_of_bounds__refused(self, play: Play) -> None:
        start = play.now()
        future = play.seal(play.genesis, [], timestamp=start + DRIFT_SECONDS + 1)
        assert refused(play.accept, future) == "accept: in the future"
        play.settle()
        backwards = play.seal(play.tip(), [], timestamp=start - 1)
        assert refused(play.accept, backwards) == "block: before the last block"
        old = play.seal(play.tip(), [], timestamp=start)
        play.advance(MAX_AGE_SECONDS + 1)
        assert refused(play.accept, old) == "accept: too old"
        assert all(play.height(chain) == 1 for chain in CHAINS)
