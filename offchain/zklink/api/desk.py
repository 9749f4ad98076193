"""Questions for the thread that drives a node: only that thread may look at the sequencer's state.

Takes questions on any thread; answers them, one after the other, when the node's thread has a moment. A question whose
asker has gone away is not answered. Never holds more than a bounded number of questions.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, Full, Queue
from threading import Event
from typing import Any, Final, Protocol, TypeVar

from zklink.protocol.errors import RequestRefused

LOG: Final = logging.getLogger(__name__)

T = TypeVar("T")

WAITING_LIMIT: Final = 512
"""Questions that may wait."""


_Asked = tuple[Callable[[], Any], Future[Any]]


class Desk(Protocol):
    """Port: answers questions on the thread that drives the node."""

    def ask(self, question: Callable[[], T]) -> Future[T]:
        """The answer, or what the question raises. Raises RequestRefused if too many wait, or nobody answers."""
        ...


class InlineDesk:
    """Answers on the spot: for askers on the node's own thread."""

    def ask(self, question: Callable[[], T]) -> Future[T]:
        answer: Future[T] = Future()
        _answer(question, answer)
        return answer


class ThreadDesk:
    """Holds questions until the node's thread calls `serve`. It shows `prepare` the questions that it takes together,
    before it answers them.
    """

    def __init__(self, waiting: int = WAITING_LIMIT) -> None:
        self._questions: Queue[_Asked] = Queue(waiting)
        self._taken: deque[_Asked] = deque()
        self._closed = Event()
        self.prepare: Callable[[Sequence[Callable[[], Any]]], None] = lambda questions: None

    def ask(self, question: Callable[[], T]) -> Future[T]:
        if self._closed.is_set():
            raise RequestRefused("not_ready", "the node is shutting down")
        answer: Future[T] = Future()
        try:
            self._questions.put_nowait((question, answer))
        except Full:
            raise RequestRefused("timed_out", "the node has more questions than it can answer") from None
        return answer

    def serve(self, seconds: float) -> None:
        """Answer what waits and what comes within `seconds`. For the node's thread."""
        end = time.monotonic() + seconds
        while self._taken or self._take(max(0.0, end - time.monotonic())):
            question, answer = self._taken.popleft()
            if answer.set_running_or_notify_cancel():
                _answer(question, answer)
            if time.monotonic() >= end:
                return

    def _take(self, seconds: float) -> bool:
        """Take all that waits, or the first that comes within `seconds`; says whether there is any."""
        try:
            self._taken.append(self._questions.get(timeout=seconds))
            while True:
                self._taken.append(self._questions.get_nowait())
        except Empty:
            pass
        if self._taken:
            self._prepare()
        return bool(self._taken)

    def _prepare(self) -> None:
        try:
            self.prepare([question for question, _ in self._taken])
        except Exception:
            LOG.exception("questions could not be prepared; each is answered all the same")

    def close(self) -> None:
        """Refuse every question from now on, also those that wait."""
        self._closed.set()
        while True:
            try:
                _, answer = self._taken.popleft() if self._taken else self._questions.get_nowait()
            except Empty:
                return
            if answer.set_running_or_notify_cancel():
                answer.set_exception(RequestRefused("not_ready", "the node is shutting down"))


def _answer(question: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(question())
    except Exception as error:
        answer.set_exception(error)
