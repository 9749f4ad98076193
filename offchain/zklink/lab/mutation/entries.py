"""Which tests enter which lines of a project's sources, kept until a source or the test's file changes.

Takes what a worker has recorded (`recording.py`); gives, for a mutant, the tests that can notice it, the cheapest
first. A test that enters no line of any source is asked about all: it may read them. Where nothing is known of a line
(a constant, a declaration, code that was never on a chain) or nobody enters it, all tests of its stages are asked.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zklink.lab.mutation.plan import Stages

Masks = dict[str, int]
"""By file, a number whose bits are lines."""

_FORMAT: Final = 2
FOLDER: Final = "lines"


@dataclass(frozen=True, slots=True)
class TestLines:
    """One test without a mutant: the seconds of processor that it took, and the lines that it entered; None if it
    failed while they were noted.
    """

    seconds: float
    lines: Masks | None


@dataclass(slots=True)
class Entries:
    """What is known: `known` are the lines of which it can be said who enters them, `shared` those that run for the
    first who asks and serve all.
    """

    tests: dict[str, TestLines] = field(default_factory=dict)
    known: Masks = field(default_factory=dict)
    shared: Masks = field(default_factory=dict)
    early: Masks = field(default_factory=dict)
    """Lines that fixtures of the whole run enter."""

    _asked: dict[Stages, dict[str, int]] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> None:
        """What was recorded of some tests."""
        for name, data in record["tests"].items():
            lines = None if data["lines"] is None else _read(data["lines"])
            self.tests[name] = TestLines(float(data["seconds"]), lines)
        for name in ("known", "shared", "early"):
            mine, more = getattr(self, name), record[name]
            for file, mask in _read(more).items():
                mine[file] = mine.get(file, 0) | mask
        self._asked.clear()

    def list_cheapest(self) -> list[str]:
        """All tests, the cheapest first."""
        return sorted(self.tests, key=lambda test: self.tests[test].seconds)

    def is_late(self, file: str, line: int) -> bool:
        """Whether it is known that a line runs only after the fixtures of the whole run are set up."""
        before = self.shared.get(file, 0) | self.early.get(file, 0)
        return bool(self.known.get(file, 0) & ~before & 1 << line)

    def choose(self, file: str, line: int, stages: Stages, first: Sequence[str] = ()) -> list[str]:
        """The tests to ask about a line, in their order: `first`, then stage by stage the cheapest."""
        asked = self._list(stages)
        entering = {test: stage for test, stage in asked.items() if self._enters(test, file, line)}
        is_known = self.known.get(file, 0) & ~self.shared.get(file, 0) & 1 << line
        if is_known and any(self.tests[test].lines for test in entering):
            asked = entering
        order = sorted(asked, key=lambda test: (asked[test], _step(self.tests[test].seconds)))
        return list(dict.fromkeys([*(test for test in first if test in asked), *order]))

    def _enters(self, test: str, file: str, line: int) -> bool:
        lines = self.tests[test].lines
        return not lines or bool(lines.get(file, 0) >> line & 1)

    def _list(self, stages: Stages) -> dict[str, int]:
        """The tests of all stages, each with the number of the first stage that has it."""
        if stages not in self._asked:
            found: dict[str, int] = {}
            for number, wanted in ((number, each) for number, stage in enumerate(stages) for each in stage):
                for test in self.tests:
                    if is_of(test, wanted):
                        found.setdefault(test, number)
            self._asked[stages] = found
        return self._asked[stages]


def is_of(test: str, wanted: str) -> bool:
    """Whether a test is the one, or in the file or folder, that pytest calls so."""
    return test == wanted or test.startswith((f"{wanted}::", f"{wanted}/", f"{wanted}["))


def _step(seconds: float) -> int:
    """Tests of about the same price stay in the order of their files, which share fixtures."""
    return max(0, math.ceil(math.log2(max(seconds, 1e-9) * 50)))


def _read(masks: Mapping[str, str]) -> Masks:
    return {file: int(mask, 16) for file, mask in masks.items()}


class KeptEntries:
    """The records of a project, one for each file of tests."""

    def __init__(self, cache: Path, sources: Iterable[Path]) -> None:
        """`sources` are all whose lines are told of; a change of one makes every record worthless."""
        digest = hashlib.sha256(f"{_FORMAT}".encode())
        for path in sorted(set(sources)):
            digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
        self._state, self._folder = digest.hexdigest(), cache / FOLDER

    def load(self, files: Iterable[Path], record: Callable[[list[Path]], Mapping[str, Any]]) -> Entries:
        """All that is known of files of tests; what is not kept, `record` finds."""
        every = sorted(set(files))
        if missing := [file for file in every if not self._place(file).is_file()]:
            self._keep(missing, record(missing))
        entries = Entries()
        for file in every:
            entries.add(json.loads(self._place(file).read_text()))
        return entries

    def _keep(self, files: Sequence[Path], record: Mapping[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            tests = {name: data for name, data in record["tests"].items() if _is_in(name, file)}
            self._place(file).write_text(json.dumps({**record, "tests": tests}))

    def _place(self, file: Path) -> Path:
        text = f"{self._state}\0{file.name}\0".encode() + file.read_bytes()
        return self._folder / f"{hashlib.sha256(text).hexdigest()[:24]}.json"


def _is_in(test: str, file: Path) -> bool:
    return file.as_posix().endswith(f"/{test.partition('::')[0]}")
