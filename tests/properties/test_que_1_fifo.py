"""QUE-1: requests are consumed first in, first out, once."""

import pytest

from tests.support.sealed import forge_view
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import CHAINS, PRIMARY, USD, A, B, C
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Lane


def fill_queue(story: Story, count: int = 3) -> list[SwapRequest]:
    """Some requests on A."""
    return [story.swap(A, USD, 1_000 + i, C, USD) for i in range(count)]


@upholds("QUE-1")
class TestQueue:
    """Strict first in, first out on each chain; each request is consumed exactly once across commit, revert and
    execute.
    """

    @pytest.mark.parametrize("order", [(1,), (1, 0), (0, 2), (0, 0), (0, 1, 1)], ids=str)
    def test_commit__requests_skipped_reordered_or_repeated__refused(
        self, story: Story, order: tuple[int, ...]
    ) -> None:
        requests = fill_queue(story)
        sealed = story.seal(story.genesis, [requests[i] for i in order])
        assert refused(story.commit, A, sealed) == "commit: not the queued requests"

    def test_commit__request_that_nobody_made__refused_on_its_chain_only(self, story: Story) -> None:
        fill_queue(story, 1)
        sealed = story.seal(story.genesis, [story.invent_request(A, USD, 10**9, C, USD)])
        assert refused(story.commit, A, sealed) == "commit: not the queued requests"
        story.commit(C, sealed)

    def test_commit__request_changed__refused(self, story: Story) -> None:
        [request] = fill_queue(story, 1)
        sealed = story.seal(story.genesis, [request])
        honest = sealed.view(A)
        for position in range(5):
            words = list(honest.words)
            words[position] ^= 1
            refused(story.commit_view, A, forge_view(honest, words))
        story.commit(A, sealed)

    def test_commit__already_consumed__refused(self, story: Story) -> None:
        requests = fill_queue(story)
        story.settle(requests[0])
        tip = story.history[PRIMARY][-1]
        assert tip is not None
        again = story.seal(tip, [requests[0]])
        assert refused(story.commit, A, again) == "commit: not the queued requests"
        story.settle(*requests[1:])
        story.check_settled()

    def test_revert__committed_and_proven__requests_are_queued_again(self, story: Story) -> None:
        requests = fill_queue(story)
        first = story.seal(story.genesis, requests[:2])
        story.commit(A, first)
        story.prove(A)
        bridge = story.side(A).bridge
        assert bridge.request_counts(Lane.SWAP) == (3, 0)
        story.revert(A, 0)
        assert [bridge.request_status(Lane.SWAP, i) for i in (1, 2, 3)] == [1, 1, 1]
        assert refused(story.commit, A, story.seal(story.genesis, requests[2:])) == "commit: not the queued requests"
        story.settle(*requests)
        assert bridge.request_counts(Lane.SWAP) == (3, 3)
        story.check()
        story.check_settled()

    def test_revert__accepted_block__refused(self, story: Story) -> None:
        fill_queue(story)
        story.settle()
        for chain in CHAINS:
            assert refused(story.revert, chain, 0) == "revert: already accepted"

    def test_execute__counts_follow_the_blocks(self, story: Story) -> None:
        for request in fill_queue(story):
            story.settle(request)
            executed = request.request_id
            assert story.side(A).bridge.request_counts(Lane.SWAP) == (3, executed)
        story.check_settled()

    def test_commit__before_a_request_was_queued__refused(self, story: Story) -> None:
        early = story.now()
        story.advance(500)
        [request] = fill_queue(story, 1)
        sealed = story.seal(story.genesis, [request], timestamp=early)
        assert refused(story.commit, A, sealed) == "commit: before a request"

    def test_commit__time_out_of_bounds__refused(self, story: Story) -> None:
        start = story.now()
        future = story.seal(story.genesis, [], timestamp=start + 901)
        old = story.seal(story.genesis, [], timestamp=start)
        assert refused(story.commit, A, future) == "commit: in the future"
        story.settle()
        backwards = story.seal(story.history[A][-1] or story.genesis, [], timestamp=start - 1)
        assert refused(story.commit, A, backwards) == "commit: before the last block"
        story.advance(3_601)
        assert refused(story.commit, B, story.seal(old, [], timestamp=start)) == "commit: too old"
