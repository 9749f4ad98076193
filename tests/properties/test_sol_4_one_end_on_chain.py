"""SOL-4: every swap has one end."""

from tests.support.books.chains import BNB, ETH, ODD, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import CHAINS, PRIMARY, RECIPIENTS, STRANGER, USD, A, B, C
from tests.support.upholds import upholds
from zklink.protocol.bridge_blocks import AcceptAgainCall, ImportCall
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, Kind


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
        sealed = play.settle()
        words = [word for payout in sealed.payouts() for word in payout.words()]
        for chain in CHAINS:
            assert refused(play[chain].history.execute, 1, words, 1) == "execute: other payouts"
        play.check()
        play.check_settled()

    def test_enter__block_that_is_there__nothing_happens_again(self, play: Play) -> None:
        play.swap(A, USD, 900, B, USD)
        sealed = play.settle()
        before = play[B].balance(USD, RECIPIENTS[0])
        evidence = play.chains.groups.acc(1, play.entries[A][1].sync_hash)
        for chain in CHAINS:
            view, entry = sealed.view(chain), play.entries[chain][0].follow(sealed.view(chain))
            if chain == PRIMARY:
                again = AcceptAgainCall(BlockNumber(1), (view.full(),), (), *evidence, True)
                play[chain].history.accept_again(*again.abi(), sender=STRANGER)
            else:
                imported = ImportCall(BlockNumber(1), (view.member(),), (), *evidence, True)
                play[chain].history.import_blocks(*imported.abi(), sender=STRANGER)
            assert play[chain].evm.events() == []
            assert entry.sync_hash == play.entries[chain][1].sync_hash
        assert play[B].balance(USD, RECIPIENTS[0]) == before
        play.check()
        play.check_settled()

    def test_resealed_after_the_first_aged_out__paid_becomes_refunded__one_end(self, play: Play) -> None:
        request = play.swap(A, USD, 900, B, USD, deadline=play.now() + 100)
        first = play.seal_waiting(play.genesis)
        assert first.payouts()[0].kind == Kind.SWAP_PAID
        play.advance(MAX_AGE_SECONDS + 1)
        assert refused(play.accept, first) == "accept: too old"
        play.settle()
        assert play.end_of(request) == Kind.SWAP_REFUNDED
        assert all(play.height(chain) == 1 for chain in CHAINS)
        play.check()
        play.check_settled()

    def test_execute__payouts_left_out_added_or_changed__refused(self, play: Play) -> None:
        for amount in (900, 901):
            play.swap(A, USD, amount, PRIMARY, USD)
        play.accept(play.seal_waiting(play.genesis))
        words = [word for payout in play.owed[PRIMARY][1] for word in payout.words()]
        history = play[PRIMARY].history
        for other in (
            words[:3],
            words[3:],
            [*words, *words[:3]],
            words[3:] + words[:3],
            [words[0] + 1, *words[1:]],
        ):
            assert refused(history.execute, 1, other, len(other) // 3) == "execute: other payouts"
        for other, count in ((words, 0), (words, 3), ([], 0)):
            assert refused(history.execute, 1, other, count) == "execute: count"
        play.execute(PRIMARY, count=1)
        assert refused(history.execute, 1, words, 2) == "execute: other payouts"
        play.execute(PRIMARY)
        play.check()
