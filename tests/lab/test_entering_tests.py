"""Which tests enter which lines, and which of them are asked about a mutant, in which order."""

import gc
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.engines import note_engine
from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.coverage import Recorder, probe_contracts
from zklink.lab.gates import read_project
from zklink.lab.mutation.entries import Entries, KeptEntries
from zklink.lab.mutation.line_tracer import EVERYBODY, LineTracer, find_spans

RULE = """from functools import lru_cache


def price(amount):
    if amount > 10:
        return amount * 2
    return sum(
        each
        for each in range(amount)
    )


@lru_cache
def table():
    return price(3)


def look(number):
    match number:
        case 1:
            return 2
    return table()
"""
BOX = """# pragma version 0.4.3
count: public(uint256)

@external
def add(amount: uint256):
    if amount > 10:
        self.count = 10
    else:
        self.count += amount
"""
STAGES = (("tests/test_a.py", "tests/test_b.py::test_b"), ("tests/more",))


@pytest.fixture
def rule(tmp_path: Path) -> Iterator[ModuleType]:
    (tmp_path / "rule.py").write_text(RULE)
    spec = importlib.util.spec_from_file_location("rule", tmp_path / "rule.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


def test_tracer__each_context__has_its_lines_and_what_is_kept_is_everybodys(rule: ModuleType, tmp_path: Path) -> None:
    tracer, told = LineTracer(tmp_path, ["rule.py"]), list[int]()
    tracer.tell = told.append
    with tracer.running():
        for context, function, number in ((1, rule.price, 11), (2, rule.look, 1), (3, rule.look, 5)):
            tracer.context = context
            function(number)
        tracer.context = 4
        rule.look(5)
    rule.price(2)
    assert tracer.read(1) == {0: {5, 6}}
    assert tracer.read(2) == {0: {19, 20, 21}}
    assert tracer.read(3) == tracer.read(4) == {0: {19, 20, 22}}
    assert tracer.read(EVERYBODY)[0] >= {15, 5, 7}
    assert told == [1, 2, 3, EVERYBODY, 3, 4]


def test_tracer__what_tests_have_frozen__is_everybodys_if_it_is_kept(rule: ModuleType, tmp_path: Path) -> None:
    gc.collect()
    gc.freeze()  # as a conftest may do after collection; the collector lists none of it
    tracer = LineTracer(tmp_path, ["rule.py"])
    with tracer.running():
        tracer.context = 1
        rule.look(5)
    assert tracer.read(1) == {0: {19, 20, 22}}
    assert tracer.read(EVERYBODY)[0] >= {15, 5, 7}


def test_find_spans__statement__has_all_its_lines_and_a_compound_one_its_head() -> None:
    assert sorted(find_spans(RULE), key=lambda span: span.start) == [
        range(5, 6),
        range(6, 7),
        range(7, 11),
        range(15, 16),
        range(19, 20),
        range(21, 22),
        range(22, 23),
    ]


def test_recorder__contexts__each_has_the_statements_it_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_engine("revm")
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path / "cache"))
    for name in ("contracts", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "contracts" / "Box.vy").write_text(BOX)
    (contract,) = contracts = probe_contracts(read_project(tmp_path), is_apart=True)
    recorder = Recorder(tuple(contracts))
    recorder.start()
    try:
        with open_chains("revm", [ChainSpec("one", 81)]) as chains:
            box = deploy(chains.by_name("one"), compile_vyper(tmp_path / "contracts" / "Box.vy"))
            for context, amount in ((1, 11), (2, 3), (2**40, 3), (1, 12)):
                recorder.set_context(context)
                box.functions.add(amount).transact({"from": funded_account(1).address, "gas": 200_000})
            recorder.gather()
    finally:
        recorder.stop()

    def lines(context: int) -> set[int]:
        (probes,) = recorder.contexts[context].values()
        return {contract.marks[probe].line for probe in probes}

    assert (lines(1), lines(2), lines(2**40)) == ({6, 7}, {6, 9}, {6, 9})
    assert recorder.strays == 0 < recorder.messages


