"""SYN-8: all chains follow one history."""

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import CHAINS, ETH, PRIMARY, USD, A, C


@upholds("SYN-8")
class TestOneHistory:
    """There is one history: no two chains ever accept different blocks at one number."""

    def test_two_blocks_at_one_number__disjoint_chains__only_the_primarys_is_accepted(self, story: Story) -> None:
        """Both blocks are valid and every chain concerned would take its own; the primary decides for all."""
        on_a = story.swap(A, USD, 1_000, PRIMARY, USD)
        on_c = story.swap(C, USD, 2_000, PRIMARY, USD)
        left = story.seal(story.genesis, [on_a])
        right = story.seal(story.genesis, [on_c])
        story.commit(A, left)
        story.prove(A)
        story.commit(C, right)
        story.prove(C)
        story.commit(PRIMARY, left)
        story.prove(PRIMARY)
        story.exchange()
        assert [story.status(chain)[2] for chain in (A, PRIMARY, C)] == [1, 1, 0]
        assert refused(story.execute, C) == "execute: not accepted"
        story.drain()
        hashes = {story.links[chain][number].stored.sync_hash for chain in CHAINS for number in (1,)}
        assert len(hashes) == 1
        story.check()
        story.check_settled()

    def test_chain_proves_alone__accepts_nothing(self, story: Story) -> None:
        story.swap(A, USD, 1_000, A, ETH)
        sealed = story.seal_waiting(story.genesis)
        story.commit(A, sealed)
        story.prove(A)
        assert story.status(A) == (1, 1, 0, 0)
        assert refused(story.execute, A) == "execute: not accepted"

    def test_accept__primary_is_ahead__only_what_is_proven_here(self, story: Story) -> None:
        first = story.seal(story.genesis, [])
        second = story.seal(first, [])
        for sealed in (first, second):
            story.commit(PRIMARY, sealed)
        story.prove(PRIMARY)
        story.commit(A, first)
        story.commit(A, second)
        story.prove(A, 1)
        story.deliver(A, story.acknowledge(PRIMARY, 2))
        assert story.status(A) == (2, 1, 0, 0)
        story.deliver(A, story.acknowledge(PRIMARY, 1))
        assert story.status(A) == (2, 1, 1, 0)
        story.prove(A)
        assert story.status(A) == (2, 2, 2, 0)
