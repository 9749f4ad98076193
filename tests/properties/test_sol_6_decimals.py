"""SOL-6: amounts convert exactly between L1 and layer 2, or not at all."""

from tests.support.books.chains import BNB, ODD, TokenMode
from tests.support.books.play import Play, refused
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.three_chains import DEPOSITORS, MINIMUM, RECIPIENTS, USD, A, B, C
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address


@upholds("SOL-6")
class TestDecimals:
    """Conversion between L1 and layer-2 units is exact both ways: what does not convert is refused, never rounded."""

    def test_swap__between_decimals__exact(self, play: Play) -> None:
        """6 decimals to 18 and back: one layer-2 unit stays one layer-2 unit."""
        there = play.swap(A, USD, 123_456_789, B, USD)
        back = play.swap(B, USD, 987_654_321, A, USD)
        before = {chain: play[chain].balance(USD, RECIPIENTS[0]) for chain in (A, B)}
        play.settle(there, back)
        assert play[B].balance(USD, RECIPIENTS[0]) - before[B] == 123_456_789 * 10**12
        assert play[A].balance(USD, RECIPIENTS[0]) - before[A] == 987_654_321
        play.check()

    def test_swap__not_a_multiple_of_the_scale__refused(self, play: Play) -> None:
        for chain, token in ((B, USD), (C, BNB), (C, ODD)):
            site = play[chain].sites[token]
            for excess in (1, site.scale // 2, site.scale - 1):
                l1_amount = MINIMUM * site.scale + excess
                order = (
                    token,
                    l1_amount,
                    A,
                    token,
                    0,
                    0,
                    0,
                    0,
                    universal_address(RECIPIENTS[0]),
                    RECIPIENTS[0],
                    FAR_DEADLINE,
                )
                value = l1_amount if site.contract is None else 0
                bridge = play[chain].bridge
                reason = refused(bridge.swap, order, sender=DEPOSITORS[0], value=value)
                assert reason == "bridge: amount not convertible"
        play.check()

    def test_swap__fee_token_leaves_a_remainder__refused(self, play: Play) -> None:
        site = play[C].sites[ODD]
        play.set_token_mode(C, ODD, TokenMode.FEE)
        order = (
            ODD,
            101 * site.scale,
            A,
            ODD,
            0,
            0,
            0,
            0,
            universal_address(RECIPIENTS[0]),
            RECIPIENTS[0],
            FAR_DEADLINE,
        )
        assert refused(play[C].bridge.swap, order, sender=DEPOSITORS[0]) == "bridge: amount not convertible"