def test_probe_contracts__helper_that_imports_a_module__has_probes_in_the_module_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests call a module through it, and no contract of the product may stand on a chain there."""
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path / "cache"))
    head = "# pragma version 0.4.3\n"
    texts = {
        "pyproject.toml": '[tool.zklink.lab]\nhelpers = ["testing"]\n',
        "tests/conftest.py": "",
        "contracts/rule.vy": f"{head}@internal\n@pure\ndef twice(x: uint256) -> uint256:\n    return 2 * x\n",
        "contracts/testing/Desk.vy": f"{head}from .. import rule\n\n@external\n@pure\n"
        "def twice(x: uint256) -> uint256:\n    return rule.twice(x)\n",
        "contracts/testing/Alone.vy": f"{head}@external\n@pure\ndef one() -> uint256:\n    return 1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    project = read_project(tmp_path)
    (desk,) = probe_contracts(project, has_helpers=True)
    assert desk.place == "contracts/testing/Desk.vy"
    assert {(mark.place, mark.line) for mark in desk.marks} == {("contracts/rule.vy", 5)}
    assert not probe_contracts(project)


def record(**tests: tuple[float, dict[str, int] | None]) -> dict[str, Any]:
    """Of tests in three files, by their short names: seconds, and the lines of rule.py."""
    names = {"a": "tests/test_a.py::test_a", "a2": "tests/test_a.py::test_a2", "b": "tests/test_b.py::test_b"}
    names |= {"c": "tests/more/test_c.py::TestC::test_c", "d": "tests/test_d.py::test_d"}
    written: dict[str, Any] = {
        names[name]: {"seconds": seconds, "lines": lines and {f: f"{mask:x}" for f, mask in lines.items() if mask}}
        for name, (seconds, lines) in tests.items()
    }
    return {"tests": written, "known": {"rule.py": "3e"}, "shared": {"rule.py": "10"}, "early": {"rule.py": "8"}}


def entries() -> Entries:
    found = Entries()
    first, second, both = ({"rule.py": mask} for mask in (0b10, 0b100, 0b110))
    found.add(record(a=(0.5, first), a2=(0.01, both), b=(0.01, second), c=(0.01, first), d=(0.001, first)))
    return found


def test_choose__line_that_tests_enter__these_alone_stage_by_stage_and_the_cheapest_first() -> None:
    names = ["tests/test_a.py::test_a2", "tests/test_a.py::test_a", "tests/more/test_c.py::TestC::test_c"]
    assert entries().choose("rule.py", 1, STAGES) == names
    assert entries().choose("rule.py", 1, STAGES, ["tests/test_b.py::test_b", names[2]]) == [names[2], *names[:2]]


@pytest.mark.parametrize("line", [3, 4, 6])
def test_choose__line_of_which_nothing_is_known__all_tests_of_its_stages(line: int) -> None:
    chosen = entries().choose("rule.py", line, STAGES)  # nobody enters it, for everybody, not known
    assert len(chosen) == 4 and "tests/test_d.py::test_d" not in chosen


@pytest.mark.parametrize("lines", [None, {"rule.py": 0}])
def test_choose__test_that_failed_when_it_was_recorded_or_enters_nothing__is_always_asked(
    lines: dict[str, int] | None,
) -> None:
    found = entries()
    found.add(record(b=(0.01, lines)))
    assert "tests/test_b.py::test_b" in found.choose("rule.py", 1, STAGES)


def test_is_late__line__only_where_no_fixture_of_the_whole_run_enters_it() -> None:
    assert [line for line in range(7) if entries().is_late("rule.py", line)] == [1, 2, 5]


def test_load__record__is_kept_until_a_source_or_its_file_of_tests_changes(tmp_path: Path) -> None:
    source, first, second = tmp_path / "rule.py", tmp_path / "tests" / "test_a.py", tmp_path / "tests" / "test_b.py"
    first.parent.mkdir()
    for file in (source, first, second):
        file.write_text("1")
    asked: list[list[Path]] = []

    def find(files: Sequence[Path]) -> Mapping[str, Any]:
        asked.append(list(files))
        return record(a=(0.5, {"rule.py": 2}), b=(0.5, {"rule.py": 4}))

    def load() -> Entries:
        return KeptEntries(tmp_path / "cache", [source]).load([first, second], find)

    found = load()
    assert load() == found and set(found.tests) == {"tests/test_a.py::test_a", "tests/test_b.py::test_b"}
    second.write_text("2")
    load()
    source.write_text("2")
    load()
    assert asked == [[first, second], [second], [first, second]]
