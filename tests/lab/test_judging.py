"""Many mutants in processes that are loaded once: what is found, what is kept, and what is asked again."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zklink.cli.main import main
from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation import Finding, Judge, Verdict, generate_mutants, read_plan
from zklink.lab.mutation.findings import hash_test
from zklink.lab.mutation.forks import NO_END, fork

BOX = """# pragma version 0.4.3
count: public(uint256)

@external
def add(amount: uint256):
    assert amount <= 10, "box: too much"
    self.count += amount

@internal
def unused():
    self.count = 3
"""
FIRST = """
from pathlib import Path


def test_first():
    assert "assert amount <=" in Path("contracts/Box.vy").read_text()
"""
SECOND = """
from pathlib import Path


def test_second():
    source = Path("contracts/Box.vy").read_text()
    assert "amount <= 10" in source
    assert "self.count = amount" not in source
"""
"""Tests that read the contract: what is under test is who is told to have noticed, not the chains."""

PLAN = """
below = "contracts"
tests_below = "tests"
[[tests]]
files = ["Box.vy"]
stages = [["test_first.py"], ["test_second.py"]]
"""
SAME = """
[[same]]
mutant = "Box.vy: arithmetic changed: `+=` -> `-=`"
line = "self.count += amount"
why = "nobody counts"
"""
FOUND = {
    "6 bound moved by one: `<=` -> `<`": (Verdict.KILLED, "tests/test_first.py::test_first"),
    "6 number moved by one: `10` -> `9`": (Verdict.SAME, "contracts/Box.vy:6 bound moved by one: `<=` -> `<`"),
    "6 number moved by one: `10` -> `11`": (Verdict.KILLED, "tests/test_second.py::test_second"),
    "7 arithmetic changed: `+=` -> `-=`": (Verdict.SURVIVED, ""),
    "7 arithmetic changed: `+=` -> `=`": (Verdict.KILLED, "tests/test_second.py::test_second"),
    "11 number moved by one: `3` -> `2`": (Verdict.SAME, ""),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    for place, text in {
        "contracts/Box.vy": BOX,
        "tests/test_first.py": FIRST,
        "tests/test_second.py": SECOND,
        "plan.toml": PLAN,
        "pyproject.toml": '[tool.zklink.lab]\nmutation = "plan.toml"\n',
        "page.md": "Before.\n<!-- mutants -->\n<!-- end of mutants -->\nAfter.\n",
        "pytest.ini": "[pytest]\naddopts = -p no:ape_test -p no:pytest_cov\n",
    }.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
    return folder


def run(folder: Path) -> tuple[list[Finding], list[str]]:
    """All that is found of the five mutants, and the names of those that were asked about."""
    asked: list[str] = []
    chosen = [each for each in generate_mutants(folder, ["contracts/Box.vy"]) if each.name.partition(":")[2] in FOUND]
    found = Judge(folder, read_plan(folder / "plan.toml")).run(chosen, 1, lambda one: asked.append(one.mutant.name))
    return found, [name.partition(":")[2] for name in asked]


def names(verdict: Verdict, by: str = "") -> set[str]:
    """Those of FOUND that a test of such a name judged so."""
    return {name for name, (found, test) in FOUND.items() if found is verdict and by in test}


def test_fork__mutant_without_an_end__is_noticed_and_one_without_a_word_is_told() -> None:
    assert fork(signal.pause, 0.0) == NO_END  # type: ignore[arg-type]
    assert fork(lambda: {"verdict": "survived"}, 60.0) == {"verdict": "survived"}
    assert "ended without a word" in fork(lambda: os._exit(1), 60.0)["error"]
    assert "ZeroDivisionError" in fork(lambda: {"verdict": 1 // 0}, 60.0)["error"]


def test_hash_test__what_stands_beside_a_test__counts_unless_it_is_another_test() -> None:
    file = "LIMIT = 3\n\ndef test_a():\n    assert LIMIT\n\nclass TestB:\n    def test_b(self):\n        assert 1\n"
    for test, other in (("test_a", "assert 1"), ("TestB::test_b[3]", "assert LIMIT")):
        before = hash_test(file, test)
        assert hash_test(file.replace(other, "assert 2"), test) == before
        assert hash_test(f"{file}\ndef test_c():\n    pass\n", test) == before
        assert hash_test(file.replace("LIMIT = 3", "LIMIT = 4"), test) != before
    assert hash_test(file.replace("assert LIMIT", "assert 2"), "test_a") != hash_test(file, "test_a")
    assert hash_test(file.replace("assert 1", "assert 2"), "TestB::test_b") != hash_test(file, "TestB::test_b")


def test_judge__test_outside_the_project__refused_before_anything_runs(project: Path) -> None:
    """Of what is outside there is no copy: such a test would never see a mutant."""
    (project.parent / "test_outside.py").write_text(FIRST)
    (project / "plan.toml").write_text(PLAN.replace("test_second.py", "../../test_outside.py"))
    with pytest.raises(MutantUnusable, match=r"tests/../../test_outside.py is outside the project: name a file below"):
        run(project)


@pytest.mark.slow  # processes that load pytest
def test_judge__every_verdict__is_kept_until_its_test_changes(project: Path) -> None:
    found, asked = run(project)
    assert {one.mutant.name.partition(":")[2]: (one.verdict, one.by) for one in found} == FOUND
    assert set(asked) == set(FOUND) and (project / "contracts" / "Box.vy").read_text() == BOX
    assert run(project) == (found, [])
    (project / "tests" / "test_second.py").write_text(SECOND.replace("<= 10", "> 10"))
    with pytest.raises(MutantUnusable, match=r"a test fails without any: tests/test_second.py::test_second"):
        run(project)
    (project / "tests" / "test_second.py").write_text(f"{SECOND}\n\ndef test_third():\n    assert True\n")
    again, asked = run(project)
    assert again == found and set(asked) == names(Verdict.SURVIVED)
    (project / "tests" / "test_second.py").write_text(f"{SECOND}    assert True\n")
    again, asked = run(project)
    assert again == found and set(asked) == names(Verdict.SURVIVED) | names(Verdict.KILLED, "second")


@pytest.mark.slow
def test_mutate__survivor__is_told_until_it_is_explained_and_stands_on_the_page(project: Path) -> None:
    def mutate(*more: str) -> Any:
        arguments = ["lab", "mutate", str(project), "--sample", "4", "--seed", "1", "--page", str(project / "page.md")]
        return CliRunner().invoke(main, [*arguments, *more])

    result = mutate()
    assert result.exit_code == 1, result.output
    assert "survives         contracts/Box.vy:7 arithmetic changed: `+=` -> `-=`" in result.output
    (project / "plan.toml").write_text(PLAN + SAME)
    result = mutate()
    assert result.exit_code == 0, result.output
    assert result.output == (
        "11 generated, 4 judged, 2 killed, 1 same code, 0 does not compile, 1 explained, 0 survived, 7 not judged\n"
    )
    page = (project / "page.md").read_text()
    assert "| `contracts/Box.vy` | 11 | 4 | 36 % | 2 | 1 | 0 | 1 | 0 | 7 |" in page
    assert "- `contracts/Box.vy:7`, arithmetic changed: `+=` -> `-=`: nobody counts\n" in page
    (project / "plan.toml").write_text(PLAN + SAME.replace("+= amount", "+= 1"))
    result = mutate()
    assert result.exit_code == 1 and "explained, but no mutant any more" in result.output
    assert mutate("--generate", "contracts/Bag.vy").output.endswith(
        "no test concerns contracts/Bag.vy: name it in plan.toml\n"
    )
