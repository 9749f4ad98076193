"""Questions for the thread that drives a node: only that thread may look at the sequencer's state.

Takes questions on any thread; answers them, one after the other, when the node's thread has a moment. A question whose
asker has gone away is not answered. Never holds more than a bounded number of questions.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, Full, Queue
from threading import Event
from typing import Any, Final, Protocol, TypeVar

from zklink.protocol.errors import RequestRefused

T = TypeVar("T")

WAITING_LIMIT: Final = 512
"""Questions that may wait."""


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
    """Holds questions until the node's thread calls `serve`."""

    def __init__(self, waiting: int = WAITING_LIMIT) -> None:
        self._questions: Queue[tuple[Callable[[], Any], Future[Any]]] = Queue(waiting)
        self._closed = Event()

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
        while True:
            try:
                question, answer = self._questions.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                return
            if answer.set_running_or_notify_cancel():
                _answer(question, answer)
            if time.monotonic() >= end:
                return

    def close(self) -> None:
        """Refuse every question from now on, also those that wait."""
        self._closed.set()
        while True:
            try:
                _, answer = self._questions.get_nowait()
            except Empty:
                return
            if answer.set_running_or_notify_cancel():
                answer.set_exception(RequestRefused("not_ready", "the node is shutting down"))


def _answer(question: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(question())
    except Exception as error:
        answer.set_exception(error)
