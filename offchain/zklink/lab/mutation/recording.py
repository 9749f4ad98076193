"""Which lines each test enters: the tests run once without a mutant, in a process that loaded them, and are watched.

Takes pytest's items, files of Python and a project with contracts; gives lines by test. Contracts have probes in their
codes (`zklink.lab.coverage`), so a test that measures gas may fail here; it counts as one that may enter anything.
What a fixture of more than one test does, all of them have done that take it.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from zklink.lab.coverage import Recorder, probe_contracts
from zklink.lab.coverage.probes import RUN
from zklink.lab.gates.project import read_project
from zklink.lab.mutation.line_tracer import EVERYBODY, LineTracer, find_spans

Lines = dict[str, set[int]]


class Recording:
    """A pytest plugin while the tests run. Each test, and each fixture that several share, has a context: a number."""

    def __init__(self, folder: Path, modules: Sequence[str], has_contracts: bool) -> None:
        self._folder, self._modules = folder, modules
        self._tracer = LineTracer(folder, modules)
        contracts = probe_contracts(read_project(folder), is_apart=True, has_helpers=True) if has_contracts else []
        self._recorder = Recorder(tuple(contracts))
        self._tracer.tell = self._recorder.set_context
        self._contexts: dict[int, int] = {}
        self._fixtures: list[Any] = []
        self._item: pytest.Item | None = None
        self._count = EVERYBODY

    def run(self, items: Sequence[pytest.Item], failed: Sequence[str]) -> dict[str, Any]:
        """What `entries.py` reads. `failed` grows when a test fails."""
        self._recorder.start()
        contexts: list[int] = []
        seconds: list[float] = []
        unsure: set[str] = set()
        with self._tracer.running():
            for item, following in zip(items, [*items[1:], None], strict=True):
                self._item, self._tracer.context = item, self._next()
                contexts.append(self._tracer.context)
                before, started = len(failed), time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                seconds.append(time.process_time() - started)
                self._tracer.context = EVERYBODY
                if len(failed) > before:
                    unsure.add(item.nodeid)
                if following is None or following.path != item.path:
                    self._recorder.gather_gone()
        self._recorder.gather()
        self._recorder.stop()
        reading = _Reading(self._tracer, self._recorder, self._folder, self._modules)
        tests = {
            item.nodeid: {
                "seconds": round(spent, 4),
                "lines": None
                if item.nodeid in unsure
                else _write(reading.of([context, *map(self._of_fixture, list_shared(item))])),
            }
            for item, context, spent in zip(items, contexts, seconds, strict=True)
        }
        early = [self._of_fixture(each) for each in self._fixtures if each.scope == "session"]
        return {
            "tests": tests,
            "known": _write(reading.known()),
            "shared": _write(reading.of([EVERYBODY])),
            "early": _write(reading.of(early)),
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[Any]:
        """What a fixture does that several tests share belongs to all of them; if nobody foresaw it, to everybody."""
        if fixturedef.scope == "function" or self._item is None:
            return (yield)
        before = self._tracer.context
        is_foreseen = any(each is fixturedef for each in list_shared(self._item))
        self._tracer.context = self._of_fixture(fixturedef) if is_foreseen else EVERYBODY
        try:
            return (yield)
        finally:
            self._tracer.context = before

    def _of_fixture(self, fixturedef: Any) -> int:
        if id(fixturedef) not in self._contexts:
            self._fixtures.append(fixturedef)
            self._contexts[id(fixturedef)] = self._next()
        return self._contexts[id(fixturedef)]

    def _next(self) -> int:
        self._count += 1
        return self._count


def list_shared(item: pytest.Item) -> list[Any]:
    """The fixtures that a test takes and does not have for itself."""
    info = getattr(item, "_fixtureinfo", None)
    definitions: Iterable[Sequence[Any]] = info.name2fixturedefs.values() if info is not None else ()
    return [each for several in definitions for each in several if each.scope != "function"]


class _Reading:
    """Lines out of what tracer and recorder have."""

    def __init__(self, tracer: LineTracer, recorder: Recorder, folder: Path, modules: Sequence[str]) -> None:
        self._tracer, self._recorder, self._modules = tracer, recorder, modules
        self._spans = [find_spans((folder / module).read_text()) for module in modules]
        self._marks = {each.tag: each.marks for each in recorder.contracts}

    def of(self, contexts: Iterable[int]) -> Lines:
        """What was entered in some contexts."""
        found: Lines = defaultdict(set)
        for context in contexts:
            for number, lines in self._tracer.read(context).items():
                spans = (span for span in self._spans[number] if not lines.isdisjoint(span))
                found[self._modules[number]].update(line for span in spans for line in span)
            for tag, probes in self._recorder.contexts.get(context, {}).items():
                for mark in (self._marks[tag][probe] for probe in probes):
                    if mark.kind == RUN:
                        found[mark.place].update(range(mark.line, mark.end + 1))
        return found

    def known(self) -> Lines:
        """Lines of which it is seen whether a test enters them: statements in Python, and in contracts that stood on a
        chain.
        """
        found: Lines = defaultdict(set)
        for module, spans in zip(self._modules, self._spans, strict=True):
            found[module].update(line for span in spans for line in span)
        for tag in self._recorder.seen:
            for mark in self._marks[tag]:
                if mark.kind == RUN:
                    found[mark.place].update(range(mark.line, mark.end + 1))
        return found


def _write(lines: Lines) -> dict[str, str]:
    """Lines of each file as the bits of a number."""
    return {file: f"{sum(1 << line for line in numbers):x}" for file, numbers in lines.items() if numbers}
