"""SOL-5: a fill is repaid once, and a payout is never paid twice."""

from tests.properties.first_blocks import sealed_payout
from tests.support.books.chains import ETH, ReceiverMode, TokenMode, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import BROKERS, RECIPIENTS, USD, A, B
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, MAX_AGE_SECONDS, Kind


@upholds("SOL-5")
class TestFills:
    """A broker whose fill's payout executes is repaid the gross amount exactly once; a payout is never paid twice;
    between a fill and the execution of the same payout there is one winner.
    """

    def test_fill__before_execution__recipient_gets_net_broker_gets_gross(self, play: Play) -> None:
        request, payout = sealed_payout(play, fill_fee=50)
        here = play[B]
        scale = here.sites[USD].scale
        recipient, broker = here.balance(USD, RECIPIENTS[0]), here.balance(USD, BROKERS[0])
        play.fill(payout, BROKERS[0])
        assert here.balance(USD, RECIPIENTS[0]) - recipient == 4_950 * scale
        assert here.balance(USD, BROKERS[0]) - broker == -4_950 * scale
        here.evm.time += FILL_LEAD_SECONDS
        play.settle(request)
        assert here.balance(USD, RECIPIENTS[0]) - recipient == 4_950 * scale
        assert here.balance(USD, BROKERS[0]) - broker == 50 * scale
        assert play.books.repaid[payout.fill_key(play.chains.deployment_hash)] == 1
        play.check()

    def test_fill__twice__refused(self, play: Play) -> None:
        _, payout = sealed_payout(play)
        play.fill(payout, BROKERS[0])
        for broker in BROKERS:
            assert refused(play.fill, payout, broker) == "fills: already filled"
        play.check()

    def test_fill__after_execution__refused(self, play: Play) -> None:
        request, payout = sealed_payout(play)
        play.settle(request)
        assert refused(play.fill, payout, BROKERS[0]) == "fills: already executed"
        play.check()

    def test_fill__of_a_refund__refused(self, play: Play) -> None:
        request, _ = sealed_payout(play)
        refund = Payout.refunded(request)
        assert refused(play.fill, refund, BROKERS[0]) == "fill: not a payment"

    def test_fill__block_aged_out_and_sealed_again__repaid_once(self, play: Play) -> None:
        request, payout = sealed_payout(play)
        first = play.seal_waiting(play.genesis)
        play.fill(payout, BROKERS[1])
        play.advance(MAX_AGE_SECONDS + 1)
        assert refused(play.accept, first) == "accept: too old"
        play.settle()
        assert play.end_of(request) == Kind.SWAP_PAID
        assert play.books.repaid[payout.fill_key(play.chains.deployment_hash)] == 1
        play.check()

    def test_fill__token_delivers_less__refused(self, play: Play) -> None:
        _, payout = sealed_payout(play)
        for mode in (TokenMode.FEE, TokenMode.LIE, TokenMode.NO, TokenMode.REVERT):
            play.set_token_mode(B, USD, mode)
            refused(play.fill, payout, BROKERS[0])
            assert play[B].repaid(payout.fill_key(play.chains.deployment_hash)) == "0x" + "00" * 20
        play.check()

    def test_fill__recipient_reenters__one_fill(self, play: Play) -> None:
        receiver = play[A].receiver
        request = play.swap(B, ETH, unit(ETH), A, ETH, recipient=receiver.address)
        payout = play.seal(play.genesis, [request]).payouts()[0]
        again = play[A].bridge.encode("fill", list(payout.words()), BROKERS[0])
        play.set_receiver_mode(A, ReceiverMode.REENTER, again)
        play.fill(payout, BROKERS[0])
        assert receiver.reentries() == 0
        play.settle(request)
        play.check()

    def test_fill__broker_that_cannot_be_paid__is_owed(self, play: Play) -> None:
        request, payout = sealed_payout(play)
        play.fill(payout, BROKERS[0])
        play.set_token_mode(B, USD, TokenMode.REVERT)
        play.settle(request)
        play.set_token_mode(B, USD, TokenMode.HONEST)
        assert play.withdraw(B, USD, BROKERS[0]) == 5_000 * play[B].sites[USD].scale
        play.check()
