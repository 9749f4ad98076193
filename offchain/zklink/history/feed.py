"""What changes in the history, in order: kept for a while, and told to whoever listens.

Takes notices on one thread; gives them to listeners on that thread, which must not wait, and from its memory on any. A
notice only names what has changed; who tells it further reads it from the history then.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from threading import Lock
from typing import Final

from zklink.operations.operation_id import OperationId
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import BlockNumber, ChainId

KEPT: Final = 4_096
"""Notices that are kept for those who come back."""


class Topic(StrEnum):
    """What a notice is about."""

    TRANSFERS = "transfers"
    BLOCKS = "blocks"
    OPERATIONS = "operations"
    CHAINS = "chains"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something has changed: which request, block, operation or chain. Numbered from 1 without gaps."""

    number: int
    topic: Topic
    key: RequestKey | BlockNumber | OperationId | ChainId


class Feed:
    """The notices of one run; `run` tells it from others (8 hexadecimal digits)."""

    def __init__(self, run: str = "00000000", kept: int = KEPT) -> None:
        self.run = run
        self._kept: deque[Notice] = deque(maxlen=kept)
        self._listeners: list[Callable[[Notice], None]] = []
        self._numbers = count(1)
        self._lock = Lock()

    def tell(self, topic: Topic, key: RequestKey | BlockNumber | OperationId | ChainId) -> None:
        """Keep a notice and hand it to every listener."""
        with self._lock:
            notice = Notice(next(self._numbers), topic, key)
            self._kept.append(notice)
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(notice)

    @property
    def last_number(self) -> int:
        """The number of the last notice; 0 before the first."""
        with self._lock:
            return self._kept[-1].number if self._kept else 0

    def listen(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Have every further notice handed to `listener`; gives the way to end that, once or again."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    def latest(self, topic: Topic, limit: int) -> list[RequestKey | BlockNumber | OperationId | ChainId]:
        """The things of a topic that changed last, each once, the last one first: at most `limit` of what is kept."""
        with self._lock:
            kept = [notice.key for notice in self._kept if notice.topic is topic]
        return list(dict.fromkeys(reversed(kept)))[:limit]

    def since(self, number: int) -> list[Notice] | None:
        """The notices after this one; None if some of them are not kept any more, or it never was."""
        with self._lock:
            kept = list(self._kept)
        last = kept[-1].number if kept else 0
        first = kept[0].number if kept else 1
        if number > last or number < first - 1:
            return None
        return [notice for notice in kept if notice.number > number]
