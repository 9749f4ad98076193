"""Mutants of a project: planted in a copy, judged by its own tests, remembered until something changes."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zklink.cli.main import main
from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation import Change, Mutant, Verdict, generate_mutants, read_mutants, run_mutants

BOX = '''# pragma version 0.4.3
# a comment with count >= 1
count: public(uint256)

@external
def add(amount: uint256):
    """
    @notice Adds amount <= 10.
    """
    assert amount <= 10, "box: too much"
    assert amount != 7, "box: seven"
    self.count += amount
'''
TESTS = """
from pathlib import Path


def test_box():
    source = Path("contracts/Box.vy").read_text()
    assert "assert amount <= 10" in source or "assert amount < 10" in source
    assert "assert amount == 7" not in source
    assert "self.count += amount\\n" in source


def test_other():
    assert True
"""
"""Tests that read the contract: what is under test is who is told to have noticed, not the chains."""

VERDICTS = {
    "contracts/Box.vy:10 bound moved by one: `<=` -> `<`": Verdict.SURVIVED,
    "contracts/Box.vy:11 comparison turned: `!=` -> `==`": Verdict.KILLED,
    "contracts/Box.vy:11 number moved by one: `7` -> `8`": Verdict.SURVIVED,
    "contracts/Box.vy:12 arithmetic changed: `+=` -> `=`": Verdict.KILLED,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "Box.vy").write_text(BOX)
    (folder / "test_box.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:ape_test -p no:pytest_cov\n")
    return folder


def named(*changes: Change, tests: tuple[str, ...] = ()) -> Mutant:
    return Mutant("named", changes, tests)


def test_generate__no_such_contract__is_told(project: Path) -> None:
    with pytest.raises(MutantUnusable, match=r"contracts/Bag.vy: there is no such file"):
        generate_mutants(project, ["contracts/Bag.vy"])


@pytest.mark.slow  # each mutant runs a suite in a process
def test_mutate__generated__survivors_are_told_and_verdicts_are_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["lab", "mutate", str(project), "--generate", "contracts/Box.vy", "--sample", "4", "--seed", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1, result.output
    told = dict(line.split(maxsplit=1)[::-1] for line in result.output.splitlines()[:-1])
    assert told == {name: verdict.value for name, verdict in VERDICTS.items()}
    assert result.output.splitlines()[-1] == "2 killed, 2 survived, 0 does not compile, 0 same code"
    assert (project / "contracts" / "Box.vy").read_text() == BOX

    def fail(*arguments: Any, **options: Any) -> None:
        raise AssertionError("ran again")

    monkeypatch.setattr(subprocess, "run", fail)
    assert CliRunner().invoke(main, arguments).output == result.output
    (project / "test_box.py").write_text(TESTS + "\n")
    with pytest.raises(AssertionError, match="ran again"):
        run_mutants(project, generate_mutants(project, ["contracts/Box.vy"]))


def test_run__named_mutants__only_their_tests_and_what_does_not_compile(project: Path) -> None:
    bad = Change("contracts/Box.vy", "self.count += amount", "self.sum += amount")
    less = Change("contracts/Box.vy", "self.count += amount", "self.count += amount - 1")
    mutants = [
        Mutant("no such name", (bad,)),
        Mutant("less", (less,), ("box",)),
        Mutant("less, and nobody looks", (less,), ("other",)),
    ]
    verdicts = run_mutants(project, mutants, workers=2)
    assert list(verdicts.values()) == [Verdict.UNUSABLE, Verdict.KILLED, Verdict.SURVIVED]


def test_run__what_cannot_be__one_sentence_each(project: Path) -> None:
    for mutant, words in (
        (named(Change("contracts/Bag.vy", "a", "b")), "named: there is no contracts/Bag.vy"),
        (named(Change("contracts/Box.vy", "amount", "b")), "contracts/Box.vy has 5 times, not once: amount"),
        (named(Change("contracts/Box.vy", "+= amount", "-= amount"), tests=("bag",)), "named: no test is called bag"),
    ):
        with pytest.raises(MutantUnusable, match=words):
            run_mutants(project, [mutant])
    outside = project.parent / "test_outside.py"
    outside.write_text("def test_outside():\n    assert 'amount'\n")
    for place in ("../test_outside.py", str(outside)):
        for change, tests in (("contracts/Box.vy", (f"{place}::test_outside",)), (place, ())):
            with pytest.raises(MutantUnusable, match=f"named: {place} is outside the project: name a file below its"):
                run_mutants(project, [named(Change(change, "'amount'", "''"), tests=tests)])
    assert "'amount'" in outside.read_text()
    (project / "test_box.py").write_text("def test_box():\n    assert False\n")
    with pytest.raises(MutantUnusable, match=r"the tests fail without any: mend them first: FAILED test_box\.py"):
        run_mutants(project, [])


def test_run__tests_fail_for_want_of_something__are_run_again_once_it_is_there(project: Path) -> None:
    tool = project.parent / "tool"
    (project / "test_box.py").write_text(f"def test_box():\n    assert open({str(tool)!r})\n")
    with pytest.raises(MutantUnusable, match="test_box"):
        run_mutants(project, [named(Change("contracts/Box.vy", "+= amount", "-= amount"))])
    tool.touch()
    verdicts = run_mutants(project, [named(Change("contracts/Box.vy", "+= amount", "-= amount"))])
    assert list(verdicts.values()) == [Verdict.SURVIVED]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file or directory"),
        ("[[", "it is no TOML"),
        ("a = 1", r"it has no \[\[mutant\]\]"),
        ("[[mutant]]\nname = 'a'", r"each \[\[mutant\]\] has a name and at least one"),
        (
            "[[mutant]]\nname = 'a'\n[[mutant.change]]\nfile = 'f'\nold = 'x'\nnew = 'x'",
            "a: each change has a file, an",
        ),
    ],
)
def test_read__not_usable__one_sentence(text: str | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "mutants.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(MutantUnusable, match=words):
        read_mutants(file)
