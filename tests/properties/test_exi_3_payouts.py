"""EXI-3: no recipient holds up a block."""

import pytest

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    DEPOSITORS,
    ETH,
    GOVERNOR,
    RECIPIENTS,
    USD,
    A,
    B,
    C,
    ReceiverMode,
    TokenMode,
    unit,
)


@upholds("EXI-3")
class TestPayouts:
    """Payouts push with bounded gas and fall back to pull; return bombs, reverts and gas burners never block it."""

    @pytest.mark.parametrize("mode", [ReceiverMode.REFUSE, ReceiverMode.BURN, ReceiverMode.BOMB], ids=lambda m: m.name)
    def test_execute__receiver_is_hostile__owed_and_others_paid(self, story: Story, mode: ReceiverMode) -> None:
        hostile = story.side(A).receiver.address
        story.set_receiver_mode(A, mode)
        for recipient in (hostile, RECIPIENTS[1], hostile):
            story.swap(B, ETH, unit(ETH), A, ETH, recipient=recipient)
        before = story.side(A).balance(ETH, RECIPIENTS[1])
        story.settle()
        assert story.side(A).balance(ETH, RECIPIENTS[1]) - before == unit(ETH)
        story.check()
        story.check_pending()
        assert story.withdraw(A, ETH, hostile.lower(), RECIPIENTS[0]) == 2 * unit(ETH)
        story.check()

    def test_execute__receiver_burns__bounded_gas(self, story: Story) -> None:
        hostile = story.side(A).receiver.address
        story.set_receiver_mode(A, ReceiverMode.BURN)
        for _ in range(4):
            story.swap(B, ETH, unit(ETH), A, ETH, recipient=hostile)
        sealed = story.seal_waiting(story.genesis)
        for chain in (A, B, C):
            story.commit(chain, sealed)
            story.prove(chain)
        story.exchange()
        story.execute(A, gas=4 * 150_000 + 300_000)
        assert len(story.ledger.pending_l1) == 1
        story.check()

    def test_execute__caller_gives_little_gas__nothing_is_deferred_by_that(self, story: Story) -> None:
        """Whoever executes cannot choose that a healthy payment fails: with too little gas the whole call reverts."""
        story.swap(B, ETH, unit(ETH), A, ETH)
        story.swap(A, ETH, unit(ETH), B, ETH)
        sealed = story.seal_waiting(story.genesis)
        for chain in (A, B, C):
            story.commit(chain, sealed)
            story.prove(chain)
        story.exchange()
        for chain in (A, B):
            for gas in range(60_000, 420_000, 4_000):
                with story.world.rollback():
                    if self.is_executed_with(story, chain, gas):
                        assert story.side(chain).bridge.pending_balance(RECIPIENTS[0], ETH) == 0

    @staticmethod
    def is_executed_with(story: Story, chain: int, gas: int) -> bool:
        """Whether the block executes with this much gas."""
        link = story.links[chain][1]  # type: ignore[index]
        try:
            story.side(chain).bridge.execute_blocks([link.execute_args()], gas=gas)  # type: ignore[arg-type]
        except Exception as error:
            assert type(error).__name__ == "Reverted"
            return False
        return True

    def test_execute__receiver_reenters__refused_inside_and_paid(self, story: Story) -> None:
        receiver = story.side(A).receiver
        story.swap(B, ETH, unit(ETH), A, ETH, recipient=receiver.address)
        story.set_receiver_mode(
            A, ReceiverMode.REENTER, story.side(A).bridge.encode("withdraw_pending_balance", ETH, DEPOSITORS[0])
        )
        story.settle()
        assert receiver.reentries() == 0
        story.check()

    def test_pause__stops_swaps_only(self, story: Story) -> None:
        story.set_token_mode(B, USD, TokenMode.REVERT)
        story.swap(A, USD, 5_000, B, USD)
        story.settle()
        story.set_token_mode(B, USD, TokenMode.HONEST)
        waiting = story.swap(A, USD, 6_000, B, USD)
        for chain in (A, B):
            story.side(chain).registry.set_paused(USD, True, sender=GOVERNOR)
        assert refused(story.swap, A, USD, 5_000, B, USD) == "bridge: token paused"
        story.withdraw(B, USD, RECIPIENTS[0])
        payout = story.seal(story.history[B][-1] or story.genesis, [waiting]).payouts()[0]
        story.fill(payout, DEPOSITORS[1])
        story.settle()
        story.check()
        story.check_settled()
