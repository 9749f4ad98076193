"""EXI-5: a full exit is consumed only when the balance is gone, whatever an operator does that has less than
everybody's money."""

from itertools import combinations
from pathlib import Path

import pytest

from tests.properties.star_model.money import CHAINS, HOME, ExitRules, explore_money, find_purses
from tests.properties.star_model.money_mutants import MONEY_MUTANTS, MoneyMutant
from tests.support.upholds import upholds

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "star-model.md").read_text()
MOST = 5
SMALLER = [(HOME, *rest) for size in range(len(CHAINS) - 1) for rest in combinations(CHAINS[1:], size)]


@upholds("EXI-5", "SOL-3")
class TestFullExits:
    """With all chains in the mask no operator keeps a balance in; with fewer, a capital of 1 can do it, but never
    while a masked chain could pay."""

    def test_explore_money__every_chain_in_the_mask__is_never_starved(self) -> None:
        worlds = purses = 0
        for balance, reserves, capital in find_purses(MOST):
            result = explore_money(ExitRules(), CHAINS, balance, reserves, capital)
            assert not result.breaches, (balance, reserves, capital, [*map(str, result.breaches.values())])
            worlds, purses = worlds + result.worlds, purses + 1
        assert f"{worlds} worlds from {purses} purses" in PAGE

    @pytest.mark.parametrize("mask", SMALLER)
    def test_explore_money__smaller_mask__can_be_starved_only_when_dry(self, mask: tuple[int, ...]) -> None:
        broken = {
            law
            for balance, reserves, capital in find_purses(3)
            for law in explore_money(ExitRules(), mask, balance, reserves, capital).breaches
        }
        assert broken == {"is_not_starved"}
        least = explore_money(ExitRules(), mask, balance=1, reserves=(1, 0, 0), capital=1)
        assert "is_not_starved" in least.breaches
        assert not explore_money(ExitRules(), mask, balance=1, reserves=(1, 0, 0), capital=0).breaches

    @pytest.mark.parametrize("mutant", MONEY_MUTANTS, ids=lambda mutant: mutant.name)
    def test_explore_money__wrong_rule__is_refuted(self, mutant: MoneyMutant) -> None:
        result = explore_money(mutant.rules, mutant.mask, mutant.balance, mutant.reserves, mutant.capital)
        assert f"| `{mutant.name}` | `{mutant.law}` | {result.breaches[mutant.law]} |" in PAGE
