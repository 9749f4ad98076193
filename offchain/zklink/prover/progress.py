"""The protocol by which long work reports its progress. The command line draws bars from it; the library knows no
terminal.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self


class Step(Protocol):
    """One piece of work. Use as a context manager: it ends with the block."""

    def advance(self, count: int = 1) -> None:
        """Report that `count` more units are done."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Progress(Protocol):
    """Port: opens steps. `total` is in the step's own units; None when the end is unknown."""

    def step(self, title: str, total: int | None = None) -> Step:
        """Open a step."""
        ...


class _SilentStep:
    def advance(self, count: int = 1) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class SilentProgress:
    """Reports nothing: for tests and services."""

    def step(self, title: str, total: int | None = None) -> Step:
        return _SilentStep()


SILENT: Progress = SilentProgress()
