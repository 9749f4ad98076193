"""Reasons of reverts: each short, unique, and named by a test.

Takes sources as text; a reason is a string of the form "module: reason" anywhere, or whatever string ends an `assert`
or a `raise`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.lab.gates.compiling import parse
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project

_SILENT: Final = re.compile(r'""".*?"""', re.DOTALL)
_STRING: Final = re.compile(r'"([^"\n]*)"')
_COMMENT: Final = re.compile(r'^(?:[^"#\n]|"[^"\n]*")*(#.*)$')
_HOUSE: Final = re.compile(r"[a-z][a-z0-9-]*: .*")
_LAST: Final = re.compile(r'^\s*(?:raise|(?:assert\b|\)).*,)\s*"[^"\n]*"$')
_FUNCTION: Final = re.compile(r"^def (\w+)\(")


@dataclass(frozen=True, slots=True)
class Reason:
    """A revert reason: its text, the source below the contracts' folder that has it, the function, and the line."""

    text: str
    source: str
    function: str
    line: int


def find_reasons(project: Project) -> list[Reason]:
    """Every reason of the product's own sources, as often as it is written, by source and line."""
    return [reason for path in project.written for reason in _read(path, path.relative_to(project.folder).as_posix())]


def _read(path: Path, source: str) -> Iterator[Reason]:
    function = ""
    text = _SILENT.sub(lambda found: "\n" * found[0].count("\n"), path.read_text())
    for number, line in enumerate(text.splitlines(), 1):
        if found := _FUNCTION.match(line):
            function = found[1]
        comment = _COMMENT.match(line)
        code = (line[: comment.start(1)] if comment else line).rstrip()
        strings = _STRING.findall(code)
        is_last = _LAST.match(code) is not None
        for place, said in enumerate(strings):
            if _HOUSE.fullmatch(said) or (is_last and place == len(strings) - 1):
                yield Reason(said, source, function, number)


def find_bad_reasons(project: Project) -> Iterator[Finding]:
    """Reasons that are too long, written twice, or in no test; assertions without any."""
    tests = [path.read_text() for path in project.list_test_files(project.reason_tests)]
    places: dict[str, list[Reason]] = defaultdict(list)
    for reason in find_reasons(project):
        places[reason.text].append(reason)
    for text, reasons in places.items():
        first, *others = reasons
        if (size := len(text.encode())) > project.reason_limit:
            yield _finding(project, first, f"{text!r} has {size} bytes; {project.reason_limit} are allowed")
        for other in others:
            yield _finding(project, other, f"{text!r} stands in {first.source}:{first.line}, too")
        if not any(f'"{text}"' in test or f"'{text}'" in test for test in tests):
            yield _finding(project, first, f"no test names {text!r}")
    for path in project.written:
        yield from _find_silent(project, path)


def _find_silent(project: Project, path: Path) -> Iterator[Finding]:
    from vyper import ast as vy_ast

    tree = parse(path)
    for node in tree.get_descendants(vy_ast.Assert):
        if node.msg is None:
            yield Finding("reasons", project.place(path), node.lineno, "an assertion without a reason")
    for node in tree.get_descendants(vy_ast.Raise):
        if node.exc is None:
            yield Finding("reasons", project.place(path), node.lineno, "a revert without a reason")


def _finding(project: Project, reason: Reason, text: str) -> Finding:
    return Finding("reasons", f"{project.contracts}/{reason.source}", reason.line, text)
