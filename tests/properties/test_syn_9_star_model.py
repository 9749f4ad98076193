"""SYN-7 to SYN-11: the star, version 2 of how chains agree, visited world by world; docs/star-model.md is its page."""

import re
from pathlib import Path

import pytest
from hypothesis import settings

from tests.properties.star_model.adversaries import GOVERNOR, VALIDATORS, WATCHERS
from tests.properties.star_model.explore import Exploration, Result
from tests.properties.star_model.laws import NAMES
from tests.properties.star_model.refuted import MUTANTS, Mutant
from tests.properties.star_model.rules import Rules
from tests.properties.star_model.sizes import LARGE, SUITE, Size
from tests.properties.star_model.trust import ROWS, Row
from tests.properties.star_model.weaker import WEAKER, Weaker
from tests.support.tries import FULL
from tests.support.upholds import upholds

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "star-model.md").read_text()
IS_DEEP = settings().max_examples > FULL
"""Whether the Hypothesis profile is `deep`: then the large sizes are visited whole."""
FIRST_STEPS = 6


def breaks_of(size: Size) -> frozenset[str]:
    return next(row.breaks for row in ROWS if row.adversary is size.adversary)


@upholds("SYN-7", "SYN-8", "SYN-9", "SYN-10", "SYN-11", "EXI-2", "SOL-3", "SOL-4")
class TestStar:
    """Whatever each adversary of the trust table does and however facts, freezes and forgotten blocks fall: every law
    holds but those that its row gives up, and every member comes to its exits within the row's days."""

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.adversary.name)
    def test_explore__row_of_the_trust_table__is_what_can_happen(self, row: Row) -> None:
        total = Result()
        for size in SUITE:
            if size.adversary is row.adversary:
                result = size.explore(Rules())
                assert f"| {size.name} | {result.worlds} | {result.steps} |" in PAGE
                total.add(result)
        assert frozenset(total.breaches) == row.breaks, [*map(str, total.breaches.values())]
        assert total.worlds and row.describe(total.days) in PAGE
        for law, breach in total.breaches.items():
            assert f"| {row.adversary.name} | `{law}` | {breach} |" in PAGE

    @pytest.mark.parametrize("size", LARGE, ids=lambda size: size.name)
    def test_explore__large_size__keeps_the_same_laws(self, size: Size) -> None:
        """Whole in profile `deep`, the first steps in any."""
        result = size.explore(Rules(), None if IS_DEEP else FIRST_STEPS)
        assert frozenset(result.breaches) <= breaks_of(size), [*map(str, result.breaches.values())]
        row = re.search(rf"^\| {re.escape(size.name)} \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
        assert row is not None
        assert (result.worlds, result.steps) == (int(row[1]), int(row[2])) if IS_DEEP else result.worlds < int(row[1])

    @pytest.mark.parametrize("weaker", WEAKER, ids=lambda weaker: weaker.name)
    def test_explore__second_line_of_defence_left_out__keeps_the_laws(self, weaker: Weaker) -> None:
        for size in weaker.sizes:
            assert frozenset(size.explore(weaker.rules).breaches) <= breaks_of(size)
        assert f"`{weaker.name}`" in PAGE


@upholds("SYN-9")
class TestTrustTable:
    """No group alone breaks a law; every adversary has its row, its sizes and its line on the page."""

    def test_rows__one_group_alone__break_nothing(self) -> None:
        assert all(not row.breaks for row in ROWS if row.adversary in (VALIDATORS, WATCHERS, GOVERNOR))

    def test_rows__of_all_sizes__are_in_the_table(self) -> None:
        assert {size.adversary.name for size in (*SUITE, *LARGE)} == {row.adversary.name for row in ROWS}

    def test_page__trust_table__has_no_other_rows(self) -> None:
        _, _, section = PAGE.partition("## The trust table")
        names = re.findall(r"^\| ([^|]+) \| (?:nothing|yes) \|", section.partition("\n## ")[0], re.MULTILINE)
        assert names == [row.adversary.name for row in ROWS]


@upholds("SYN-7", "SYN-8", "SYN-9", "SYN-10", "SYN-11", "EXI-2", "EXI-5", "SOL-3", "SOL-4")
class TestWrongRules:
    """Each is refuted by a trace; within as many steps the right rules keep that law there. Together they break every
    law."""

    def test_mutants__together__break_every_law(self) -> None:
        assert {mutant.law_name for mutant in MUTANTS} == set(NAMES)

    @pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.name}-{mutant.law_name}")
    def test_explore__wrong_rule__is_refuted(self, mutant: Mutant) -> None:
        breach = Exploration(mutant.make_setting(mutant.rules)).run(mutant.law_name).breaches[mutant.law_name]
        assert f"| `{mutant.name}` | `{mutant.law_name}` | {breach} |" in PAGE
        right = Exploration(mutant.make_setting(Rules())).run(depth=len(breach.trace))
        assert mutant.law_name not in right.breaches

    def test_page__wrong_rules__are_explained(self) -> None:
        for mutant in MUTANTS:
            assert f"- `{mutant.name}`: " in PAGE, mutant.name


def test_page__rules_in_the_contracts__exist() -> None:
    _, _, section = PAGE.partition("## In the contracts")
    section = section.partition("\n## ")[0]
    rows = re.findall(r"^\| `.*", section, re.MULTILINE)
    assert rows
    for line in rows:
        rules, _ = (re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|"))
        assert all(hasattr(Rules, rule) for rule in rules), rules
    for file, function in re.findall(r"`(contracts/[\w/]+\.vy):(\w+)`", section):
        assert f"def {function}(" in (ROOT / file).read_text(), function
