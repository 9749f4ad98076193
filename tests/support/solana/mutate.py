"""Mutants of the Solana program: each check dropped, as a whole and in each part; judged by the tests of tests/solana.

    python -m tests.support.solana.mutate [EVERY [OFFSET]]      a line of JSON for each mutant, with its verdict

A mutant's tests begin with those that name its refusal, so that most are killed within seconds.
"""

import contextlib
import io
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
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


def judge(mutant: Mutant) -> str:
    """`killed`, `survived`, or why it is no mutant."""
    program = compile_mutant(mutant)
    if program is None:
        return "does not compile"
    if program == build.build_program():
        return "same code"
    return "killed" if _fails(program, mutant.refusal.removeprefix("E_")) else "survived"


def _fails(program: bytes, refusal: str) -> bool:
    """Whether a test fails with this program, first in the files that name its refusal."""
    files = [TESTS / name for name in JUDGES]
    named = [path for path in files if refusal and re.search(rf"Refusal\.{refusal}\b", path.read_text())]
    order = [*named, *(path for path in files if path not in named)]
    options = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "--tb=no", "--durations=0", f"--confcutdir={TESTS}"]
    founding.PLANTED.append(program)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return pytest.main([*options, *map(str, order)]) != pytest.ExitCode.OK
    finally:
        founding.PLANTED.clear()


def main(every: int = 1, offset: int = 0) -> None:
    """Judge every so many-th mutant, a line of JSON for each."""
    for mutant in find_mutants()[offset::every]:
        print(json.dumps(asdict(mutant) | {"name": mutant.name, "verdict": judge(mutant)}), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
