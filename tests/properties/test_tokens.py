"""SOL-6 to SOL-9 and EXI-3: tokens, coins and receivers of every kind."""

import pytest

from tests.support.ledger import universal_address
from tests.support.scene import FAR_DEADLINE
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    BNB,
    DEPOSITORS,
    ETH,
    GOVERNOR,
    MINIMUM,
    ODD,
    RECIPIENTS,
    USD,
    ZERO,
    A,
    B,
    C,
    ReceiverMode,
    TokenMode,
    unit,
)
from zklink.protocol.ids import Lane

USER = DEPOSITORS[0]
PLENTY = 10**9


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
                reason = refused(bridge.swap, order, sender=USER, value=value)
                assert reason == "bridge: amount not convertible"
        story.check()

    def test_swap__fee_token_leaves_a_remainder__refused(self, story: Story) -> None:
        site = story.side(C).sites[ODD]
        story.set_token_mode(C, ODD, TokenMode.FEE)
        order = (ODD, 101 * site.scale, A, ODD, 0, 0, 0, universal_address(RECIPIENTS[0]), FAR_DEADLINE)
        assert refused(story.side(C).bridge.swap, order, sender=USER) == "bridge: amount not convertible"


@upholds("SOL-7")
class TestBadTokens:
    """Every kind of token is either handled (what arrived is credited, what cannot be paid is owed) or refused with a
    clear error.
    """

    @pytest.mark.parametrize(
        "mode", [TokenMode.NO, TokenMode.REVERT, TokenMode.LIE, TokenMode.BURN], ids=lambda m: m.name
    )
    def test_swap__token_does_not_deliver__refused(self, story: Story, mode: TokenMode) -> None:
        story.set_token_mode(A, ODD, mode)
        before = story.side(A).bridge.request_counts(Lane.SWAP)
        refused(story.swap, A, ODD, 10_000, B, ODD)
        assert story.side(A).bridge.request_counts(Lane.SWAP) == before
        story.check()

    def test_swap__minimum_of_zero_and_nothing_arrives__refused(self, story: Story) -> None:
        story.set_limits(A, ODD, 0, 2**100)
        story.set_token_mode(A, ODD, TokenMode.LIE)
        assert refused(story.swap, A, ODD, 10_000, B, ODD) == "bridge: nothing arrived"

    @pytest.mark.parametrize("mode", [TokenMode.NO, TokenMode.REVERT, TokenMode.BURN], ids=lambda m: m.name)
    def test_execute__token_does_not_pay__owed_and_pulled_later(self, story: Story, mode: TokenMode) -> None:
        other = story.swap(A, USD, 5_000, B, USD, recipient=RECIPIENTS[1])
        story.swap(A, ODD, 10_000, B, ODD)
        story.set_token_mode(B, ODD, mode)
        before = story.side(B).balance(USD, RECIPIENTS[1])
        story.settle()
        assert story.side(B).balance(USD, RECIPIENTS[1]) - before == other.amount * story.side(B).sites[USD].scale
        story.check()
        refused(story.withdraw, B, ODD, RECIPIENTS[0])
        story.set_token_mode(B, ODD, TokenMode.HONEST)
        assert story.withdraw(B, ODD, RECIPIENTS[0]) == 10_000
        story.check()

    def test_execute__token_says_it_paid_and_did_not__others_untouched(self, story: Story) -> None:
        story.swap(A, ODD, 10_000, B, ODD)
        story.set_token_mode(B, ODD, TokenMode.LIE)
        story.settle()
        story.check()

    def test_execute__token_reenters__refused_inside(self, story: Story) -> None:
        story.swap(A, ODD, 10_000, B, ODD)
        site = story.side(B).sites[ODD]
        story.set_token_mode(
            B, ODD, TokenMode.REENTER, story.side(B).bridge.encode("withdraw_pending_balance", ODD, USER)
        )
        story.settle()
        assert site.contract is not None and site.contract.reentries() == 0
        story.check()

    def test_register__no_code_or_bad_decimals__refused(self, story: Story) -> None:
        registry = story.side(A).registry
        odd = story.world.deploy(A, "OddToken", 37)
        few = story.world.deploy(A, "OddToken", 6)
        mask = 1 << A | 1 << B
        for token, decimals in (
            (RECIPIENTS[0], 6),
            (story.side(A).transport.address, 6),
            (odd.address, 6),
            (few.address, 7),
        ):
            config = (mask, token, decimals, 1, PLENTY)
            refused(registry.register_token, 5, config, sender=GOVERNOR)
        registry.register_token(5, (mask, few.address, 6, 1, PLENTY), sender=GOVERNOR)

    def test_register__id_or_contract_twice__refused(self, story: Story) -> None:
        registry = story.side(A).registry
        token = story.world.deploy(A, "OddToken", 6)
        for token_id, address in (
            (USD, token.address),
            (5, story.side(A).sites[USD].address),
            (5, ZERO),
            (0, token.address),
            (8, token.address),
        ):
            config = (1 << A | 1 << B, address, 6, 1, PLENTY)
            refused(registry.register_token, token_id, config, sender=GOVERNOR)


