"""SOL-8: coin comes in only where it is the amount."""

from tests.support.books.chains import BNB, ETH, unit
from tests.support.books.play import Play, refused
from tests.support.three_chains import DEPOSITORS, MOST, RECIPIENTS, USD, A, B, C
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address


@upholds("SOL-8")
class TestCoin:
    """msg.value is the amount and the fee, and nothing can be locked by sending coin to the contract."""

    def test_swap__value_differs_from_the_amount__refused(self, play: Play) -> None:
        here = play[A]
        order = play.order(here.sites[ETH], unit(ETH), B, ETH, RECIPIENTS[0])
        for value in (0, unit(ETH) - 10**9, unit(ETH) - 1):
            assert refused(here.bridge.swap, order, sender=DEPOSITORS[0], value=value) == "fee: below the price"
        reason = refused(here.bridge.swap, order, sender=DEPOSITORS[0], value=unit(ETH) + 1)
        assert reason == "fee: not whole gwei"
        play.check()

    def test_swap_and_fill__token_with_value__refused(self, play: Play) -> None:
        here = play[A]
        order = play.order(here.sites[USD], 5_000, B, USD, RECIPIENTS[0])
        assert refused(here.bridge.swap, order, sender=DEPOSITORS[0], value=1) == "fee: not whole gwei"
        request = play.swap(B, USD, 5_000, A, USD)
        payout = play.seal(play.genesis, [request]).payouts()[0]
        assert (
            refused(here.bridge.fill, list(payout.words()), DEPOSITORS[0], sender=DEPOSITORS[0], value=1)
            == "tokens: value with a token fill"
        )

    def test_coin_sent_to_the_bridge__refused_by_every_contract(self, play: Play) -> None:
        here = play[A]
        refused(here.evm.send, DEPOSITORS[0], here.bridge.address, b"", 1)
        refused(here.evm.send, DEPOSITORS[0], here.bridge.address, b"\x12\x34\x56\x78", 1)
        refused(here.bridge.withdraw_pending_balance, ETH, DEPOSITORS[0], MOST, sender=DEPOSITORS[0], value=1)
        second = universal_address(DEPOSITORS[0])
        reason = refused(here.bridge.full_exit, 1, ETH, second, 1 << A - 1, sender=DEPOSITORS[0], value=1)
        assert reason == "fee: not whole gwei"
        refused(here.history.execute, 1, [], 1, value=1)
        refused(here.end.confirm_freeze, 1, sender=DEPOSITORS[0], value=1)
        refused(here.exodus.begin_exodus, sender=DEPOSITORS[0], value=1)
        play.check()

    def test_coin__there_and_back__to_the_last_wei(self, play: Play) -> None:
        """ETH is coin on A and an ERC-20 on B; BNB is coin with fewer layer-2 decimals on C."""
        before = play[A].balance(ETH, RECIPIENTS[0]), play[C].balance(BNB, RECIPIENTS[0])
        play.swap(B, ETH, 3 * unit(ETH) + 1, A, ETH)
        play.swap(A, BNB, 2 * unit(BNB) + 1, C, BNB)
        play.settle()
        assert play[A].balance(ETH, RECIPIENTS[0]) - before[0] == 3 * 10**18 + 1
        assert play[C].balance(BNB, RECIPIENTS[0]) - before[1] == 2 * 10**18 + 10**10
        play.check()
