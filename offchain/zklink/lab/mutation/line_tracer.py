"""Which lines of some Python files run, told apart by whoever makes them run.

Takes files and a context that others set; gives lines by context. A function whose result is kept (`lru_cache`,
`cached_property`) runs for the first who asks alone, so what it does is noted for everybody.
"""

import ast
import functools
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

from zklink.lab.mutation.python_plant import list_objects

EVERYBODY: Final = 0
"""The context of what runs for the first who asks, and serves all."""

Trace = Callable[[FrameType, str, Any], Any]


class LineTracer:
    """Notes lines under `context`. `lines` are of the files in their order: context, then file, then lines."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self._numbers = {str((folder / file).resolve()): number for number, file in enumerate(files)}
        self._kept = {id(code) for code in _find_kept(f"{folder.resolve()}/")}
        self._kinds: dict[int, Trace | None] = {}
        self._codes: list[CodeType] = []
        self._lines: dict[int, set[tuple[int, int]]] = defaultdict(set)
        self._context = EVERYBODY
        self._now = self._lines[EVERYBODY]
        self.tell: Callable[[int], None] = lambda context: None
        """Is told of each change of the context."""

    @property
    def context(self) -> int:
        """Who makes lines run now."""
        return self._context

    @context.setter
    def context(self, context: int) -> None:
        self._context, self._now = context, self._lines[context]
        self.tell(context)

    def read(self, context: int) -> dict[int, set[int]]:
        """The lines of a context, by the files' numbers."""
        found: dict[int, set[int]] = defaultdict(set)
        for number, line in self._lines[context]:
            found[number].add(line)
        return found

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inside, lines are noted, also those of threads that begin there."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        threading.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)
            threading.settrace(before)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Trace | None:
        """For each call. A code is known by its place in memory: to hash one takes long."""
        code = frame.f_code
        key = id(code)
        if key not in self._kinds:
            self._codes.append(code)  # so that no other code gets its place
            self._kinds[key] = self._choose(code)
        inner = self._kinds[key]
        if key in self._kept:
            return self._serve_everybody(inner)
        return inner

    def _choose(self, code: CodeType) -> Trace | None:
        number = self._numbers.get(code.co_filename)
        if number is None:
            return None

        def note(frame: FrameType, event: str, argument: Any) -> Trace:
            if event == "line":
                self._now.add((number, frame.f_lineno))
            return note

        return note

    def _serve_everybody(self, inner: Trace | None) -> Trace:
        before, self.context = self._context, EVERYBODY

        def note(frame: FrameType, event: str, argument: Any) -> Trace:
            if inner is not None:
                inner(frame, event, argument)
            if event == "return":
                self.context = before
            return note

        return note


def _find_kept(below: str) -> Iterator[CodeType]:
    """The functions below a folder whose results are kept."""
    for each in list_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            function = each.__wrapped__
        elif isinstance(each, functools.cached_property):
            function = each.func
        else:
            continue
        code = getattr(function, "__code__", None)
        if code is not None and code.co_filename.startswith(below):
            yield code


def find_spans(text: str) -> list[range]:
    """The lines of each statement inside a function; of one that has others inside, those of its head."""
    found = []
    for node in _find_statements(ast.parse(text), False):
        inner = [each for name in ("body", "cases") for each in getattr(node, name, ())]
        end = (inner[0].lineno if hasattr(inner[0], "lineno") else inner[0].pattern.lineno) - 1 if inner else None
        found.append(range(node.lineno, max(node.lineno, end or 0 if inner else node.end_lineno or 0) + 1))
    return found


def _find_statements(node: ast.AST, is_inside: bool) -> Iterator[ast.stmt]:
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    if isinstance(node, ast.stmt) and is_inside and not is_function:
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _find_statements(child, is_inside or is_function)
