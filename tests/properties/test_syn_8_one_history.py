"""SYN-8: all chains follow one history."""

from tests.support.books.chains import ETH
from tests.support.books.play import Play, refused
from tests.support.three_chains import CHAINS, PRIMARY, USD, A, C
from tests.support.upholds import upholds


@upholds("SYN-8")
class TestOneHistory:
    """There is one history: no two chains ever accept different blocks at one number."""

    def test_two_blocks_at_one_number__disjoint_chains__only_the_primarys_is_accepted(self, play: Play) -> None:
        """Both blocks are valid and every chain concerned would take its own; the primary decides for all."""
        on_a = play.swap(A, USD, 1_000, PRIMARY, USD)
        on_c = play.swap(C, USD, 2_000, PRIMARY, USD)
        left = play.seal(play.genesis, [on_a])
        right = play.seal(play.genesis, [on_c])
        play.commit(A, left)
        play.prove(A)
        play.commit(C, right)
        play.prove(C)
        play.commit(PRIMARY, left)
        play.prove(PRIMARY)
        play.exchange()
        assert [play.status(chain)[2] for chain in (A, PRIMARY, C)] == [1, 1, 0]
        assert refused(play.execute, C) == "execute: not accepted"
        play.drain()
        hashes = {play.committed[chain][number].stored.sync_hash for chain in CHAINS for number in (1,)}
        assert len(hashes) == 1
        play.check()
        play.check_settled()

    def test_chain_proves_alone__accepts_nothing(self, play: Play) -> None:
        play.swap(A, USD, 1_000, A, ETH)
        sealed = play.seal_waiting(play.genesis)
        play.commit(A, sealed)
        play.prove(A)
        assert play.status(A) == (1, 1, 0, 0)
        assert refused(play.execute, A) == "execute: not accepted"

    def test_accept__primary_is_ahead__only_what_is_proven_here(self, play: Play) -> None:
        first = play.seal(play.genesis, [])
        second = play.seal(first, [])
        for sealed in (first, second):
            play.commit(PRIMARY, sealed)
        play.prove(PRIMARY)
        play.commit(A, first)
        play.commit(A, second)
        play.prove(A, 1)
        play.deliver(A, play.acknowledge(PRIMARY, 2))
        assert play.status(A) == (2, 1, 0, 0)
        play.deliver(A, play.acknowledge(PRIMARY, 1))
        assert play.status(A) == (2, 1, 1, 0)
        play.prove(A)
        assert play.status(A) == (2, 2, 2, 0)
