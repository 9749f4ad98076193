"""The one way out of the client: HTTP requests, pauses and the clock, for either face.

Takes a verb, an address and a body; gives a status and a body. A transport that blocks has the same coroutines as one
that does not; they never suspend, so `run` ends them in one step. Never asks twice, and never shows an address: it may
hold a key.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx

from zklink.client.sockets import AsyncSocket, BlockingSocket, Socket
from zklink.protocol.errors import NodeUnreachable

T = TypeVar("T")

REQUEST_SECONDS: Final = 15.0
"""How long one request may take."""
JSON_HEADERS: Final = {"content-type": "application/json", "accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `rest_seconds` is how long the server wants to be left alone, 0 if it did not say."""

    status: int
    body: bytes
    rest_seconds: float = 0.0


class Transport(Protocol):
    """Port: requests, pauses and time. `send` raises NodeUnreachable."""

    async def send(self, verb: str, url: str, params: Mapping[str, str], body: bytes | None) -> Reply:
        """The reply to one request, whatever its status."""
        ...

    async def open_socket(self, url: str, seconds: float) -> Socket:
        """A WebSocket at an http:// or https:// address. Raises NodeUnreachable, EventsNotOffered."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...

    async def work(self, function: Callable[[], T]) -> T:
        """Call something that may block: a device that signs, say."""
        ...

    async def close(self) -> None:
        """Give back the connections."""
        ...

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        ...


class BlockingTransport:
    """The transport of `Client`. `opened` is an httpx client to use in the place of an own one."""

    def __init__(self, opened: httpx.Client | None = None) -> None:
        self._http = opened or httpx.Client(timeout=REQUEST_SECONDS)

    async def send(self, verb: str, url: str, params: Mapping[str, str], body: bytes | None) -> Reply:
        """See `Transport`."""
        try:
            return _read(self._http.request(verb, url, params=dict(params), content=body, headers=JSON_HEADERS))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _refuse(url, error) from None

    async def open_socket(self, url: str, seconds: float) -> Socket:
        """See `Transport`."""
        return BlockingSocket(url.replace("http", "ws", 1), name_host(url), seconds)

    async def sleep(self, seconds: float) -> None:
        """See `Transport`."""
        time.sleep(seconds)

    async def work(self, function: Callable[[], T]) -> T:
        """See `Transport`."""
        return function()

    async def close(self) -> None:
        """See `Transport`."""
        self._http.close()

    def now(self) -> float:
        """See `Transport`."""
        return time.monotonic()


class AsyncTransport:
    """The transport of `AsyncClient`. `opened` is an httpx client to use in the place of an own one."""

    def __init__(self, opened: httpx.AsyncClient | None = None) -> None:
        self._http = opened or httpx.AsyncClient(timeout=REQUEST_SECONDS)

    async def send(self, verb: str, url: str, params: Mapping[str, str], body: bytes | None) -> Reply:
        """See `Transport`."""
        try:
            return _read(await self._http.request(verb, url, params=dict(params), content=body, headers=JSON_HEADERS))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _refuse(url, error) from None

    async def open_socket(self, url: str, seconds: float) -> Socket:
        """See `Transport`."""
        return await AsyncSocket.open(url.replace("http", "ws", 1), name_host(url), seconds)

    async def sleep(self, seconds: float) -> None:
        """See `Transport`."""
        await asyncio.sleep(seconds)

    async def work(self, function: Callable[[], T]) -> T:
        """See `Transport`."""
        return await asyncio.to_thread(function)

    async def close(self) -> None:
        """See `Transport`."""
        await self._http.aclose()

    def now(self) -> float:
        """See `Transport`."""
        return time.monotonic()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine over a BlockingTransport, in this thread; an event loop that runs here is not
    disturbed.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a blocking transport has suspended")


def run_each(items: AsyncGenerator[T, None]) -> Iterator[T]:
    """What a generator over a BlockingTransport yields, in this thread."""
    try:
        while True:
            try:
                item = run(_take(items))
            except StopAsyncIteration:
                return
            yield item
    finally:
        run(items.aclose())


async def _take(items: AsyncGenerator[T, None]) -> T:
    return await anext(items)


def name_host(url: str) -> str:
    """The host of an address, the only part that errors show."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the node"
    except ValueError:
        return "the node"


def _read(response: httpx.Response) -> Reply:
    rest = response.headers.get("retry-after", "")
    return Reply(response.status_code, response.content, float(rest) if rest.isdecimal() else 0.0)


def _refuse(url: str, error: Exception) -> NodeUnreachable:
    return NodeUnreachable(name_host(url), type(error).__name__)
