"""docs/invariants.md and the code say the same: each promise has a place, a test and a mutant, and they exist."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "invariants.md"
TESTS = ROOT / "tests"

Tag = tuple[str, str]
"""(place of a test, id): the place is `tests/…/file.py::Class::function`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One promise."""

    promise: str
    places: tuple[str, ...]
    tests: tuple[str, ...]
    mutants: tuple[str, ...]


def read_page() -> tuple[dict[str, Row], set[str]]:
    """The promises of the swap lane, and the ids that are out of its scope."""
    text, _, outside = PAGE.read_text().partition("## Out of scope")
    rows = {}
    for cells in table_rows(text, 5):
        assert cells[0] not in rows, f"{cells[0]} twice"
        places, tests, mutants = (tuple(re.findall(r"`([^`]+)`", cell)) for cell in cells[2:])
        rows[cells[0]] = Row(cells[1], places, tests, mutants)
    return rows, {cells[0] for cells in table_rows(outside, 3)}


def table_rows(text: str, columns: int) -> Iterator[list[str]]:
    """The cells of every row whose first cell is an id."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]{3}-\d+", cells[0]):
            assert len(cells) == columns, line
            yield cells


@cache
def find_tags() -> frozenset[Tag]:
    """Every @upholds in the tests."""
    found: set[Tag] = set()
    for path in sorted(TESTS.rglob("*.py")):
        place = str(path.relative_to(ROOT))
        for node in ast.parse(path.read_text()).body:
            found |= {(f"{place}::{name}", promise) for name, promise in tags_of(node)}
    return frozenset(found)


def tags_of(node: ast.stmt, prefix: str = "") -> Iterator[Tag]:
    """The ids on a test function or class and on the functions in it."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    name = prefix + node.name
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "upholds":
            yield from ((name, ast.literal_eval(argument)) for argument in decorator.args)
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            yield from tags_of(inner, f"{name}::")


ROWS, OUTSIDE = read_page()


class TestInvariantsTable:
    """The page cannot drift from the code, nor the code from the page."""

    def test_ids__used_in_tests__are_in_the_table(self) -> None:
        assert {promise for _, promise in find_tags()} == set(ROWS)
        assert not OUTSIDE & set(ROWS)

    @pytest.mark.parametrize("promise", sorted(ROWS))
    def test_row__every_column__is_filled(self, promise: str) -> None:
        row = ROWS[promise]
        assert row.promise and row.places and row.tests and row.mutants

    @pytest.mark.parametrize("promise", sorted(ROWS))
    def test_places__named__exist(self, promise: str) -> None:
        for place in ROWS[promise].places:
            file, _, name = place.partition(":")
            text = (ROOT / file).read_text()
            assert re.search(rf"\b(def|template|class) {name}\b", text), place

    @pytest.mark.parametrize("promise", sorted(ROWS))
    def test_tests__named__uphold_the_promise(self, promise: str) -> None:
        tagged = {place for place, tag in find_tags() if tag == promise}
        for named in ROWS[promise].tests:
            assert any(place == named or place.startswith(f"{named}::") for place in tagged), named

    @pytest.mark.parametrize("promise", sorted(ROWS))
    def test_tests__that_uphold_the_promise__are_named(self, promise: str) -> None:
        row = ROWS[promise]
        named = (*row.tests, *(mutant for mutant in row.mutants if "::" in mutant))
        files = {name.partition("::")[0] for name in named}
        for place, tag in find_tags():
            if tag == promise:
                is_named = any(place == name or place.startswith(f"{name}::") for name in named)
                assert is_named or place.partition("::")[0] in files, place

    @pytest.mark.parametrize("promise", sorted(ROWS))
    def test_mutants__named__exist(self, promise: str) -> None:
        own = {mutant.name for mutant in MUTANTS if mutant.promise == promise}
        for named in ROWS[promise].mutants:
            file, is_elsewhere, name = named.partition("::")
            if is_elsewhere:
                assert re.search(rf"^(def |class )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), named
            else:
                assert named in own, named

    def test_mutants__in_the_code__are_named(self) -> None:
        by_promise: defaultdict[str, set[str]] = defaultdict(set)
        for mutant in MUTANTS:
            by_promise[mutant.promise].add(mutant.name)
        for promise, names in by_promise.items():
            assert names <= set(ROWS[promise].mutants), promise
        assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
