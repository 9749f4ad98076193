"""Reads long ranges of blocks in pieces as large as the node answers.

Takes a question about a range; gives all answers. Keeps the size that the node took last: it is halved when the node
refuses or fails, and doubled again after pieces that went well. A size that was tried and refused is tried again later
each time. Never decides what is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RangePolicy:
    """most_blocks: the widest range that is asked for, in blocks. longest_patience: the most pieces that go well before
    a wider one is tried.
    """

    most_blocks: int = 2_000
    longest_patience: int = 1_024


class Ranges:
    """What was learned about one node's limit."""

    def __init__(self, policy: RangePolicy | None = None) -> None:
        self._policy = policy or RangePolicy()
        self._size = self._policy.most_blocks
        self._patience, self._good = 1, 0
        self._is_probe = False

    @property
    def size(self) -> int:
        """The blocks that the next question asks for."""
        return self._size

    def read(
        self,
        first: int,
        last: int,
        question: Callable[[int, int], list[T]],
        ask: Callable[[Callable[[], Any], Callable[[], bool]], Any],
    ) -> list[T]:
        """The answers for the blocks from `first` to `last`; `ask` retries a question, and may have it made smaller."""
        found: list[T] = []
        start = first
        while start <= last:
            end, answer = ask(partial(self._ask_piece, start, last, question), partial(self._shrink, last - start + 1))
            found += answer
            self._note_success(end - start + 1)
            start = end + 1
        return found

    def _ask_piece(self, start: int, last: int, question: Callable[[int, int], list[T]]) -> tuple[int, list[T]]:
        end = min(start + self._size - 1, last)
        return end, question(start, end)

    def _shrink(self, asked: int) -> bool:
        size = min(self._size, asked)
        if size <= 1:
            return False
        self._size, self._good = size // 2, 0
        if self._is_probe:
            self._patience = min(2 * self._patience, self._policy.longest_patience)
            self._is_probe = False
        return True

    def _note_success(self, blocks: int) -> None:
        if blocks < self._size:
            return  # the end of a range says nothing about its limit
        if self._is_probe:
            self._patience, self._is_probe = 1, False
        self._good += 1
        if self._good >= self._patience and self._size < self._policy.most_blocks:
            self._size, self._good, self._is_probe = min(2 * self._size, self._policy.most_blocks), 0, True
