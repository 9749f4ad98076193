"""What was changed since a mark, so that it can be undone: cheap, however large the state is."""

from collections.abc import Callable
from typing import Any

Undo = tuple[Callable[..., None], tuple[Any, ...]]
"""A function and its arguments that put one old value back."""


class Mark:
    """A point to roll back to. Changes are kept in the journal for as long as any mark exists."""

    __slots__ = ("_journal", "position")

    def __init__(self, journal: "Journal", position: int) -> None:
        self._journal = journal
        self.position = position

    def __del__(self) -> None:
        self._journal.release()


class Journal:
    """The undo steps since the oldest living mark, oldest first."""

    __slots__ = ("_is_undoing", "_marks", "_steps")

    def __init__(self) -> None:
        self._steps: list[Undo] = []
        self._marks = 0
        self._is_undoing = False

    def begin(self) -> Mark:
        """A mark at this point; dropping it keeps every change."""
        self._marks += 1
        return Mark(self, len(self._steps))

    def release(self) -> None:
        """A mark is gone; without marks nothing needs to be remembered."""
        self._marks -= 1
        if not self._marks:
            self._steps.clear()

    def record(self, undo: Callable[..., None], *arguments: Any) -> None:
        """Remember how to undo a change that is about to happen."""
        if self._marks and not self._is_undoing:
            self._steps.append((undo, arguments))

    def rollback(self, mark: Mark) -> None:
        """Undo everything since `mark`, the latest first; ValueError for a mark that was itself rolled back."""
        if mark.position > len(self._steps):
            raise ValueError("the mark lies in what was rolled back")
        self._is_undoing = True
        while len(self._steps) > mark.position:
            undo, arguments = self._steps.pop()
            undo(*arguments)
        self._is_undoing = False
