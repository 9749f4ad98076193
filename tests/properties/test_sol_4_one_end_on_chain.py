"""SOL-4: every swap has one end."""

from tests.support.books.chains import BNB, ETH, ODD, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import CHAINS, PRIMARY, USD, A, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import Kind


@upholds("SOL-4")
class TestOneEnd:
    """A swap ends in exactly one of: paid on the destination, refunded on the source. Which of the two is decided by
    rule.
    """

    def test_swap__every_reason_for_a_refund__refunded_in_full(self, play: Play) -> None:
        soon = play.now() + 10
        requests = [
            play.swap(A, USD, 900, B, ETH, deadline=soon, operator_fee=5),
            play.swap(A, ETH, unit(ETH), B, USD, min_out=10**9 * unit(USD)),
            play.swap(B, USD, 10**6 * unit(USD), C, ETH),  # C does not hold that much
        ]
        no_pool = play.swap(C, BNB, 100_000, A, ODD)
        play.advance(60)
        play.settle(*requests)
        play.settle(no_pool)
        for request in (*requests, no_pool):
            assert play.end_of(request) == Kind.SWAP_REFUNDED
        play.check()
        play.check_settled()

    def test_execute__twice__refused(self, play: Play) -> None:
        play.swap(A, USD, 900, B, USD)
        play.settle()
        for chain in CHAINS:
            entry = play.committed[chain][1]
            assert refused(play.execute, chain, entries=[entry]) == "execute: not the next block"
        play.check()
        play.check_settled()

    def test_resealed_after_revert__paid_becomes_refunded__one_end(self, play: Play) -> None:
        request = play.swap(A, USD, 900, B, USD, deadline=play.now() + 100)
        first = play.seal_waiting(play.genesis)
        play.commit(B, first)
        play.commit(A, first)
        play.prove(A)
        assert first.payouts()[0].kind == Kind.SWAP_PAID
        play.revert(B, 0)
        play.revert(A, 0)
        play.advance(200)
        play.settle()
        assert play.end_of(request) == Kind.SWAP_REFUNDED
        assert all(play.status(chain) == (1, 1, 1, 1) for chain in CHAINS)
        play.check()
        play.check_settled()

    def test_execute__payouts_left_out_added_or_changed__refused(self, play: Play) -> None:
        for amount in (900, 901):
            play.swap(A, USD, amount, PRIMARY, USD)
        sealed = play.seal_waiting(play.genesis)
        for chain in CHAINS:
            play.commit(chain, sealed)
            play.prove(chain)
        play.exchange()
        stored, words = play.committed[PRIMARY][1].execute_args()
        assert isinstance(words, list)
        bridge = play[PRIMARY].bridge
        for other in (
            words[:3],
            words[3:],
            [*words, *words[:3]],
            words[3:] + words[:3],
            [words[0] + 1, *words[1:]],
            [],
        ):
            assert refused(bridge.execute_blocks, [(stored, other)]) == "execute: other payouts"
        play.execute(PRIMARY)
        play.check()
