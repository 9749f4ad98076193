"""SOL-9: a donation blocks nothing."""

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    BNB,
    DEPOSITORS,
    ETH,
    USD,
    A,
    B,
    C,
    unit,
)


@upholds("SOL-9")
class TestDonations:
    """A donation blocks nothing; no external call is made with a caller's data while holding allowances."""

    def test_every_step__after_donations__works_as_before(self, story: Story) -> None:
        for site in story.world.places():
            story.donate(site.chain, site.token, 12_345)
        story.swap(A, USD, 5_000, B, USD)
        story.swap(A, ETH, unit(ETH), C, ETH)
        story.swap(C, BNB, unit(BNB), A, USD)
        story.settle()
        story.check()
        story.check_settled()

    def test_swap__allowance_of_another__not_used(self, story: Story) -> None:
        """A caller spends its own tokens only: no argument of any function names an owner to pull from."""
        side = story.side(A)
        poor = "0x" + "77" * 20
        before = side.balance(USD, DEPOSITORS[0])
        order = story.order(side.sites[USD], 5_000, B, USD, poor)
        refused(side.bridge.swap, order, sender=poor)
        permit = (2**256 - 1, 27, b"\1" * 32, b"\2" * 32)
        refused(side.bridge.swap_with_permit, order, permit, sender=poor)
        request = story.swap(B, USD, 5_000, A, USD)
        payout = story.seal(story.genesis, [request]).payouts()[0]
        before = side.balance(USD, DEPOSITORS[0])
        refused(side.bridge.fill, list(payout.words()), sender=poor)
        assert side.balance(USD, DEPOSITORS[0]) == before

    def test_swap__recipient_is_a_bridge__refused(self, story: Story) -> None:
        """A payout from a bridge to itself would be lost."""
        for chain in (B, C):
            bridge = story.side(chain).bridge.address
            assert refused(story.swap, A, USD, 5_000, chain, USD, recipient=bridge) == "swap: recipient is a bridge"
