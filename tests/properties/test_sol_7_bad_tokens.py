"""SOL-7: tokens of every bad kind are handled or refused."""

import pytest

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    DEPOSITORS,
    GOVERNOR,
    ODD,
    RECIPIENTS,
    USD,
    ZERO,
    A,
    B,
    TokenMode,
)
from zklink.protocol.ids import Lane

PLENTY = 10**9


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
            B, ODD, TokenMode.REENTER, story.side(B).bridge.encode("withdraw_pending_balance", ODD, DEPOSITORS[0])
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
