"""The threads on which pages' questions wait for a chain's node: a chain has its own, and the API's answers use none of
them.

Takes calls that may block; gives their results. Never holds more questions than its bounds, so that neither a slow node
nor a stranger holds up anything but the questions to that chain.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import ChainId

THREADS: Final = 8
"""Questions of a chain that are with its nodes at once."""
WAITING: Final = 16
"""Questions of a chain that are held at once, those with its nodes among them: far below `Limits.requests_at_once`."""
PER_CALLER: Final = 6
"""How many of them may be one caller's."""
ANSWER_SECONDS: Final = 10.0

T = TypeVar("T")


@dataclass(slots=True)
class _Line:
    """The threads of one chain, and whose questions it holds."""

    pool: ThreadPoolExecutor
    held: Counter[str] = field(default_factory=Counter)


class RelayThreads:
    """For the event loop's thread."""

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        self._seconds, self._lock, self._lines = seconds, Lock(), dict[ChainId, _Line]()

    async def ask(self, caller: str, chain: ChainId, call: Callable[..., T], *arguments: Any) -> T:
        """What the call gives. Raises what it raises, TimeoutError, and RequestRefused if too many questions are held:
        one that nobody waits for any more is held until its thread is free.
        """
        line = self._lines.get(chain)
        if line is None:
            line = self._lines[chain] = _Line(ThreadPoolExecutor(THREADS, thread_name_prefix=f"relay-{chain}"))
        with self._lock:
            if line.held[caller] >= PER_CALLER or line.held.total() >= WAITING:
                details = {"retry_after_seconds": "1"}
                raise RequestRefused("too_many_connections", "too many questions wait for this chain's nodes", details)
            line.held[caller] += 1

        def release(asked: Future[T]) -> None:
            with self._lock:
                line.held[caller] -= 1
                if not line.held[caller]:
                    del line.held[caller]

        asked = line.pool.submit(call, *arguments)
        asked.add_done_callback(release)
        return await asyncio.wait_for(asyncio.wrap_future(asked), self._seconds)
