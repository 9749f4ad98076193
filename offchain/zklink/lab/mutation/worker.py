"""A process in a copy of the project that judges one mutant after the other, each in a fork of its own.

What every run of tests needs is loaded once: pytest, its plugins, the tests' modules, the compiler. A fork compiles
what the change touches, and runs the tests until one fails. Orders come as lines of JSON, verdicts go as lines of JSON;
the driver is `judge.py`. Started as `python -m zklink.lab.mutation.worker FOLDER BUILD` with the copy's own PYTHONPATH.
"""

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import pytest

Build = Callable[[Sequence[str]], dict[str, bytes]]
"""Compiles contracts by their names; raises anything for what does not compile."""

ARGUMENTS: Final = ("-q", "-x", "-p", "no:cacheprovider", "--no-header", "-p", "no:randomly")
COLLECTS_NOTHING: Final = 5
_MARK: Final = b"\x65vyper"
"""The compiler's name in CBOR."""


class FirstFailure:
    """A plugin that notes which test failed first."""

    def __init__(self) -> None:
        self.test: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.test is None:
            self.test = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.test is None:
            self.test = report.nodeid


def main() -> None:
    """Answer orders until there are no more."""
    folder, build_name = Path(sys.argv[1]), sys.argv[2]
    answers = os.fdopen(os.dup(1), "w")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    build = _find_build(folder, build_name)
    codes: dict[str, bytes] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "load" in order:
            pytest.main([*ARGUMENTS, "--collect-only", *order["load"]])
            codes = build(order["contracts"])
            answer: dict[str, Any] = {"loaded": len(codes)}
        else:
            answer = _judge(folder, build, codes, order)
        print(json.dumps(answer), file=answers, flush=True)


def _find_build(folder: Path, name: str) -> Build:
    if name:
        module, _, function = name.partition(":")
        found: Build = getattr(importlib.import_module(module), function)
        return found
    from zklink.lab.gates.compiling import open_compiler
    from zklink.lab.gates.project import read_settings

    project = read_settings(folder)

    def build(names: Sequence[str]) -> dict[str, bytes]:
        codes = {}
        for each in names:
            place = folder / each
            with open_compiler(project, place, place.read_text()) as data:
                codes[each] = bytes(data.bytecode)
        return codes

    return build


def _judge(folder: Path, build: Build, codes: dict[str, bytes], order: dict[str, Any]) -> dict[str, Any]:
    """Plant, judge in a fork, and put back."""
    before = {file: (folder / file).read_text() for file in order["texts"]}
    for file, text in order["texts"].items():
        (folder / file).write_text(text)
    try:
        return _fork(lambda: _judge_here(build, codes, order), order["seconds"])
    finally:
        for file, text in before.items():
            (folder / file).write_text(text)


def _judge_here(build: Build, codes: dict[str, bytes], order: dict[str, Any]) -> dict[str, Any]:
    try:
        built = build(order["contracts"])
    except Exception as error:  # the compiler raises classes of its own and of Python
        return {"verdict": "does not compile", "by": f"{type(error).__name__}"}
    if order["texts"] and all(_strip(codes[name]) == _strip(code) for name, code in built.items()):
        return {"verdict": "same code", "by": ""}
    for stage in order["stages"]:
        noticed = FirstFailure()
        code = pytest.main([*ARGUMENTS, *stage], plugins=[noticed])
        if code == COLLECTS_NOTHING:
            return {"error": f"there is no test in {' '.join(stage)}"}
        if code:
            return {"verdict": "killed", "by": noticed.test or "pytest"}
    return {"verdict": "survived", "by": ""}


def _strip(code: bytes) -> bytes:
    """Creation code without what the compiler writes behind it: a hash of the sources, other for every text. Its length
    is in the last two bytes.
    """
    length = int.from_bytes(code[-2:], "big")
    return code[:-length] if _MARK in code[-length:] else code


def _fork(judge: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What a fork answers; a mutant that runs longer than that is noticed by whoever waits."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(judge, writer)
    with suppress(OSError):  # the fork does the same; whoever comes first
        os.setpgid(child, child)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        found = _read(answers, time.monotonic() + seconds)
    if found is None:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        found = {"verdict": "killed", "by": "no end"}
    os.waitpid(child, 0)
    return found


def _answer(judge: Callable[[], dict[str, Any]], writer: int) -> None:
    """The whole life of a fork."""
    os.setpgid(0, 0)
    os.close(0)
    try:
        found = judge()
    except BaseException:  # pytest ends with SystemExit, a plugin with anything
        found = {"error": traceback.format_exc(limit=-3)}
    with os.fdopen(writer, "wb") as answer:
        answer.write(json.dumps(found).encode())
    os._exit(0)


def _read(answers: IO[bytes], until: float) -> dict[str, Any] | None:
    """All that comes until the fork ends; None if it does not."""
    ready, _, _ = select.select([answers], [], [], max(0.0, until - time.monotonic()))
    if not ready:
        return None
    text = answers.read()
    found: dict[str, Any] = json.loads(text) if text else {"error": "the fork ended without a word"}
    return found


if __name__ == "__main__":
    main()
