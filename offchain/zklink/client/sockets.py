"""WebSockets of either face: a text out, a text in, each wait with a limit.

Takes an address; gives a connection. What has arrived and was not taken is at most a few messages: then the other side
waits. Never opens again by itself, and never shows an address.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect as connect_blocking

from zklink.protocol.errors import EventsNotOffered, NodeUnreachable, ZkLinkError

T = TypeVar("T")

MOST_MESSAGES: Final = 16
"""Messages that wait here for the caller; more stay on the wire, and then with the node, which bounds them, too."""
MOST_BYTES: Final = 2**20
"""Of one message."""
TERMS: Final[dict[str, Any]] = {"max_queue": MOST_MESSAGES, "max_size": MOST_BYTES, "compression": None}

NOT_OFFERED: Final = (400, 404, 405, 426, 501)
"""What a server answers that knows no WebSocket at this path."""
FAILURES: Final = (WebSocketException, OSError, EOFError)


class Socket(Protocol):
    """Port: one connection. Each coroutine raises NodeUnreachable once it is lost."""

    async def send(self, text: str) -> None:
        """Hand a message over."""
        ...

    async def receive(self, seconds: float) -> str | None:
        """The next message; None if none comes in time."""
        ...

    async def close(self) -> None:
        """End it, whatever its state."""
        ...


class BlockingSocket:
    """The connection of a `BlockingTransport`."""

    def __init__(self, url: str, host: str, seconds: float) -> None:
        self._host = host
        self._open = self._try(lambda: connect_blocking(url, open_timeout=seconds, close_timeout=1, **TERMS))

    async def send(self, text: str) -> None:
        """See `Socket`."""
        self._try(lambda: self._open.send(text))

    async def receive(self, seconds: float) -> str | None:
        """See `Socket`."""
        try:
            return str(self._open.recv(max(seconds, 0.0)))
        except TimeoutError:
            return None
        except FAILURES as error:
            raise read_failure(self._host, error) from None

    async def close(self) -> None:
        """See `Socket`."""
        self._open.close()

    def _try(self, do: Callable[[], T]) -> T:
        try:
            return do()
        except FAILURES as error:
            raise read_failure(self._host, error) from None


class AsyncSocket:
    """The connection of an `AsyncTransport`."""

    def __init__(self, opened: Any, host: str) -> None:
        self._open, self._host = opened, host

    @classmethod
    async def open(cls, url: str, host: str, seconds: float) -> "AsyncSocket":
        """Connect. Raises NodeUnreachable, EventsNotOffered."""
        try:
            return cls(await connect_async(url, open_timeout=seconds, close_timeout=1, **TERMS), host)
        except FAILURES as error:
            raise read_failure(host, error) from None

    async def send(self, text: str) -> None:
        """See `Socket`."""
        try:
            await self._open.send(text)
        except FAILURES as error:
            raise read_failure(self._host, error) from None

    async def receive(self, seconds: float) -> str | None:
        """See `Socket`."""
        try:
            return str(await asyncio.wait_for(self._open.recv(), max(seconds, 0.0)))
        except TimeoutError:
            return None
        except FAILURES as error:
            raise read_failure(self._host, error) from None

    async def close(self) -> None:
        """See `Socket`."""
        await self._open.close()


def read_failure(host: str, error: Exception) -> ZkLinkError:
    """What a failure means: a server that has no WebSocket there will not have one soon."""
    if isinstance(error, InvalidStatus) and error.response.status_code in NOT_OFFERED:
        return EventsNotOffered(host, f"HTTP {error.response.status_code}")
    return NodeUnreachable(host, type(error).__name__)
