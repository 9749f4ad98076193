"""SYN-5: a member that is down delays only itself."""

from tests.properties.test_syn_1_confirmations import import_on, line_of
from tests.support.books.play import Play
from tests.support.three_chains import PRIMARY, USD, A, B, C
from tests.support.upholds import upholds


@upholds("SYN-5")
class TestDeadMember:
    """A member that is down delays what it pays itself; the others neither wait for it nor need it, and it makes up for
    everything later.
    """

    def test_member_down__others_accept_pay_and_import__it_catches_up(self, play: Play) -> None:
        for number in range(1, 4):
            play.swap(A, USD, 1_000 + number, B, USD)
            play.swap(B, USD, 1_000 + number, C, USD)
            sealed = play.seal_waiting(play.tip())
            for chain in (B, A):
                play.enter(chain, sealed, pay=True)
        assert play.height(C) == 0
        for sealed in play.missing(C):
            play.import_(C, sealed)
        play.execute_all(C)
        assert play.height(C) == 3
        play.check()
        play.check_settled()

    def test_facts_of_when_it_was_down__still_count(self, play: Play) -> None:
        """One ACC, of the last block, is enough for all of them, in as many calls as it takes."""
        blocks = [play.genesis]
        for number in range(1, 6):
            play.swap(A, USD, 1_000 + number, B, USD)
            blocks.append(play.seal_waiting(blocks[-1]))
            play.accept(blocks[-1])
        line = line_of(play, *blocks[1:])
        for first, last in ((1, 2), (3, 3), (4, 5)):
            import_on(play, C, line.import_call(C, first, last, 5))
        assert play[C].accepted_hash() == line.sync_hash(5) == play[PRIMARY].accepted_hash()
