"""SOL-9: a donation blocks nothing."""

from tests.support.books.chains import BNB, ETH, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import DEPOSITORS, USD, A, B, C
from tests.support.upholds import upholds


@upholds("SOL-9")
class TestDonations:
    """A donation blocks nothing; no external call is made with a caller's data while holding allowances."""

    def test_every_step__after_donations__works_as_before(self, play: Play) -> None:
        for site in play.chains.sites():
            play.donate(site.chain, site.token, 12_345)
        play.swap(A, USD, 5_000, B, USD)
        play.swap(A, ETH, unit(ETH), C, ETH)
        play.swap(C, BNB, unit(BNB), A, USD)
        play.settle()
        play.check()
        play.check_settled()

    def test_swap__allowance_of_another__not_used(self, play: Play) -> None:
        """A caller spends its own tokens only: no argument of any function names an owner to pull from."""
        here = play[A]
        poor = "0x" + "77" * 20
        before = here.balance(USD, DEPOSITORS[0])
        order = play.order(here.sites[USD], 5_000, B, USD, poor)
        refused(here.bridge.swap, order, sender=poor)
        permit = (5_000, 2**256 - 1, 27, b"\1" * 32, b"\2" * 32)
        refused(here.bridge.swap_with_permit, order, permit, sender=poor)
        request = play.swap(B, USD, 5_000, A, USD)
        payout = play.seal(play.genesis, [request]).payouts()[0]
        before = here.balance(USD, DEPOSITORS[0])
        refused(here.bridge.fill, list(payout.words()), poor, sender=poor)
        assert here.balance(USD, DEPOSITORS[0]) == before

    def test_swap__recipient_is_a_bridge__refused(self, play: Play) -> None:
        """A payout from a bridge to itself would be lost."""
        for chain in (B, C):
            bridge = play[chain].bridge.address
            assert refused(play.swap, A, USD, 5_000, chain, USD, recipient=bridge) == "swap: recipient is a bridge"
