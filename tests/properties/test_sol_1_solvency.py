"""SOL-1: every bridge holds what it owes, as short stories; the state machines play them at random."""

from tests.support.books.chains import ETH, ODD, ReceiverMode, TokenMode, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import MOST, RECIPIENTS, USD, A, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import Kind


@upholds("SOL-1")
class TestSolvency:
    """On every chain, for every token, after every step: balance >= pending balances + reserve + open requests.

    The books of the test say more: the balance is that sum and what was donated, to the last unit.
    """

    def test_life_of_a_block__paid_and_refunded__books_agree_after_every_step(self, play: Play) -> None:
        paid = play.swap(A, USD, 500 * unit(USD), B, ETH, operator_fee=unit(USD))
        play.check()
        refunded = play.swap(B, USD, 700 * unit(USD), A, ETH, min_out=10**6 * unit(ETH))
        play.check()
        sealed = play.seal_waiting(play.genesis)
        for chain in (B, A, C):
            play.enter(chain, sealed)
            play.check()
        for chain in (A, B, C):
            play.execute_all(chain)
            play.check()
        assert play.end_of(paid) == Kind.SWAP_PAID
        assert play.end_of(refunded) == Kind.SWAP_REFUNDED

    def test_swap__token_takes_a_fee__only_what_arrived_is_credited(self, play: Play) -> None:
        play.set_token_mode(A, ODD, TokenMode.FEE)
        play.swap(A, ODD, 100 * unit(ODD), B, ODD, arrives=99 * unit(ODD))
        play.check()

    def test_swap__reentered_while_tokens_come_in__credited_once(self, play: Play) -> None:
        site = play[A].sites[ODD]
        order = play.order(site, 5 * unit(ODD), B, ODD, recipient=RECIPIENTS[0])
        play.set_token_mode(A, ODD, TokenMode.REENTER, play[A].bridge.encode("swap", order))
        play.swap(A, ODD, 5 * unit(ODD), B, ODD)
        assert site.contract is not None and site.contract.reentries() == 0
        play.check()

    def test_execute__payout__custody_falls_by_it(self, play: Play) -> None:
        play.swap(A, ETH, unit(ETH), C, ETH)
        play.settle()
        play.check()

    def test_withdraw__twice__paid_once(self, play: Play) -> None:
        play.set_token_mode(B, ODD, TokenMode.REVERT)
        play.swap(A, ODD, 10 * unit(ODD), B, ODD)
        play.settle()
        play.check()
        play.check_pending()
        play.set_token_mode(B, ODD, TokenMode.HONEST)
        play.withdraw(B, ODD, RECIPIENTS[0])
        assert refused(play.withdraw, B, ODD, RECIPIENTS[0]) == "custody: nothing pending"
        play.check()

    def test_withdraw__reentered_while_it_pays__paid_once(self, play: Play) -> None:
        receiver = play[A].receiver
        play.set_receiver_mode(A, ReceiverMode.REFUSE)
        play.swap(B, ETH, unit(ETH), A, ETH, recipient=receiver.address)
        play.settle()
        again = play[A].bridge.encode("withdraw_pending_balance", ETH, receiver.address, MOST)
        play.set_receiver_mode(A, ReceiverMode.REENTER, again)
        play.withdraw(A, ETH, receiver.address.lower())
        assert receiver.reentries() == 0
        play.check()

    def test_swap__above_the_cap__refused(self, play: Play) -> None:
        bridge = play[A].bridge
        held = bridge.custody(USD)
        play.set_limits(A, USD, 1, held + 10)
        play.swap(A, USD, 10, B, USD)
        assert refused(play.swap, A, USD, 1, B, USD) == "custody: above the cap"
        play.check()
