"""Judges the Solana program's mutants by the tests of tests/solana.

    python -m tests.support.solana.judge_mutants [FILE ...]      a line of JSON for each mutant, with its verdict

All mutants are in one program, and a constant says which of them is planted, so that one compilation is enough. A first
run of the tests notes by which a mutant would make a difference at the place where it stands: no other test is asked.
"""

import contextlib
import inspect
import itertools
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.solana import founding
from tests.support.solana.machine import Machine
from tests.support.solana.mutate import Mutant, find_mutants
from zklink.solana.toolchain import build
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link

TESTS: Final = Path(__file__).resolve().parents[2] / "solana"
EXPLAINED: Final = TESTS / "explained.toml"
JUDGES: Final = (
    "test_payment_refusals.py",
    "test_holding_up.py",
    "test_import_refusals.py",
    "test_door_refusals.py",
    "test_founding_refusals.py",
    "test_account_refusals.py",
    "test_account_lane.py",
    "test_end_refusals.py",
    "test_exodus.py",
    "test_exits.py",
    "test_freeze.py",
    "test_end_twins.py",
    "test_swap_lane.py",
    "test_spoofs.py",
    "test_real_block.py",
)
NOBODY: Final = 0x5EED0FA11C0DE5ED
"""The constant in the program as it is compiled; the mutant's number takes its place."""
RECORD: Final = 1 << 62
"""In its place: log each mutant that would make a difference here."""
ANCHOR: Final = "#define APART static __attribute__((noinline))\n"
SWITCH: Final = f"""
static const volatile u64 PLANTED_MUTANT = {NOBODY}ull;
extern void sol_log_64_(u64, u64, u64, u64, u64);
APART u64 mutated(u64 mutant, u64 value, u64 neutral) {{
  u64 planted = PLANTED_MUTANT;
  if (planted == mutant) return neutral;
  if (planted == {RECORD}ull && (value != 0) != neutral) sol_log_64_({RECORD}ull, mutant, 0, 0, 0);
  return value;
}}
"""
LOGGED: Final = re.compile(rf"Program log: {RECORD:#x}, (0x[0-9a-f]+), ")


def compile_all(mutants: Sequence[Mutant]) -> bytes:
    """The program with all mutants, none of them planted. A mutant's number is its place here."""
    with tempfile.TemporaryDirectory(prefix="zklink-mutants-") as folder:
        copy = Path(folder) / "solana"
        shutil.copytree(build.SOURCES, copy)
        for name in {mutant.file for mutant in mutants}:
            text = (copy / name).read_text()
            marks = [mark for mark in _marks(mutants) if mark[0] == name]
            for _, at, _, inserted in sorted(marks, key=lambda mark: (mark[1], mark[2]), reverse=True):
                text = text[:at] + inserted + text[at:]
            (copy / name).write_text(text)
        machine = copy / "machine.h"
        machine.write_text(machine.read_text().replace(ANCHOR, ANCHOR + SWITCH))
        return link([read_object(build.compile_object(copy / build.PROGRAM))])


def _marks(mutants: Sequence[Mutant]) -> Iterator[tuple[str, int, int, str]]:
    """What is inserted: file, place, order at that place, text. A whole condition stands around its parts."""
    for number, mutant in enumerate(mutants):
        length = mutant.stops - mutant.starts
        yield mutant.file, mutant.starts, -length, f"mutated({number}, (u64)("
        yield mutant.file, mutant.stops, -(1 << 40) + length, f"), {mutant.neutral})"


def plant(program: bytes, number: int) -> bytes:
    """The program with this mutant."""
    before, after = program.split(NOBODY.to_bytes(8, "little"))
    return before + number.to_bytes(8, "little") + after


class Judge:
    """A plugin of pytest: in place of the tests, collected once, it runs for each mutant as many as it takes, in a
    process of its own.
    """

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files
        self.mutants = find_mutants()
        self.program = compile_all(self.mutants)
        self.explained = read_explained()
        self.has_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has failed in one of its phases."""
        self.has_failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge the mutants of the files, or all, a line of JSON for each."""
        reached = record(session.items, plant(self.program, RECORD))
        for number, mutant in enumerate(self.mutants):
            if not self.files or mutant.file in self.files:
                # A test that sends by other ways than the machine's is seen by the refusal that it names.
                items = [item for item in session.items if number in reached[item.nodeid] or names(item, mutant)]
                items.sort(key=lambda item: not names(item, mutant))
                verdict = self.judge(number, items) if items else "survived: no test gets there"
                if mutant.name in self.explained:
                    verdict += ", explained"
                print(json.dumps(asdict(mutant) | {"name": mutant.name, "verdict": verdict}), flush=True)
        return True

    def judge(self, number: int, items: Sequence[pytest.Item]) -> str:
        """The verdict on one mutant."""
        is_killed = _in_a_child(lambda: not self._pass(plant(self.program, number), items))
        return "killed" if is_killed else "survived"

    def _pass(self, program: bytes, items: Sequence[pytest.Item]) -> bool:
        founding.PLANTED.append(program)
        return all(not self._fails(item, after) for item, after in itertools.zip_longest(items, items[1:]))

    def _fails(self, item: pytest.Item, after: pytest.Item | None) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return self.has_failed


def record(items: Sequence[pytest.Item], program: bytes) -> dict[str, set[int]]:
    """By test, the mutants that would make a difference in it."""
    with tempfile.NamedTemporaryFile("r") as file:
        if _in_a_child(lambda: Path(file.name).write_text(json.dumps(_record(items, program))) == 0):
            raise ValueError("a test fails with no mutant planted")
        return {name: set(found) for name, found in json.load(file).items()}


def _record(items: Sequence[pytest.Item], program: bytes) -> dict[str, list[int]]:
    founding.PLANTED.append(program)
    found: dict[str, list[int]] = {}
    seen: set[int] = set()
    original = Machine._run

    def watch(machine: Machine, calls: Any, signers: Any, run: Callable[..., Any]) -> int:
        def logged(transaction: Any) -> Any:
            result = run(transaction)
            meta = result.meta() if hasattr(result, "meta") else result
            seen.update(int(number, 16) for number in LOGGED.findall("\n".join(meta.logs())))
            return result

        return original(machine, calls, signers, logged)

    Machine._run = watch  # type: ignore[method-assign, assignment]
    for item, after in itertools.zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        found[item.nodeid] = sorted(seen)
        seen.clear()
    return found


def _in_a_child(is_so: Callable[[], bool]) -> bool:
    """Whether something is so, or breaks, in a process of its own: a panic in the machine ends no other."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            status = int(is_so())
        os._exit(status)
    return os.waitpid(child, 0)[1] != 0


def names(item: pytest.Item, mutant: Mutant) -> bool:
    """Whether a test names the mutant's refusal."""
    text = inspect.getsource(item.function) if isinstance(item, pytest.Function) else ""
    return mutant.refusal != "" and re.search(rf"Refusal\.{mutant.refusal.removeprefix('E_')}\b", text) is not None


def read_explained() -> dict[str, str]:
    """Mutants that no test can notice, by name, and why."""
    groups = tomllib.loads(EXPLAINED.read_text())["explained"]
    return {name: group["reason"] for group in groups for name in group["mutants"]}


def main(*files: str) -> None:
    """Judge the mutants of these files, or of all."""
    options = ["-q", "-s", "-n0", "-p", "no:cacheprovider", "-p", "no:terminalreporter", f"--confcutdir={TESTS}"]
    sys.exit(pytest.main([*options, *(str(TESTS / name) for name in JUDGES)], plugins=[Judge(files)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
