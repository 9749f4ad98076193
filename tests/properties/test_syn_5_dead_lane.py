"""SYN-5: a chain that is down delays only what concerns it."""

from tests.support.books.play import Play
from tests.support.three_chains import USD, A, B, C
from tests.support.upholds import upholds


@upholds("SYN-5")
class TestDeadLane:
    """A chain that is down delays what concerns it; the others go on until it matters, and later everything is made up
    for.
    """

    def test_chain_down__others_accept__it_catches_up_and_all_execute(self, play: Play) -> None:
        for number in range(1, 4):
            play.swap(A, USD, 1_000 + number, B, USD)
            sealed = play.seal_waiting(play.history[B][-1] or play.genesis)
            for chain in (A, B):
                play.commit(chain, sealed)
                play.prove(chain)
        play.exchange()
        for chain in (A, B):
            play.execute(chain, count=3)
        play.check_settled()
        for number in range(1, 4):
            sealed = play.history[B][number] or play.genesis
            play.commit(C, sealed)
        play.prove(C)
        play.exchange()
        play.execute(C, count=3)
        assert play.status(C) == (3, 3, 3, 3)
        play.check()

    def test_messages_that_came_while_it_was_down__still_count(self, play: Play) -> None:
        """Nobody has to send anything twice: what is known is announced again by whoever likes."""
        play.swap(A, USD, 1_000, B, USD)
        sealed = play.seal_waiting(play.genesis)
        for chain in (A, B):
            play.commit(chain, sealed)
            play.prove(chain)
        play.exchange()
        play.commit(C, sealed)
        play.prove(C)
        play.apply(C, B, 1)
        play.apply(C, A, 1)
        play.execute(C)
        assert play.status(C) == (1, 1, 1, 1)
