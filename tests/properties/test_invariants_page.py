"""docs/invariants.md and the code say the same: each promise has a place, tests and seeded bugs, and they exist."""

import re
from pathlib import Path

import pytest

from tests.properties.invariants_page import (
    BEGIN,
    END,
    ID,
    PAGE,
    ROOT,
    Section,
    find_actions,
    find_bugs,
    find_tests,
    read_sections,
    render,
)
from tests.support.mutants import MUTANTS

SECTIONS = read_sections(PAGE.read_text())
TESTED = [section for section in SECTIONS if not section.is_untested]
UNTESTED = [section for section in SECTIONS if section.is_untested]


def name(section: Section) -> str:
    """For the names of tests."""
    return section.promise


class TestInvariantsPage:
    """The page cannot drift from the code, nor the code from the page."""

    def test_lists__of_every_promise__are_those_of_the_code(self) -> None:
        assert render(PAGE.read_text()) == PAGE.read_text(), "run python -m tests.properties.invariants_page"

    def test_ids__of_page_and_code__are_the_same(self) -> None:
        ids = [section.promise for section in SECTIONS]
        assert len(set(ids)) == len(ids) and all(re.fullmatch(ID, promise) for promise in ids)
        tagged = {promise for tags in (find_tests(), find_bugs()) for _, promise in tags}
        assert tagged == {section.promise for section in TESTED}
        assert {promise for _, promise in find_actions()} <= set(ids)

    @pytest.mark.parametrize("section", SECTIONS, ids=name)
    def test_section__of_every_promise__says_what_and_how(self, section: Section) -> None:
        assert re.match(r"\n[A-Z][^\n]+\.\n\n\*\*How\.\*\* [A-Z][^\n]+\.\n", section.text), section.text
        assert section.text.count(BEGIN) == section.text.count(END) == 1

    @pytest.mark.parametrize("section", TESTED, ids=name)
    def test_section__of_a_tested_promise__has_tests_and_seeded_bugs(self, section: Section) -> None:
        assert any(promise == section.promise for _, promise in find_tests())
        assert any(promise == section.promise for _, promise in find_bugs())

    @pytest.mark.parametrize("section", TESTED, ids=name)
    def test_where__named__exists(self, section: Section) -> None:
        assert section.where
        for place in section.where:
            file, _, function = place.partition(":")
            assert re.search(rf"\b(def|template|class) {function}\b", (ROOT / file).read_text()), place

    @pytest.mark.parametrize("section", UNTESTED, ids=name)
    def test_section__of_an_untested_promise__names_what_exists(self, section: Section) -> None:
        for file in re.findall(r"`([\w/]+\.\w+)`", section.text):
            assert any(ROOT.rglob(file)) or Path(ROOT / file).is_file(), file

    def test_mutants__names__are_unique(self) -> None:
        assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