@upholds("SOL-8")
class TestCoin:
    """msg.value and the amount agree, and nothing can be locked by sending coin to the contract."""

    def test_swap__value_differs_from_the_amount__refused(self, story: Story) -> None:
        side = story.side(A)
        order = story.order(side.sites[ETH], unit(ETH), B, ETH, RECIPIENTS[0])
        for value in (0, unit(ETH) - 1, unit(ETH) + 1):
            assert refused(side.bridge.swap, order, sender=USER, value=value) == "tokens: value is not the amount"
        story.check()

    def test_swap_and_fill__token_with_value__refused(self, story: Story) -> None:
        side = story.side(A)
        order = story.order(side.sites[USD], 5_000, B, USD, RECIPIENTS[0])
        assert refused(side.bridge.swap, order, sender=USER, value=1) == "tokens: value with a token"
        request = story.swap(B, USD, 5_000, A, USD)
        payout = story.seal(story.genesis, [request]).payouts()[0]
        assert (
            refused(side.bridge.fill, list(payout.words()), sender=USER, value=1) == "tokens: value with a token fill"
        )

    def test_coin_sent_to_the_bridge__refused_by_every_function(self, story: Story) -> None:
        side = story.side(A)
        refused(side.mini.send, USER, side.bridge.address, b"", 1)
        refused(side.mini.send, USER, side.bridge.address, b"\x12\x34\x56\x78", 1)
        for name in ("withdraw_pending_balance",):
            refused(side.bridge.withdraw_pending_balance, ETH, USER, sender=USER, value=1)
            assert name
        refused(side.bridge.execute_blocks, [], value=1)
        refused(side.bridge.full_exit, 0, ETH, sender=USER, value=1)
        refused(side.exodus.freeze_for_execution, sender=USER, value=1)
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
        before = side.balance(USD, USER)
        order = story.order(side.sites[USD], 5_000, B, USD, poor)
        refused(side.bridge.swap, order, sender=poor)
        permit = (2**256 - 1, 27, b"\1" * 32, b"\2" * 32)
        refused(side.bridge.swap_with_permit, order, permit, sender=poor)
        request = story.swap(B, USD, 5_000, A, USD)
        payout = story.seal(story.genesis, [request]).payouts()[0]
        before = side.balance(USD, USER)
        refused(side.bridge.fill, list(payout.words()), sender=poor)
        assert side.balance(USD, USER) == before

    def test_swap__recipient_is_a_bridge__refused(self, story: Story) -> None:
        """A payout from a bridge to itself would be lost."""
        for chain in (B, C):
            bridge = story.side(chain).bridge.address
            assert refused(story.swap, A, USD, 5_000, chain, USD, recipient=bridge) == "swap: recipient is a bridge"


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
            A, ReceiverMode.REENTER, story.side(A).bridge.encode("withdraw_pending_balance", ETH, USER)
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
