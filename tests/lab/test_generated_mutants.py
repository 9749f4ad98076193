"""Generated mutants: what is changed in a source, a sample, what explains a survivor, and this project's plan."""

import re
from pathlib import Path

import pytest
from vyper.ast import parse_to_ast

from zklink.lab.errors import MutantUnusable
from zklink.lab.gates import read_project
from zklink.lab.mutation import (
    Mutant,
    Plan,
    Same,
    choose,
    count_left_out,
    explain,
    find_stale,
    generate_mutants,
    read_plan,
)
from zklink.lab.mutation.operators import find_edits

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''# pragma version 0.4.3
# a comment with a >= 1
LIMIT: constant(uint256) = 10
kept: DynArray[uint256, 4]
owner: address

@external
@payable
def add(a: uint256, b: uint256) -> bool:
    """
    @notice Adds a <= 10, not b.
    """
    assert a <= LIMIT and not msg.value > b, "add: a < b"
    if a == b:
        self.owner = msg.sender
    self.kept[0] += unsafe_add(a, b) // min(a, 3)
    send(self.owner, a, gas=5)
    self.kept[1] = uint256_mulmod(a, b, LIMIT)
    return True
'''
EDITS = {
    "LIMIT: constant(uint256) = 10": {"number moved by one 11", "number moved by one 9"},
    'assert a <= LIMIT and not msg.value > b, "add: a < b"': {
        "statement left out pass",
        "bound moved by one <",
        "comparison turned >",
        "and becomes or or",
        "not left out msg.value > b",
        "bound moved by one >=",
        "comparison turned <=",
    },
    "if a == b:": {"condition decided True", "condition decided False", "comparison turned !="},
    "self.owner = msg.sender": {"statement left out pass", "sender changed tx.origin"},
    "self.kept[0] += unsafe_add(a, b) // min(a, 3)": {
        "statement left out pass",
        "number moved by one 1",
        "arithmetic changed -=",
        "arithmetic changed =",
        "function changed unsafe_sub",
        "arithmetic changed *",
        "function changed max",
        "number moved by one 4",
        "number moved by one 2",
    },
    "send(self.owner, a, gas=5)": {
        "statement left out pass",
        "arguments swapped a, self.owner",
        "keyword left out ",
        "number moved by one 6",
        "number moved by one 4",
    },
    "self.kept[1] = uint256_mulmod(a, b, LIMIT)": {
        "statement left out pass",
        "number moved by one 0",
        "number moved by one 2",
        "arguments swapped LIMIT, b",
    },
    "return True": {"truth turned False"},
}
RULE = """
class Rule:
    def __repr__(self) -> str:
        return "a rule"

    def check(self, step: int) -> int | bool:
        log.info("step", step + 1)
        self.catalog.info(step)
        assert step is not None
        assert isinstance(step, int)
        assert step != 3
        if step > 1:
            return False
        return 0
"""
PLAN = """
below = "contracts"
tests_below = "tests"
last = ["test_last.py"]
[[tests]]
files = ["Box.vy"]
stages = [["test_box.py"], ["test_more.py"]]
[[same]]
mutant = "Box.vy: condition decided: `a == b` -> `True`"
line = "if a == b:"
why = "both are always the same"
"""


def write(folder: Path, source: str = SOURCE) -> Path:
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "contracts" / "Box.vy").write_text(source)
    (folder / "plan.toml").write_text(PLAN)
    return folder


def test_find_edits__each_statement__is_changed_in_each_way_and_no_comment_or_type() -> None:
    found: dict[str, set[str]] = {}
    for edit in find_edits(SOURCE, parse_to_ast(SOURCE)):
        assert SOURCE.startswith(edit.old, edit.start)
        line = SOURCE[: edit.start].rpartition("\n")[2] + SOURCE[edit.start :].partition("\n")[0]
        found.setdefault(line.strip(), set()).add(f"{edit.operator} {edit.new}")
    assert found == EDITS


def test_texts__each_mutant__changes_its_own_place(tmp_path: Path) -> None:
    mutants = generate_mutants(write(tmp_path), ["contracts/Box.vy"])
    texts = {mutant.texts(tmp_path)["contracts/Box.vy"] for mutant in mutants}
    assert len(texts) == len({mutant.name for mutant in mutants}) == len(mutants)
    assert len(mutants) + count_left_out(tmp_path, ["contracts/Box.vy"]).total() == sum(map(len, EDITS.values()))
    assert SOURCE not in texts


def test_count_left_out__each_kind__is_told_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "rule.py").write_text(RULE)
    left_out = count_left_out(tmp_path, ["contracts/Box.vy", "rule.py"])
    assert {why.partition(":")[0]: count for why, count in left_out.items()} == {
        "a condition turned": 2,  # `a == b` in the contract, `step > 1` in the rule
        "a line of a log": 4,
        "a text for people": 1,
        "an assertion that tells a type": 3,
        "nothing in place of `False`, which is as false": 1,
    }
    made = {mutant.name.partition(" ")[2] for mutant in generate_mutants(tmp_path, ["rule.py"])}
    assert made == {
        "statement left out: `self.catalog.info(step)` -> `pass`",
        "statement left out: `assert step != 3` -> `pass`",
        "comparison turned: `!=` -> `==`",
        "number moved by one: `3` -> `2`",
        "number moved by one: `3` -> `4`",
        "condition decided: `step > 1` -> `True`",
        "condition decided: `step > 1` -> `False`",
        "bound moved by one: `>` -> `>=`",
        "number moved by one: `1` -> `0`",
        "number moved by one: `1` -> `2`",
        "truth turned: `False` -> `True`",
        "nothing returned: `0` -> `None`",
        "number moved by one: `0` -> `1`",
    }


def test_find_edits__value_that_nothing_reads__is_left_out() -> None:
    source = """# pragma version 0.4.3
@internal
def pair(most: uint256) -> (uint256, uint256):
    a: uint256 = 1
    b: uint256 = 2
    c: uint256 = 3
    d: uint256 = 4
    a, c = (most, b)
    if c == 5:
        d = 6
    d = d + 7
    return a, d
"""
    edits = [edit for edit in find_edits(source, parse_to_ast(source)) if edit.operator == "number moved by one"]
    assert {edit.old for edit in edits if edit.why} == {"1", "3"}
    assert {edit.old for edit in edits if not edit.why} == {"2", "4", "5", "6", "7"}


def test_choose__more__has_all_that_less_has_of_every_operator() -> None:
    mutants = [Mutant(f"{name} {k}", (), operator=name) for name in ("one", "two") for k in range(20)]
    mutants += [Mutant("rare", (), operator="rare")]
    less, more = choose(mutants, 5, 1), choose(mutants, 12, 1)
    assert more[:5] == less and choose(mutants, 5, 2) != less
    assert {mutant.operator for mutant in less} == {"one", "two", "rare"}
    assert set(choose(mutants, 100, 1)) == set(mutants)


def test_explain__line_that_stands_elsewhere__still_explains_and_a_line_that_is_gone_is_stale(tmp_path: Path) -> None:
    plan = read_plan(write(tmp_path) / "plan.toml")
    assert plan == Plan(
        {"contracts/Box.vy": (("tests/test_box.py",), ("tests/test_more.py",), ("tests/test_last.py",))},
        "",
        (Same("contracts/Box.vy: condition decided: `a == b` -> `True`", "if a == b:", "both are always the same"),),
    )
    for source, names, stale in (
        (SOURCE, ["contracts/Box.vy:14 condition decided: `a == b` -> `True`"], ()),
        (f"# more\n{SOURCE}", ["contracts/Box.vy:15 condition decided: `a == b` -> `True`"], ()),
        (SOURCE.replace("if a == b", "if b == a"), [], plan.same),
    ):
        mutants = generate_mutants(write(tmp_path, source), plan.files)
        assert list(explain(tmp_path, mutants, plan)) == names
        assert tuple(find_stale(tmp_path, mutants, plan)) == stale


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file or directory"),
        ("[[", "it is no TOML"),
        ("a = 1", r"it has \[\[tests\]\] with files and stages"),
        ("[[tests]]\nfiles = ['a']", r"it has \[\[tests\]\] with files and stages"),
        ("tests = 3", r"it has \[\[tests\]\] with files and stages"),
    ],
)
def test_read_plan__not_usable__one_sentence(text: str | None, words: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(MutantUnusable, match=words):
        read_plan(tmp_path / "plan.toml")


def test_plan__of_this_project__has_each_contract_tests_that_exist_and_no_stale_explanation() -> None:
    project = read_project(ROOT)
    assert project.mutation is not None
    plan = read_plan(ROOT / project.mutation)
    mutants = generate_mutants(ROOT, sorted({*plan.files, *(project.place(path) for path in project.written)}))
    assert {mutant.changes[0].file for mutant in mutants} - set(plan.files) == WITHOUT_TESTS
    tests = {test for stages in plan.stages.values() for stage in stages for test in stage}
    assert {test for test in tests if not _exists(*test.partition("::")[::2])} == set()
    assert find_stale(ROOT, mutants, plan) == []
    assert all(same.why for same in plan.same)


def _exists(file: str, name: str) -> bool:
    """A file or folder of tests, with a class or function of this name if there is one."""
    place = ROOT / file
    return place.exists() and (not name or re.search(rf"^(class|def) {name}\b", place.read_text(), re.M) is not None)


WITHOUT_TESTS = {"contracts/modules/constants.vy", "contracts/modules/checks.vy"}
"""All contracts are made of them; constants are generated, and held against the protocol's."""
