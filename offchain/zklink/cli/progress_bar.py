"""Progress bars for the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from zklink.prover.progress import Step


class _BarStep:
    def __init__(self, console: Console, title: str, total: int | None) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self._bars = Progress(*columns, TimeElapsedColumn(), console=console)
        self._task = self._bars.add_task(title, total=total)
        self._total = total

    def advance(self, count: int = 1) -> None:
        self._bars.advance(self._task, count)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._bars.update(self._task, total=self._total or 1, completed=self._total or 1)
        self._bars.stop()


class RichProgress:
    """One bar per step; a step without a known end pulses and shows the time."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    def step(self, title: str, total: int | None = None) -> Step:
        return _BarStep(self._console, title, total)
