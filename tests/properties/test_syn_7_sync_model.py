"""SYN-7, SYN-8: the protocol of ACC, FRZ, execute, abort and exodus, explored exhaustively on three small chains."""

import re
from pathlib import Path

import pytest

from tests.properties.sync_model.explore import Exploration, Result, check_covered
from tests.properties.sync_model.laws import END_LAWS, LAWS, is_one_way
from tests.properties.sync_model.mutants import MUTANTS, Mutant
from tests.properties.sync_model.rules import Rules
from tests.properties.sync_model.situations import FAST
from tests.properties.sync_model.sizes import LARGE, SUITE, Size
from tests.properties.sync_model.weaker import PLACES, WEAKER
from tests.support.upholds import upholds

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sync-model.md").read_text()


@upholds("SYN-7", "SYN-8", "EXI-2", "SOL-3", "SOL-4")
class TestSyncModel:
    """Whatever a dishonest validator proposes and however messages and freezes fall: one history, execute and abort
    exclude each other, nothing forged is paid, no request is cancelled and executed, all exits open against one root,
    no timeout unlocks, and every chain can come to its end with the money that the root says."""

    @pytest.mark.parametrize("size", SUITE, ids=lambda size: size.name)
    def test_explore__every_interleaving__keeps_the_laws(self, size: Size) -> None:
        total = Result()
        for menu in size.menus:
            exploration = Exploration(Rules(), menu, size.at_once)
            total.add(exploration.run())
            if size.at_once != FAST:
                fast = Exploration(Rules(), menu, FAST)
                fast.run()
                check_covered(exploration, fast)
        assert not total.breaches, [*map(str, total.breaches.values())]
        assert f"| {size.name} | {total.situations} | {total.steps} | {total.ends} |" in PAGE

    @pytest.mark.parametrize("rules", WEAKER, ids=lambda rules: type(rules).__name__)
    def test_explore__part_that_nothing_depends_on_left_out__keeps_the_laws(self, rules: Rules) -> None:
        for menu, at_once in PLACES:
            assert not Exploration(rules, menu, at_once).run().breaches
        assert f"`{type(rules).__name__}`" in PAGE

    def test_page__sizes_of_the_command__are_recorded(self) -> None:
        for size in LARGE:
            assert re.search(rf"^\| {re.escape(size.name)} \| \d+ \| \d+ \| \d+ \|", PAGE, re.MULTILINE), size.name


def test_page__rules_in_the_contracts__exist() -> None:
    _, _, section = PAGE.partition("## In the contracts")
    for line in re.findall(r"^\| `.*", section.partition("\n## ")[0], re.MULTILINE):
        rules, places = (re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|"))
        assert all(hasattr(Rules, rule) for rule in rules)
        for file, function in (place.split(":") for place in places):
            assert f"def {function}(" in (ROOT / file).read_text(), function


def test_mutants__together__break_every_law() -> None:
    assert {mutant.law for mutant in MUTANTS} == {*LAWS, *END_LAWS, is_one_way}


@upholds("SYN-7", "SYN-8", "EXI-2", "SOL-3", "SOL-4")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.name}-{mutant.law.__name__}")
def test_explore__wrong_rule__is_refuted(mutant: Mutant) -> None:
    result = Exploration(mutant.rules, mutant.menu, mutant.at_once).run(mutant.law)
    assert f"| `{mutant.name}` | `{mutant.law.__name__}` | {result.breaches[mutant.law.__name__]} |" in PAGE
