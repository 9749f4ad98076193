"""SOL-6: amounts convert exactly between L1 and layer 2, or not at all."""

from tests.support.ledger import universal_address
from tests.support.scene import FAR_DEADLINE
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    BNB,
    DEPOSITORS,
    MINIMUM,
    ODD,
    RECIPIENTS,
    USD,
    A,
    B,
    C,
    TokenMode,
)


@upholds("SOL-6")
class TestDecimals:
    """Conversion between L1 and layer-2 units is exact both ways: what does not convert is refused, never rounded."""

    def test_swap__between_decimals__exact(self, story: Story) -> None:
        """6 decimals to 18 and back: one layer-2 unit stays one layer-2 unit."""
        there = story.swap(A, USD, 123_456_789, B, USD)
        back = story.swap(B, USD, 987_654_321, A, USD)
        before = {chain: story.side(chain).balance(USD, RECIPIENTS[0]) for chain in (A, B)}
        story.settle(there, back)
        assert story.side(B).balance(USD, RECIPIENTS[0]) - before[B] == 123_456_789 * 10**12
        assert story.side(A).balance(USD, RECIPIENTS[0]) - before[A] == 987_654_321
        story.check()

    def test_swap__not_a_multiple_of_the_scale__refused(self, story: Story) -> None:
        for chain, token in ((B, USD), (C, BNB), (C, ODD)):
            site = story.side(chain).sites[token]
            for excess in (1, site.scale // 2, site.scale - 1):
                l1_amount = MINIMUM * site.scale + excess
                order = (token, l1_amount, A, token, 0, 0, 0, universal_address(RECIPIENTS[0]), FAR_DEADLINE)
                value = l1_amount if site.contract is None else 0
                bridge = story.side(chain).bridge
                reason = refused(bridge.swap, order, sender=DEPOSITORS[0], value=value)
                assert reason == "bridge: amount not convertible"
        story.check()

    def test_swap__fee_token_leaves_a_remainder__refused(self, story: Story) -> None:
        site = story.side(C).sites[ODD]
        story.set_token_mode(C, ODD, TokenMode.FEE)
        order = (ODD, 101 * site.scale, A, ODD, 0, 0, 0, universal_address(RECIPIENTS[0]), FAR_DEADLINE)
        assert refused(story.side(C).bridge.swap, order, sender=DEPOSITORS[0]) == "bridge: amount not convertible"
