"""The lists of docs/invariants.md: which actions, tests and seeded bugs belong to each promise, found in the code.

Takes the page and the repository; gives the page with its lists as they should be. Run as a module it writes them;
tests/properties/test_invariants_page.py fails when they are stale. What else the page says is written by hand.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "invariants.md"
TESTS = ROOT / "tests"
CONTRACTS = ROOT / "contracts"

BEGIN, END = "<!-- lists -->", "<!-- end of lists -->"
UNTESTED = "Promises without a test of their own"
ID = r"[A-Z]{3}-[1-9]\d*"
WIDTH = 150
GENERATED = "contracts/verifiers"
"""All verifiers are written by one generator and say the same."""

Tag = tuple[str, str]
"""(place, id)."""


@dataclass(frozen=True, slots=True)
class Section:
    """One promise on the page; `text` is everything between its heading and the next."""

    promise: str
    area: str
    text: str

    @property
    def is_untested(self) -> bool:
        """Whether the page says that no test shows it."""
        return self.area == UNTESTED

    @property
    def where(self) -> list[str]:
        """The functions that uphold it, as the page names them."""
        found = re.search(r"^\*\*Where\.\*\* (.*)$", self.text, re.MULTILINE)
        return re.findall(r"`([^`]+)`", found[1]) if found else []


def read_sections(page: str) -> list[Section]:
    """Every promise of the page, in its order."""
    found = []
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        area, _, body = part.partition("\n")
        for entry in re.split(r"^### ", body, flags=re.MULTILINE)[1:]:
            promise, _, text = entry.partition("\n")
            found.append(Section(promise, area, text))
    return found


def render(page: str) -> str:
    """The page with its lists as the code has them."""
    for section in read_sections(page):
        head, _, rest = section.text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        lists = [*_list("actions", find_actions(), section.promise)]
        if not section.is_untested:
            lists += [
                *_list("tests", find_tests(), section.promise),
                *_list("seeded bugs", find_bugs(), section.promise),
            ]
        text = "\n".join([f"{head}{BEGIN}", "", *lists, "", f"{END}{tail}"])
        page = page.replace(f"### {section.promise}\n{section.text}", f"### {section.promise}\n{text}")
    return page


def _list(name: str, tags: frozenset[Tag], promise: str) -> Iterator[str]:
    places = ", ".join(f"`{place}`" for place in _merge(sorted(place for place, tag in tags if tag == promise)))
    if places:
        yield textwrap.fill(
            f"- {name}: {places}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )


def _merge(places: list[str]) -> Iterator[str]:
    """A file of which several tests are meant is named once."""
    by_file: dict[str, list[str]] = {}
    for place in places:
        by_file.setdefault(place.partition("::")[0], []).append(place)
    for file, named in by_file.items():
        yield from named if len(named) < 3 else [file]


@cache
def find_tests() -> frozenset[Tag]:
    """Every @upholds in the tests: `tests/…/file.py::Class::function`."""
    found: set[Tag] = set()
    for path in sorted(TESTS.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            found |= {(f"{path.relative_to(ROOT)}::{name}", promise) for name, promise in _tags_of(node)}
    return frozenset(found)


def _tags_of(node: ast.stmt, prefix: str = "") -> Iterator[Tag]:
    """The ids on a test function or class and on the functions in it."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    name = prefix + node.name
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "upholds":
            yield from ((name, ast.literal_eval(argument)) for argument in decorator.args)
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            yield from _tags_of(inner, f"{name}::")


@cache
def find_bugs() -> frozenset[Tag]:
    """Every mutant of mutants.toml, and whatever stands under a comment `# breaks:`."""
    found = {(mutant.name, mutant.promise) for mutant in MUTANTS}
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text()
        if "# breaks:" in text:
            names = {_start(node): name for node in ast.parse(text).body if (name := _name_of(node))}
            for number, ids in find_comments(text):
                assert number + 1 in names, f"{path}:{number}: nothing stands under the comment"
                found |= {(f"{path.relative_to(ROOT)}::{names[number + 1]}", promise) for promise in ids}
    return frozenset(found)


def find_comments(text: str) -> Iterator[tuple[int, list[str]]]:
    """The comments `# breaks:` of a file: number of the line, and ids."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("# breaks:"):
            yield number, re.findall(ID, line)


def _start(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _name_of(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    target = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    return target.id if isinstance(target, ast.Name) else None


@cache
def find_actions() -> frozenset[Tag]:
    """Every external function whose NatSpec upholds something: `contracts/FILE.vy:function`."""
    found: set[Tag] = set()
    for path in sorted(CONTRACTS.rglob("*.vy")):
        file = str(path.relative_to(ROOT))
        if file.startswith(GENERATED):
            file = f"{GENERATED}/*.vy"
        for part in re.split(r"^def ", path.read_text(), flags=re.MULTILINE)[1:]:
            for line in re.findall(r"@custom:upholds (.*)", part):
                found |= {(f"{file}:{part.partition('(')[0]}", promise) for promise in re.findall(ID, line)}
    return frozenset(found)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text()))
