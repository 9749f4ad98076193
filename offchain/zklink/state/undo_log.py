"""The changes since a mark, so that they can be undone at a cost per change, however large the state is."""

from collections.abc import Callable, Iterator
from typing import Any

Undo = tuple[Callable[..., None], tuple[Any, ...]]
"""A function and its arguments that put one old value back."""


class Mark:
    """A point to roll back to. The undo log keeps the changes since the oldest mark that anybody holds."""

    __slots__ = ("_undo_log", "position")

    def __init__(self, undo_log: "UndoLog", position: int) -> None:
        self._undo_log = undo_log
        self.position = position

    def __del__(self) -> None:
        self._undo_log.release(self.position)


class UndoLog:
    """The undo steps since the oldest living mark, oldest first. Positions count every step ever recorded."""

    __slots__ = ("_base", "_is_undoing", "_living", "_steps")

    def __init__(self) -> None:
        self._base = 0
        self._steps: list[Undo] = []
        self._living: list[int] = []
        self._is_undoing = False

    def begin(self) -> Mark:
        """A mark at this point; dropping it keeps every change."""
        self._living.append(self._end)
        return Mark(self, self._end)

    def release(self, position: int) -> None:
        """A mark is gone: forget the steps that no other mark needs."""
        self._living.remove(position)
        oldest = min(self._living, default=self._end)
        forgotten = min(oldest, self._end) - self._base
        del self._steps[:forgotten]
        self._base += forgotten

    def record(self, undo: Callable[..., None], *arguments: Any) -> None:
        """Remember how to undo a change that is about to happen."""
        if self._living and not self._is_undoing:
            self._steps.append((undo, arguments))

    def rollback(self, mark: Mark) -> None:
        """Undo everything since `mark`, the latest first; ValueError for a mark that was itself rolled back."""
        if mark.position > self._end:
            raise ValueError("the mark lies in what was rolled back")
        self._is_undoing = True
        while self._end > mark.position:
            undo, arguments = self._steps.pop()
            undo(*arguments)
        self._is_undoing = False

    def since(self, mark: Mark) -> Iterator[Undo]:
        """The steps that would undo everything since `mark`, the latest first; ValueError for a mark that was itself
        rolled back.
        """
        if mark.position > self._end:
            raise ValueError("the mark lies in what was rolled back")
        return reversed(self._steps[mark.position - self._base :])

    @property
    def _end(self) -> int:
        return self._base + len(self._steps)
