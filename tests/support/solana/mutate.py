"""Mutants of the Solana program: each check dropped, as a whole and in each part; judged by the tests of tests/solana.

    python -m tests.support.solana.mutate [EVERY [OFFSET]]      a line of JSON for each mutant, with its verdict

The tests are collected once. A mutant's begin with those that name its refusal, so that most are killed by one.
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
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.support.solana import founding
from zklink.protocol.errors import ProgramNotCompiled
from zklink.solana.toolchain import build
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link

TESTS = Path(__file__).resolve().parents[2] / "solana"
SKIPPED = ("generated.h",)
JUDGES = (
    "test_payment_refusals.py",
    "test_import_refusals.py",
    "test_door_refusals.py",
    "test_founding_refusals.py",
    "test_account_refusals.py",
    "test_account_lane.py",
    "test_end_refusals.py",
    "test_freeze.py",
    "test_end_twins.py",
    "test_swap_lane.py",
    "test_spoofs.py",
    "test_real_block.py",
)
CHECKS = re.compile(r"\b(NEED|TRY)\(|\bif \((?=.*\) return 0;)")


@dataclass(frozen=True)
class Mutant:
    """A change of one file: the text from `at` to `end` becomes `new`."""

    file: str
    line: int
    what: str
    refusal: str
    at: int
    end: int
    new: str

    @property
    def name(self) -> str:
        """Where and what, without the line, which moves."""
        return f"{self.file}: {self.what}"


def find_mutants() -> list[Mutant]:
    """All mutants of the program, in the order of files and lines."""
    files = [path for path in sorted(build.SOURCES.glob("*.h")) if path.name not in SKIPPED]
    return [mutant for path in files for mutant in _in_file(path.name, path.read_text())]


def _in_file(name: str, text: str) -> Iterator[Mutant]:
    for found in CHECKS.finditer(text):
        if text.rfind("#define", text.rfind("\n", 0, found.start()) + 1, found.start()) >= 0:
            continue
        begin, end = found.end(), _close(text, found.end())
        inner, line = text[begin : end - 1], text.count("\n", 0, found.start()) + 1
        kind = found[1] or "if"
        cuts = _split(inner, ",")
        refusal = inner[cuts[-1][0] :].strip() if kind == "NEED" else ""
        stop = begin + (cuts[-2][1] if kind == "NEED" else len(inner))
        condition = text[begin:stop]
        shown = " ".join(condition.split())
        if kind == "if":
            yield Mutant(name, line, f"never: {shown}", refusal, begin, stop, f"((void)({condition}), 0)")
        else:
            yield Mutant(name, line, f"dropped: {shown}", refusal, found.start(), end, f"(void)({condition})")
        yield from _parts(name, line, refusal, condition, begin)


def _parts(name: str, line: int, refusal: str, condition: str, begin: int) -> Iterator[Mutant]:
    for mark, neutral in (("&&", "1"), ("||", "0")):
        parts = _split(condition, mark)
        for at, end in parts if len(parts) > 1 else []:
            part = condition[at:end]
            what = f"part: {' '.join(part.split())} of {' '.join(condition.split())[:60]}"
            yield Mutant(name, line, what, refusal, begin + at, begin + end, f" ((void)({part}), {neutral}) ")


def _close(text: str, at: int) -> int:
    """The place after the bracket that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def _split(text: str, mark: str) -> list[tuple[int, int]]:
    """The pieces of a text between marks that stand in no bracket."""
    depth, start, pieces = 0, 0, []
    for i, letter in enumerate(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        if depth == 0 and text.startswith(mark, i):
            pieces.append((start, i))
            start = i + len(mark)
    return [*pieces, (start, len(text))]


def compile_mutant(mutant: Mutant) -> bytes | None:
    """The mutant's program; None where it does not compile."""
    with tempfile.TemporaryDirectory(prefix="zklink-mutant-") as folder:
        copy = Path(folder) / "solana"
        shutil.copytree(build.SOURCES, copy)
        path = copy / mutant.file
        text = path.read_text()
        path.write_text(text[: mutant.at] + mutant.new + text[mutant.end :])
        with contextlib.suppress(ProgramNotCompiled):
            return link([read_object(build.compile_object(copy / build.PROGRAM))])
    return None


class Judge:
    """A plugin of pytest: in place of the tests, collected once, it runs for each mutant as many as it takes, in a
    process of its own. `judge` says `killed`, `survived`, or why it is no mutant.
    """

    def __init__(self, mutants: Sequence[Mutant]) -> None:
        self.mutants = mutants
        self.has_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has failed in one of its phases."""
        self.has_failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants, a line of JSON for each."""
        for mutant in self.mutants:
            verdict = self.judge(mutant, session.items)
            print(json.dumps(asdict(mutant) | {"name": mutant.name, "verdict": verdict}), flush=True)
        return True

    def judge(self, mutant: Mutant, items: Sequence[pytest.Item]) -> str:
        """The verdict on one mutant."""
        program = compile_mutant(mutant)
        if program is None:
            return "does not compile"
        if program == build.build_program():
            return "same code"
        child = os.fork()
        if child == 0:
            status = 1  # a panic in the machine is no exception of Python's kind
            with contextlib.suppress(BaseException):
                status = int(self._fails(program, order(mutant, items)))
            os._exit(status)
        return "killed" if os.waitpid(child, 0)[1] else "survived"

    def _fails(self, program: bytes, items: Sequence[pytest.Item]) -> bool:
        founding.PLANTED.append(program)
        for item, after in itertools.zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.has_failed:
                return True
        return False


def order(mutant: Mutant, items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests that name the mutant's refusal first."""
    name = re.compile(rf"Refusal\.{mutant.refusal.removeprefix('E_')}\b")

    def is_other(item: pytest.Item) -> bool:
        text = inspect.getsource(item.function) if isinstance(item, pytest.Function) else ""
        return not (mutant.refusal and name.search(text))

    return sorted(items, key=is_other)


def main(every: int = 1, offset: int = 0) -> None:
    """Judge every so many-th mutant."""
    options = ["-q", "-s", "-n0", "-p", "no:cacheprovider", "-p", "no:terminalreporter", f"--confcutdir={TESTS}"]
    judge = Judge(find_mutants()[offset::every])
    sys.exit(pytest.main([*options, *(str(TESTS / name) for name in JUDGES)], plugins=[judge]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
