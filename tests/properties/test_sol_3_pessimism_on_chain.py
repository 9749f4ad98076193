"""SOL-3 on chains: no chain releases more than came in, as short stories; the machines play them at random."""

from tests.support.books.chains import ETH, unit
from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import RECIPIENTS, USD, A, C
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, Kind


@upholds("SOL-3")
class TestPessimism:
    """No chain ever releases more of a token than its own net inflow, whatever is corrupt elsewhere."""

    def test_execute__request_forged_elsewhere__pays_no_more_than_the_reserve(self, play: Play) -> None:
        """Dishonest groups and a valid block with an invented deposit: the state's reserve of this chain bounds the
        payout.
        """
        play.keep_sums_only()
        reserve = play.books.custody[C, ETH]
        huge = play.invent_request(A, ETH, reserve + 1, C, ETH)
        sealed = play.seal(play.genesis, [huge])
        assert sealed.payouts()[0].kind == Kind.SWAP_REFUNDED
        most = play.invent_request(A, ETH, reserve, C, ETH)
        play.force(C, play.seal(play.genesis, [most]))
        play.execute(C)
        play.check()
        assert play.books.custody[C, ETH] == 0

    def test_execute__payout_above_custody__refused_even_with_a_false_proof(self, play: Play) -> None:
        """With the proof system broken as well, the second lock holds: donated coins and pending balances are out of
        reach.
        """
        reserve = play.books.custody[C, ETH]
        play.donate(C, ETH, 10 * reserve)
        request = play.swap(A, ETH, unit(ETH), C, ETH)
        sealed = play.seal(play.genesis, [request])
        payout = Payout.paid(request, Amount(reserve + 1))
        view = forge_view(sealed.view(C), payout.words())
        play.force_view(C, view)
        assert refused(play.execute, C) == "custody: more than came in"
        play.check()

    def test_execute__same_payout_in_two_blocks__paid_once(self, play: Play) -> None:
        """A corrupt source that repeats a request id makes a payout with the same key: it is paid once and blocks
        nothing.
        """
        request = play.swap(A, USD, unit(USD), C, USD)
        first = play.seal(play.genesis, [request])
        play.force(C, first)
        play.execute(C)
        before = play[C].balance(USD, RECIPIENTS[0])
        payout = first.payouts()[0]
        empty = play.seal(first, [play.invent_request(A, USD, unit(USD), C, USD)])
        play.force_view(C, forge_view(empty.view(C), payout.words()))
        play[C].history.execute(2, list(payout.words()), 1)
        assert play[C].balance(USD, RECIPIENTS[0]) == before
        play.check()
