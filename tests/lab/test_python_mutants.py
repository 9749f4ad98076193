"""Mutants of Python: what is changed in a module, and that whoever has loaded it has the mutant."""

import gc
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation import Judge, Verdict, generate_mutants, read_plan
from zklink.lab.mutation.python_operators import find_python_edits
from zklink.lab.mutation.python_plant import NotLoaded, find_functions, plant_python

SOURCE = '''"""A module; 1 < 2."""
LIMIT = 10


def check(amount: int, most: int = 5, *, é: str = "ö < 1") -> bool:
    """Whether 1 < 2."""
    if not 0 < amount <= most and amount is not None:
        raise ValueError(f"ö {amount + 1} < 3")
    for each, _ in zip(range(3), range(3), strict=True):
        amount -= each
        if each == 2 or "ö" in é and each % 2:
            break
    check_more(amount)
    return min(amount, most) >= 2


class Rule:
    factor = 3

    @property
    def double(self) -> int:
        return self.factor * 2

    def find(self):
        while True:
            continue


def make(step):
    def add(number):
        return number + step

    return add
'''
EDITS = {
    "if not 0 < amount <= most and amount is not None:": {
        "condition decided True",
        "condition decided False",
        "and becomes or or",
        "not left out (0 < amount <= most)",
        "number moved by one 1",
        "bound moved by one <=",
        "comparison turned >=",
        "bound moved by one <",
        "comparison turned >",
        "comparison turned is",
    },
    'raise ValueError(f"ö {amount + 1} < 3")': {"statement left out pass"},
    "for each, _ in zip(range(3), range(3), strict=True):": {"number moved by one 2", "number moved by one 4"},
    "amount -= each": {"statement left out pass", "arithmetic changed +=", "arithmetic changed ="},
    'if each == 2 or "ö" in é and each % 2:': {
        "condition decided True",
        "condition decided False",
        "and becomes or and",
        "comparison turned !=",
        "number moved by one 1",
        "number moved by one 3",
        "comparison turned not in",
        "and becomes or or",
        "arithmetic changed //",
    },
    "break": {"loop left or gone on continue"},
    "check_more(amount)": {"statement left out pass"},
    "return min(amount, most) >= 2": {
        "nothing returned None",
        "function changed max",
        "bound moved by one >",
        "comparison turned <",
        "number moved by one 1",
        "number moved by one 3",
    },
    "return self.factor * 2": {
        "nothing returned None",
        "arithmetic changed //",
        "number moved by one 1",
        "number moved by one 3",
    },
    "while True:": {"condition decided False"},
    "continue": {"loop left or gone on break"},
    "return number + step": {"nothing returned None", "arithmetic changed -"},
    "return add": {"nothing returned None"},
}
RULE = """
FACTOR = 2


def price(amount):
    if amount > 10:
        return amount * FACTOR
    return amount + 0


def nobody_asks():
    return 3


def twice(number):
    return 2 * number


def quiet():
    return True
"""
TEST = """
from pathlib import Path

from hypothesis import given, strategies
from rule import price, quiet, twice


def test_price():
    assert price(10) == 10
    assert price(11) == 22


@given(strategies.integers(0, 2**64))
def test_twice(number):
    is_right = twice(number) % 2 == 0
    if not is_right:
        with Path("FILE").open("a") as file:
            file.write("x")
    assert is_right


def test_loud():
    assert quiet()
    with Path("LOUD").open("a") as file:
        file.write("x")
"""
PLAN = """
[[tests]]
files = ["rule.py"]
stages = [["test_rule.py"]]
"""
FOUND = {
    "6 bound moved by one: `>` -> `>=`": Verdict.KILLED,
    "6 condition decided: `amount > 10` -> `False`": Verdict.KILLED,
    "6 number moved by one: `10` -> `11`": Verdict.KILLED,
    "7 arithmetic changed: `*` -> `//`": Verdict.KILLED,
    "7 nothing returned: `amount * FACTOR` -> `None`": Verdict.KILLED,
    "8 arithmetic changed: `+` -> `-`": Verdict.SURVIVED,
    "12 nothing returned: `3` -> `None`": Verdict.SURVIVED,
    "16 number moved by one: `2` -> `3`": Verdict.KILLED,
}


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    (tmp_path / "source.py").write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("source", tmp_path / "source.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    yield loaded


def plant(module: ModuleType, old: str, new: str) -> tuple[str, int]:
    assert SOURCE.count(old) == 1
    planted = plant_python(Path(str(module.__file__)), SOURCE, SOURCE.replace(old, new))
    return planted.code, planted.functions


def test_find_python_edits__each_statement__is_changed_and_no_head_text_or_constant_of_the_module() -> None:
    found: dict[str, set[str]] = {}
    for edit in find_python_edits(SOURCE):
        assert SOURCE.startswith(edit.old, edit.start)
        line = SOURCE[: edit.start].rpartition("\n")[2] + SOURCE[edit.start :].partition("\n")[0]
        found.setdefault(line.strip(), set()).add(f"{edit.operator} {edit.new}")
    assert found == EDITS


def test_generate__no_python__is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def a(:")
    with pytest.raises(MutantUnusable, match=r"bad.py: it is no Python: invalid syntax"):
        generate_mutants(tmp_path, ["bad.py"])


def test_plant_python__function_that_others_hold__is_the_mutant_for_all(module: ModuleType) -> None:
    rule, add_three = module.Rule(), module.make(3)
    _, count = plant(module, "self.factor * 2", "self.factor + 20")
    assert (rule.double, count) == (23, 1)
    _, count = plant(module, "number + step", "number - step")
    assert (add_three(5), module.make(1)(5), count) == (2, 4, 2)


def test_plant_python__same_instructions__has_no_name_and_equal_mutants_have_one(module: ModuleType) -> None:
    assert plant(module, "return number + step", "return (number\n + step)") == ("", 0)
    names = {plant(module, "== 2", new)[0] for new in ("== 2 + 2", "== 4", "== (4)")}
    assert len(names) == 1 and names != {""}


def test_plant_python__other_variables_of_the_function_around__cannot_be(module: ModuleType) -> None:
    assert module.make(3)(5) == 8
    kept = module.make(3)
    with pytest.raises(ValueError, match="free vars"):
        plant(module, "number + step", "number")
    assert kept(5) == 8


def test_plant_python__what_tests_have_frozen__is_changed_all_the_same(module: ModuleType) -> None:
    gc.collect()
    gc.freeze()  # as a conftest may do after collection; the collector lists none of it
    folder = Path(str(module.__file__)).parent
    changed = SOURCE.replace("self.factor * 2", "self.factor + 20")
    found = find_functions(folder)
    assert plant_python(Path(str(module.__file__)), SOURCE, changed, found).functions == 1
    assert module.Rule().double == 23


def test_plant_python__file_that_nobody_has_loaded__is_told(tmp_path: Path) -> None:
    with pytest.raises(NotLoaded, match=r"no function of other\.py is loaded: do the tests that are asked import it"):
        plant_python(tmp_path / "other.py", SOURCE, SOURCE.replace("self.factor * 2", "self.factor + 20"))


def test_plant_python__what_a_class_says_outside_of_functions__has_run_before(module: ModuleType) -> None:
    assert plant(module, "factor = 3", "factor = 4") == ("", 0)


@pytest.mark.slow  # a process that loads pytest
def test_judge__python__what_no_test_notices_survives_and_no_failure_is_shrunk(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    for place, text in {
        "rule.py": RULE,
        "test_rule.py": TEST.replace("FILE", str(tmp_path / "failures")).replace("LOUD", str(tmp_path / "loud")),
        "plan.toml": PLAN,
        "pytest.ini": "[pytest]\naddopts = -p no:ape_test -p no:pytest_cov\npythonpath = .\n",
        "pyproject.toml": '[tool.zklink.lab]\nmutation = "plan.toml"\n',
        "contracts/Box.vy": "# pragma version 0.4.3\n",
    }.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
    chosen = [each for each in generate_mutants(folder, ["rule.py"]) if each.name.partition(":")[2] in FOUND]
    judge = Judge(folder, read_plan(folder / "plan.toml"))
    found = judge.run(chosen, 1, lambda one: None)
    assert {one.mutant.name.partition(":")[2]: one.verdict for one in found} == FOUND
    assert (folder / "rule.py").read_text() == RULE
    assert (tmp_path / "failures").read_text() == "xx"  # when it is found, and when Hypothesis shows it
    assert len(judge.used) == len(FOUND) and all(judge.used)
    # Once to see what it enters, once without a mutant, once for the function that nobody enters.
    assert (tmp_path / "loud").read_text() == "xxx"
