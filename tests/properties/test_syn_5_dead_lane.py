"""SYN-5: a chain that is down delays only what concerns it."""

from tests.support.story import Story
from tests.support.upholds import upholds
from tests.support.world import USD, A, B, C


@upholds("SYN-5")
class TestDeadLane:
    """A chain that is down delays what concerns it; the others go on until it matters, and later everything is made up
    for.
    """

    def test_chain_down__others_accept__it_catches_up_and_all_execute(self, story: Story) -> None:
        for number in range(1, 4):
            story.swap(A, USD, 1_000 + number, B, USD)
            sealed = story.seal_waiting(story.history[B][-1] or story.genesis)
            for chain in (A, B):
                story.commit(chain, sealed)
                story.prove(chain)
        story.exchange()
        for chain in (A, B):
            story.execute(chain, count=3)
        story.check_settled()
        for number in range(1, 4):
            sealed = story.history[B][number] or story.genesis
            story.commit(C, sealed)
        story.prove(C)
        story.exchange()
        story.execute(C, count=3)
        assert story.status(C) == (3, 3, 3, 3)
        story.check()

    def test_messages_that_came_while_it_was_down__still_count(self, story: Story) -> None:
        """Nobody has to send anything twice: what is known is announced again by whoever likes."""
        story.swap(A, USD, 1_000, B, USD)
        sealed = story.seal_waiting(story.genesis)
        for chain in (A, B):
            story.commit(chain, sealed)
            story.prove(chain)
        story.exchange()
        story.commit(C, sealed)
        story.prove(C)
        story.apply(C, B, 1)
        story.apply(C, A, 1)
        story.execute(C)
        assert story.status(C) == (1, 1, 1, 1)
