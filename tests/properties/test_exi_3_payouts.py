"""EXI-3: no recipient holds up a block."""

import pytest

from tests.support.books.chains import ETH, ReceiverMode, TokenMode, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import DEPOSITORS, GOVERNOR, MOST, RECIPIENTS, USD, A, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import ChainId


@upholds("EXI-3")
class TestPayouts:
    """Payouts push with bounded gas and fall back to pull; return bombs, reverts and gas burners never block it."""

    @pytest.mark.parametrize("mode", [ReceiverMode.REFUSE, ReceiverMode.BURN, ReceiverMode.BOMB], ids=lambda m: m.name)
    def test_execute__receiver_is_hostile__owed_and_others_paid(self, play: Play, mode: ReceiverMode) -> None:
        hostile = play[A].receiver.address
        play.set_receiver_mode(A, mode)
        for recipient in (hostile, RECIPIENTS[1], hostile):
            play.swap(B, ETH, unit(ETH), A, ETH, recipient=recipient)
        before = play[A].balance(ETH, RECIPIENTS[1])
        play.settle()
        assert play[A].balance(ETH, RECIPIENTS[1]) - before == unit(ETH)
        play.check()
        play.check_pending()
        assert play.withdraw(A, ETH, hostile.lower(), RECIPIENTS[0]) == 2 * unit(ETH)
        play.check()

    def test_execute__receiver_burns__bounded_gas(self, play: Play) -> None:
        hostile = play[A].receiver.address
        play.set_receiver_mode(A, ReceiverMode.BURN)
        for _ in range(4):
            play.swap(B, ETH, unit(ETH), A, ETH, recipient=hostile)
        sealed = play.seal_waiting(play.genesis)
        for chain in (B, A, C):
            play.enter(chain, sealed)
        play.execute(A, gas=4 * 150_000 + 300_000)
        assert len(play.books.pending_l1) == 1
        play.check()

    def test_execute__caller_gives_little_gas__nothing_is_deferred_by_that(self, play: Play) -> None:
        """Whoever executes cannot choose that a healthy payment fails: with too little gas the whole call reverts."""
        play.swap(B, ETH, unit(ETH), A, ETH)
        play.swap(A, ETH, unit(ETH), B, ETH)
        sealed = play.seal_waiting(play.genesis)
        for chain in (B, A, C):
            play.enter(chain, sealed)
        for chain in (A, B):
            for gas in range(60_000, 420_000, 4_000):
                with play.chains.rollback():
                    if self.is_executed_with(play, chain, gas):
                        assert play[chain].bridge.pending_balance(RECIPIENTS[0], ETH) == 0

    @staticmethod
    def is_executed_with(play: Play, chain: ChainId, gas: int) -> bool:
        """Whether the block executes with this much gas."""
        words = [word for payout in play.owed[chain][1] for word in payout.words()]
        try:
            play[chain].history.execute(1, words, len(words) // 3, gas=gas)
        except Exception as error:
            assert type(error).__name__ == "Reverted"
            return False
        return True

    def test_execute__receiver_reenters__refused_inside_and_paid(self, play: Play) -> None:
        receiver = play[A].receiver
        play.swap(B, ETH, unit(ETH), A, ETH, recipient=receiver.address)
        play.set_receiver_mode(
            A, ReceiverMode.REENTER, play[A].bridge.encode("withdraw_pending_balance", ETH, DEPOSITORS[0], MOST)
        )
        play.settle()
        assert receiver.reentries() == 0
        play.check()

    def test_pause__stops_swaps_only(self, play: Play) -> None:
        play.set_token_mode(B, USD, TokenMode.REVERT)
        play.swap(A, USD, 5_000, B, USD)
        play.settle()
        play.set_token_mode(B, USD, TokenMode.HONEST)
        waiting = play.swap(A, USD, 6_000, B, USD)
        for chain in (A, B):
            play[chain].registry.pause_token(USD, sender=GOVERNOR)
        assert refused(play.swap, A, USD, 5_000, B, USD) == "bridge: token paused"
        play.withdraw(B, USD, RECIPIENTS[0])
        payout = play.seal(play.tip(), [waiting]).payouts()[0]
        play.fill(payout, DEPOSITORS[1])
        play.settle()
        play.check()
        play.check_settled()
