"""Mutants of the Solana program: each check dropped, as a whole and in each part; each statement left out that writes
through a pointer or calls a function for what it does. `judge_mutants.py` judges them.
"""

import contextlib
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from zklink.protocol.errors import ProgramNotCompiled
from zklink.solana.toolchain import build
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link

FILLED: Final = (*build.FLAGS, "-ftrivial-auto-var-init=pattern")
"""Every variable of a function begins as a pattern, not as what is left on the stack: mostly that is zero."""
SKIPPED = ("generated.h",)
CHECKS = re.compile(r"\b(NEED|TRY)\(|\bif \((?=.*\) return 0;)")
PLAIN = ("field.h", "groth16.h", "machine.h", "words.h")
"""Files whose statements compute and keep nothing. Of the timelock, in its folder, none are left out either."""
FUNCTION = re.compile(r"^(?:static|ALWAYS|APART)\b[^;{]*?(\w+)\(", re.MULTILINE)
STATEMENT = re.compile(
    r"(?:\*?\w+(?:(?:->|\.)\w+|\[[^;=]*?\])+ [-+|]?= [^;]*|\*\w+ [-+|]?= [^;]*|\w+->[\w\[\]. -]+(?:\+\+|--)"
    r"|(?!NEED|TRY|CHECK_SHAPE|SAME_PLACE|_Static_assert|return)\w+\([^;]*\));$"
)
ANSWERS = re.compile(r"(?:\breturn|\bint \w+ =) ([^;?]*)[;?]")


@dataclass(frozen=True)
class Mutant:
    """A change of one file: the text from `at` to `end` becomes `new`. It does what the condition from `starts` to
    `stops` being `neutral`, always, would do; or of a statement there what leaving it out would.
    """

    file: str
    line: int
    what: str
    refusal: str
    at: int
    end: int
    new: str
    starts: int
    stops: int
    neutral: int
    is_statement: bool = False

    @property
    def name(self) -> str:
        """Where and what, without the line, which moves; where it stands in several functions, with that."""
        return f"{self.file}: {self.what}"


def find_mutants(source: str | Path = build.PROGRAM) -> list[Mutant]:
    """All mutants of the headers beside a program's source, in the order of files and lines."""
    folder = (build.SOURCES / source).parent
    files = [path for path in sorted(folder.glob("*.h")) if path.name not in SKIPPED]
    named = [(path.relative_to(build.SOURCES).as_posix(), path.read_text()) for path in files]
    ways = (_in_file, _in_answers, _in_statements)
    found = [mutant for name, text in named for find in ways for mutant in find(name, text)]
    often = {name for name, count in Counter(mutant.name for mutant in found).items() if count > 1}
    return [_say_where(mutant) if mutant.name in often else mutant for mutant in found]


def _say_where(mutant: Mutant) -> Mutant:
    """With its function, for what stands in several."""
    before = (build.SOURCES / mutant.file).read_text()[: mutant.at]
    return replace(mutant, what=f"{mutant.what} in {FUNCTION.findall(before)[-1]}")


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
            yield Mutant(
                name, line, f"never: {shown}", refusal, begin, stop, f"((void)({condition}), 0)", begin, stop, 0
            )
        else:
            new, neutral = f"(void)({condition})", int(kind == "NEED")
            yield Mutant(name, line, f"dropped: {shown}", refusal, found.start(), end, new, begin, stop, neutral)
        yield from _parts(name, line, refusal, condition, begin)


def _in_answers(name: str, text: str) -> Iterator[Mutant]:
    """Of what a function or a variable says, each part left out."""
    for found in ANSWERS.finditer(text):
        yield from _parts(name, text.count("\n", 0, found.start()) + 1, "", found[1], found.start(1))


def _in_statements(name: str, text: str) -> Iterator[Mutant]:
    """Each statement of a line of its own, or behind one condition, left out."""
    start = 0
    for line, row in enumerate(text.splitlines(keepends=True), 1):
        at = len(row) - len(row.lstrip())
        begin, start = start, start + len(row)
        if at == 0 or name in PLAIN:
            continue
        for word in ("else ", "if ("):
            if row.startswith(word, at):
                at = at + len(word) if word == "else " else _close(row + ")" * len(row), at + len(word)) + 1
        found = STATEMENT.match(row.rstrip("\n"), at)
        if found:
            what = f"left out: {' '.join(found[0][:-1].split())[:90]}"
            places = begin + found.start(), begin + found.end()
            yield Mutant(name, line, what, "", *places, "(void)(0);", *places, 0, is_statement=True)


def _parts(name: str, line: int, refusal: str, condition: str, begin: int) -> Iterator[Mutant]:
    for mark, neutral in (("&&", "1"), ("||", "0")):
        parts = _split(condition, mark)
        # What binds less tightly has the parts in its own.
        if len(_split(condition, "?")) > 1 or (mark == "&&" and len(_split(condition, "||")) > 1):
            continue
        for at, end in parts if len(parts) > 1 else []:
            part = condition[at:end]
            what = f"part: {' '.join(part.split())} of {' '.join(condition.split())[:60]}"
            new, places = f" ((void)({part}), {neutral}) ", (begin + at, begin + end)
            yield Mutant(name, line, what, refusal, *places, new, *places, int(neutral))


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


def compile_mutant(
    mutant: Mutant, source: str | Path = build.PROGRAM, flags: tuple[str, ...] = build.FLAGS
) -> bytes | None:
    """The mutant's program of that source; None where it does not compile."""
    with tempfile.TemporaryDirectory(prefix="zklink-mutant-") as folder:
        copy = Path(folder) / "solana"
        shutil.copytree(build.SOURCES, copy)
        path = copy / mutant.file
        text = path.read_text()
        path.write_text(text[: mutant.at] + mutant.new + text[mutant.end :])
        with contextlib.suppress(ProgramNotCompiled):
            return compile_with(copy / source, flags)
    return None


def compile_with(source: Path, flags: tuple[str, ...]) -> bytes:
    """The program of a source, compiled with these flags. Raises ProgramNotCompiled, ProgramNotLinked."""
    return link([read_object(build.compile_object(source, flags))])
