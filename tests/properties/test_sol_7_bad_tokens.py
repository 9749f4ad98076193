"""SOL-7: tokens of every bad kind are handled or refused."""

import pytest

from tests.support.books.chains import ODD, TokenMode
from tests.support.books.play import Play, refused
from tests.support.three_chains import DEPOSITORS, GOVERNOR, MOST, RECIPIENTS, USD, ZERO, A, B
from tests.support.upholds import upholds
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
    def test_swap__token_does_not_deliver__refused(self, play: Play, mode: TokenMode) -> None:
        play.set_token_mode(A, ODD, mode)
        before = play[A].bridge.request_counts(Lane.SWAP)
        refused(play.swap, A, ODD, 10_000, B, ODD)
        assert play[A].bridge.request_counts(Lane.SWAP) == before
        play.check()

    def test_swap__minimum_of_zero_and_nothing_arrives__refused(self, play: Play) -> None:
        play.set_limits(A, ODD, 0, 2**100)
        play.set_token_mode(A, ODD, TokenMode.LIE)
        assert refused(play.swap, A, ODD, 10_000, B, ODD) == "bridge: nothing arrived"

    @pytest.mark.parametrize("mode", [TokenMode.NO, TokenMode.REVERT, TokenMode.BURN], ids=lambda m: m.name)
    def test_execute__token_does_not_pay__owed_and_pulled_later(self, play: Play, mode: TokenMode) -> None:
        other = play.swap(A, USD, 5_000, B, USD, recipient=RECIPIENTS[1])
        play.swap(A, ODD, 10_000, B, ODD)
        play.set_token_mode(B, ODD, mode)
        before = play[B].balance(USD, RECIPIENTS[1])
        play.settle()
        assert play[B].balance(USD, RECIPIENTS[1]) - before == other.amount * play[B].sites[USD].scale
        play.check()
        refused(play.withdraw, B, ODD, RECIPIENTS[0])
        play.set_token_mode(B, ODD, TokenMode.HONEST)
        assert play.withdraw(B, ODD, RECIPIENTS[0]) == 10_000
        play.check()

    def test_execute__token_says_it_paid_and_did_not__others_untouched(self, play: Play) -> None:
        play.swap(A, ODD, 10_000, B, ODD)
        play.set_token_mode(B, ODD, TokenMode.LIE)
        play.settle()
        play.check()

    def test_execute__token_reenters__refused_inside(self, play: Play) -> None:
        play.swap(A, ODD, 10_000, B, ODD)
        site = play[B].sites[ODD]
        play.set_token_mode(
            B, ODD, TokenMode.REENTER, play[B].bridge.encode("withdraw_pending_balance", ODD, DEPOSITORS[0], MOST)
        )
        play.settle()
        assert site.contract is not None and site.contract.reentries() == 0
        play.check()

    def test_register__no_code_or_bad_decimals__refused(self, play: Play) -> None:
        registry = play[A].registry
        odd = play.chains.deploy(A, "OddToken", 37)
        few = play.chains.deploy(A, "OddToken", 6)
        mask = 1 << A | 1 << B
        for token, decimals in (
            (RECIPIENTS[0], 6),
            (play[A].groups.address, 6),
            (odd.address, 6),
            (few.address, 7),
        ):
            config = (mask, token, decimals, 1, PLENTY, 0)
            refused(registry.register_token, 5, config, sender=GOVERNOR)
        registry.register_token(5, (mask, few.address, 6, 1, PLENTY, 0), sender=GOVERNOR)

    def test_register__id_or_contract_twice__refused(self, play: Play) -> None:
        registry = play[A].registry
        token = play.chains.deploy(A, "OddToken", 6)
        for token_id, address in (
            (USD, token.address),
            (5, play[A].sites[USD].address),
            (5, ZERO),
            (0, token.address),
            (8, token.address),
        ):
            config = (1 << A | 1 << B, address, 6, 1, PLENTY, 0)
            refused(registry.register_token, token_id, config, sender=GOVERNOR)
