"""SOL-8: coin comes in only where it is the amount."""

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    BNB,
    DEPOSITORS,
    ETH,
    RECIPIENTS,
    USD,
    A,
    B,
    C,
    unit,
)


@upholds("SOL-8")
class TestCoin:
    """msg.value and the amount agree, and nothing can be locked by sending coin to the contract."""

    def test_swap__value_differs_from_the_amount__refused(self, story: Story) -> None:
        side = story.side(A)
        order = story.order(side.sites[ETH], unit(ETH), B, ETH, RECIPIENTS[0])
        for value in (0, unit(ETH) - 1, unit(ETH) + 1):
            assert (
                refused(side.bridge.swap, order, sender=DEPOSITORS[0], value=value) == "tokens: value is not the amount"
            )
        story.check()

    def test_swap_and_fill__token_with_value__refused(self, story: Story) -> None:
        side = story.side(A)
        order = story.order(side.sites[USD], 5_000, B, USD, RECIPIENTS[0])
        assert refused(side.bridge.swap, order, sender=DEPOSITORS[0], value=1) == "tokens: value with a token"
        request = story.swap(B, USD, 5_000, A, USD)
        payout = story.seal(story.genesis, [request]).payouts()[0]
        assert (
            refused(side.bridge.fill, list(payout.words()), sender=DEPOSITORS[0], value=1)
            == "tokens: value with a token fill"
        )

    def test_coin_sent_to_the_bridge__refused_by_every_function(self, story: Story) -> None:
        side = story.side(A)
        refused(side.mini.send, DEPOSITORS[0], side.bridge.address, b"", 1)
        refused(side.mini.send, DEPOSITORS[0], side.bridge.address, b"\x12\x34\x56\x78", 1)
        for name in ("withdraw_pending_balance",):
            refused(side.bridge.withdraw_pending_balance, ETH, DEPOSITORS[0], sender=DEPOSITORS[0], value=1)
            assert name
        refused(side.bridge.execute_blocks, [], value=1)
        refused(side.bridge.full_exit, 0, ETH, sender=DEPOSITORS[0], value=1)
        refused(side.exodus.freeze_for_execution, sender=DEPOSITORS[0], value=1)
        story.check()

    def test_coin__there_and_back__to_the_last_wei(self, story: Story) -> None:
        """ETH is coin on A and an ERC-20 on B; BNB is coin with fewer layer-2 decimals on C."""
        before = story.side(A).balance(ETH, RECIPIENTS[0]), story.side(C).balance(BNB, RECIPIENTS[0])
        story.swap(B, ETH, 3 * unit(ETH) + 1, A, ETH)
        story.swap(A, BNB, 2 * unit(BNB) + 1, C, BNB)
        story.settle()
        assert story.side(A).balance(ETH, RECIPIENTS[0]) - before[0] == 3 * 10**18 + 1
        assert story.side(C).balance(BNB, RECIPIENTS[0]) - before[1] == 2 * 10**18 + 10**10
        story.check()
