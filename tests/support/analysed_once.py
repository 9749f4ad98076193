"""Vyper's analysis of imported files, once for many sources that are looked at and never turned into code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from vyper.compiler.input_bundle import FileInput
from vyper.semantics.analysis.imports import ImportAnalyzer

_parse: Callable[..., Any] = ImportAnalyzer._ast_from_file
_resolve: Callable[..., None] = ImportAnalyzer._resolve_imports_r


class KeptTrees:
    """Trees with all types, by path and text."""

    def __init__(self) -> None:
        self._trees: dict[tuple[Path, str], Any] = {}

    @contextmanager
    def used(self) -> Iterator[None]:
        """Inside, a file that was imported before is not analysed again. No code may be generated: the compiler would
        write into trees that others use.
        """

        def find(analyzer: Any, file: FileInput) -> Any:
            key = file.resolved_path, file.contents
            if key not in self._trees:
                self._trees[key] = _parse(analyzer, file)
            return self._trees[key]

        with (
            patch.object(ImportAnalyzer, "_ast_from_file", find),
            patch.object(ImportAnalyzer, "_resolve_imports_r", _resolve_once),
        ):
            yield


def _resolve_once(analyzer: Any, tree: Any) -> None:
    """A tree with types knows its imports."""
    if "type" not in tree._metadata:
        _resolve(analyzer, tree)
