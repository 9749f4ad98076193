"""Promises of any project: the page and its code say the same, and one command runs what upholds one of them."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from zklink.cli.main import main
from zklink.lab.gates import find_findings, read_project
from zklink.lab.new_project import TEMPLATE
from zklink.lab.promises import get_upheld, upholds
from zklink.lab.promises.run import find_promise

BOX: Final = '''# pragma version 0.4.3
# pragma nonreentrancy on
count: public(uint256)

@external
def add(amount: uint256):
    """
    @notice Adds.
    @param amount How much
    @custom:upholds BOX-1
    """
    assert amount <= 10, "box: too much"
    self.count += amount
'''
TESTS: Final = """
from pathlib import Path

from zklink.lab.promises import upholds

HERE BOX-1
BUGS = ["+= amount + 1"]


@upholds("BOX-1")
def test_box():
    assert 'assert amount <= 10, "box: too much"' in Path("contracts/Box.vy").read_text()


def test_other():
    assert True
""".replace("HERE", "# breaks:")
MUTANTS: Final = """
below = "contracts"
tests_below = "tests"

[[mutant]]
name = "too much"
promise = "BOX-1"
file = "Box.vy"
old = "amount <= 10"
new = "amount <= 11"
caught_by = "test_box::test_box"
"""
PAGE: Final = """# Promises

## Boxes

### BOX-1

A box takes at most ten.

**How.** It looks.

**Where.** `contracts/Box.vy:add`

<!-- lists -->

- actions: `contracts/Box.vy:add`
- tests: `tests/test_box.py::test_box`
- seeded bugs: `tests/test_box.py::BUGS`, `too much`

<!-- end of lists -->
"""
SETTINGS: Final = """[tool.zklink.lab]
promises = "PROMISES.md"
mutants = ["tests/mutants.toml"]

[tool.pytest.ini_options]
addopts = "-p zklink.lab.pytest_plugin"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # this system's plugins take seconds to start
    for name, text in {
        "contracts/Box.vy": BOX,
        "tests/test_box.py": TESTS,
        "tests/mutants.toml": MUTANTS,
        "PROMISES.md": PAGE,
        "pyproject.toml": SETTINGS,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def plant(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert text.count(old) == 1, text.count(old)
    (folder / file).write_text(text.replace(old, new))


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["lab", "promise", "--folder", str(folder), *arguments])


def look(folder: Path) -> list[str]:
    return [str(found) for found in find_findings(read_project(folder), ("promises",))]


STALE: Final = "PROMISES.md promises: its lists are not those of the code: zklink lab promise --write"


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("PROMISES.md", "### BOX-1", "### box", "PROMISES.md:5 promises: 'box' is not the id of a promise"),
        ("PROMISES.md", "It looks.", "?", "PROMISES.md:5 promises: BOX-1 does not say in a sentence"),
        ("PROMISES.md", "`contracts/Box.vy:add`\n\n", "`Box.vy:ad`\n\n", "BOX-1 names Box.vy:ad, which does not exist"),
        ("PROMISES.md", "**Where.**", "Where:", "BOX-1 does not say after **Where.** which functions uphold it"),
        ("PROMISES.md", "<!-- end of lists -->", "", "PROMISES.md:5 promises: BOX-1 has no place for its lists"),
        ("PROMISES.md", "`too much`", "`too many`", STALE),
        (
            "PROMISES.md",
            "## Boxes",
            "## Promises without a test of their own",
            "which the page says has no test of its",
        ),
        ("tests/test_box.py", '@upholds("BOX-1")\n', "", "PROMISES.md:5 promises: BOX-1 has no test"),
        (
            "tests/test_box.py",
            '@upholds("BOX-1")',
            '@upholds("BOX-2")',
            "names BOX-2, which is not on the page",
        ),
        ("tests/test_box.py", "BUGS = ", "\nBUGS = ", "test_box.py:6 promises: nothing stands under the comment"),
        (
            "tests/mutants.toml",
            'promise = "BOX-1"',
            'promise = "BOX-3"',
            "much names BOX-3, which is not on",
        ),
        ("contracts/Box.vy", "upholds BOX-1", "upholds BOX-4", "Box.vy:add names BOX-4, which is not on the page"),
    ],
)
def test_check__page_and_code_differ__is_told(folder: Path, file: str, old: str, new: str, found: str) -> None:
    assert look(folder) == []
    plant(folder, file, old, new)
    assert any(found in each for each in look(folder)), look(folder)


def test_promise__write__the_lists_are_those_of_the_code(folder: Path) -> None:
    plant(folder, "PROMISES.md", "- actions: `contracts/Box.vy:add`\n", "")
    assert look(folder) == [STALE]
    assert run(folder, "--write").output == "wrote PROMISES.md\n"
    assert (folder / "PROMISES.md").read_text() == PAGE


def test_promise__by_name__says_where_runs_its_tests_and_plants_its_bugs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    result = run(folder, "BOX-1")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "BOX-1: A box takes at most ten."
    assert lines[2:6] == ["How: It looks.", "", "upheld by:", "  contracts/Box.vy:add"]
    assert "the tests pass: 2 passed" in result.output
    assert lines[-1] == "killed           too much"


def test_promise__bug_that_no_test_notices__code_1(folder: Path) -> None:
    plant(folder, "tests/mutants.toml", "test_box::test_box", "test_box::test_other")
    result = run(folder, "BOX-1")
    assert result.output.splitlines()[-1] == "survived         too much"
    assert result.exit_code == 1


def test_promise__its_test_fails__code_1_and_nothing_is_planted(folder: Path) -> None:
    plant(folder, "contracts/Box.vy", "amount <= 10", "amount <= 9")
    result = run(folder, "BOX-1")
    assert "THE TESTS FAIL: " in result.output.splitlines()[-1]
    assert result.exit_code == 1


def test_promise__no_name_or_a_wrong_one__all_are_listed(folder: Path) -> None:
    assert run(folder).output == "BOX-1    A box takes at most ten.\n"
    result = run(folder, "BOX-9")
    assert result.exit_code == 2
    assert "no promise is called BOX-9; there are BOX-1" in result.output


def test_plugin__lab_promise__runs_only_what_upholds_it(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--lab-promise"]
    done = subprocess.run([*command, "BOX-1"], cwd=folder, capture_output=True, text=True, check=False)
    assert "1 passed, 1 deselected" in done.stdout
    done = subprocess.run([*command, "BOX-2"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, "none of these tests upholds BOX-2" in done.stderr) == (4, True)


def test_upholds__ids__are_kept_and_words_refused() -> None:
    @upholds("SOL-1", "DATA-12")
    def item() -> None: ...

    assert get_upheld(item) == ("SOL-1", "DATA-12")
    with pytest.raises(ValueError, match="'solvency' is not the id of a promise"):
        upholds("solvency")


def test_template__as_written__passes_every_gate() -> None:
    project = read_project(TEMPLATE)
    assert [str(found) for found in find_findings(project)] == []
    assert find_promise(project, "SOL-1").mutants[0].name == "what was sent is locked"
