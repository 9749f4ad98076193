"""Serves an application on a thread of its own: uvicorn, with the bounds that it does not have itself.

Counts connections, all and of one address; closes one whose request does not arrive in time, or whose head is too
large. Never waits for ever when it stops.
"""

import asyncio
import math
import threading
from collections import Counter
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from zklink.api.limits import Limits
from zklink.protocol.errors import ServerNotStarted

HEAD_BYTES: Final = 16 * 1024
"""The most that a request's line and headers may have."""

START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 5


def bound_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """uvicorn's protocol with a bound on connections, and on the size and time of a request's head."""
    of: Counter[str] = Counter()

    class BoundedProtocol(HttpToolsProtocol):
        """One connection."""

        _caller: str | None = None
        _late: Any = None
        _head_bytes = 0
        _is_in_head = True

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            peer = transport.get_extra_info("peername")
            caller = str(peer[0]) if peer else "unknown"
            if of.total() >= limits.connections or of[caller] >= limits.connections_per_caller:
                transport.abort()
                return
            self._caller = caller
            of[caller] += 1
            super().connection_made(transport)
            self._late = self.loop.call_later(limits.arrive_seconds, transport.close)

        def data_received(self, data: bytes) -> None:
            if self._caller is None:
                return
            self._head_bytes += len(data) * self._is_in_head
            if self._is_in_head and self._head_bytes > HEAD_BYTES + limits.body_bytes:
                self.transport.abort()
                return
            super().data_received(data)

        def on_headers_complete(self) -> None:
            self._is_in_head, self._head_bytes = False, 0
            if self._late is not None:
                self._late.cancel()
            super().on_headers_complete()

        def on_response_complete(self) -> None:
            self._is_in_head = True
            super().on_response_complete()

        def handle_websocket_upgrade(self) -> None:
            super().handle_websocket_upgrade()
            protocol: Any = self.transport.get_protocol()
            lost = protocol.connection_lost

            def connection_lost(exc: Exception | None) -> None:
                self._forget()
                lost(exc)

            protocol.connection_lost = connection_lost  # from now on nobody else is told that the connection ended

        def connection_lost(self, exc: Exception | None) -> None:
            if self._caller is None:
                return
            self._forget()
            super().connection_lost(exc)

        def _forget(self) -> None:
            """The connection counts no more."""
            assert self._caller is not None
            of[self._caller] -= 1
            of.__iadd__(Counter())  # drops those without a connection
            if self._late is not None:
                self._late.cancel()

    return BoundedProtocol


class ApiServer:
    """A running server; `port` is the one that it really has."""

    def __init__(self, app: ASGIApp, host: str, port: int, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.host = host
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=bound_protocol(limits),
                ws="websockets-sansio",
                ws_max_size=limits.body_bytes,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_keep_alive=math.ceil(limits.arrive_seconds),  # with 0 it closes under the next request
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="api", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Start and wait until it listens. Raises ServerNotStarted."""
        self._thread.start()
        ready = threading.Event()
        for _ in range(round(START_SECONDS / 0.02)):
            if self._server.started:
                return
            if not self._thread.is_alive():
                break
            ready.wait(0.02)
        raise ServerNotStarted(self.host, self._server.config.port)

    def stop(self) -> None:
        """Stop, and wait a few seconds at most for those who are being answered."""
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS * 2)
