"""QUE-1: requests are consumed first in, first out, once."""

import pytest

from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import CHAINS, PRIMARY, USD, A, B, C
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Lane


def fill_queue(play: Play, count: int = 3) -> list[SwapRequest]:
    """Some requests on A."""
    return [play.swap(A, USD, 1_000 + i, C, USD) for i in range(count)]


@upholds("QUE-1")
class TestQueue:
    """Strict first in, first out on each chain; each request is consumed exactly once across commit, revert and
    execute.
    """

    @pytest.mark.parametrize("order", [(1,), (1, 0), (0, 2), (0, 0), (0, 1, 1)], ids=str)
    def test_commit__requests_skipped_reordered_or_repeated__refused(self, play: Play, order: tuple[int, ...]) -> None:
        requests = fill_queue(play)
        sealed = play.seal(play.genesis, [requests[i] for i in order])
        assert refused(play.commit, A, sealed) == "commit: not the queued requests"

    def test_commit__request_that_nobody_made__refused_on_its_chain_only(self, play: Play) -> None:
        fill_queue(play, 1)
        sealed = play.seal(play.genesis, [play.invent_request(A, USD, 10**9, C, USD)])
        assert refused(play.commit, A, sealed) == "commit: not the queued requests"
        play.commit(C, sealed)

    def test_commit__request_changed__refused(self, play: Play) -> None:
        [request] = fill_queue(play, 1)
        sealed = play.seal(play.genesis, [request])
        honest = sealed.view(A)
        for position in range(5):
            words = list(honest.words)
            words[position] ^= 1
            refused(play.commit_view, A, forge_view(honest, words))
        play.commit(A, sealed)

    def test_commit__already_consumed__refused(self, play: Play) -> None:
        requests = fill_queue(play)
        play.settle(requests[0])
        tip = play.history[PRIMARY][-1]
        assert tip is not None
        again = play.seal(tip, [requests[0]])
        assert refused(play.commit, A, again) == "commit: not the queued requests"
        play.settle(*requests[1:])
        play.check_settled()

    def test_revert__committed_and_proven__requests_are_queued_again(self, play: Play) -> None:
        requests = fill_queue(play)
        first = play.seal(play.genesis, requests[:2])
        play.commit(A, first)
        play.prove(A)
        bridge = play[A].bridge
        assert bridge.request_counts(Lane.SWAP) == (3, 0)
        play.revert(A, 0)
        assert [bridge.request_status(Lane.SWAP, i) for i in (1, 2, 3)] == [1, 1, 1]
        assert refused(play.commit, A, play.seal(play.genesis, requests[2:])) == "commit: not the queued requests"
        play.settle(*requests)
        assert bridge.request_counts(Lane.SWAP) == (3, 3)
        play.check()
        play.check_settled()

    def test_revert__accepted_block__refused(self, play: Play) -> None:
        fill_queue(play)
        play.settle()
        for chain in CHAINS:
            assert refused(play.revert, chain, 0) == "revert: already accepted"

    def test_execute__counts_follow_the_blocks(self, play: Play) -> None:
        for request in fill_queue(play):
            play.settle(request)
            executed = request.request_id
            assert play[A].bridge.request_counts(Lane.SWAP) == (3, executed)
        play.check_settled()

    def test_commit__before_a_request_was_queued__refused(self, play: Play) -> None:
        early = play.now()
        play.advance(500)
        [request] = fill_queue(play, 1)
        sealed = play.seal(play.genesis, [request], timestamp=early)
        assert refused(play.commit, A, sealed) == "commit: before a request"

    def test_commit__time_out_of_bounds__refused(self, play: Play) -> None:
        start = play.now()
        future = play.seal(play.genesis, [], timestamp=start + 901)
        old = play.seal(play.genesis, [], timestamp=start)
        assert refused(play.commit, A, future) == "commit: in the future"
        play.settle()
        backwards = play.seal(play.history[A][-1] or play.genesis, [], timestamp=start - 1)
        assert refused(play.commit, A, backwards) == "commit: before the last block"
        play.advance(3_601)
        assert refused(play.commit, B, play.seal(old, [], timestamp=start)) == "commit: too old"
