"""Serves an ASGI application on a thread of its own. Takes the port at once: one in use is one clear error."""

import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from zklink.api.limits import Limits
from zklink.api.server import bound_protocol
from zklink.protocol.errors import SettingsInvalid

STOP_SECONDS: Final = 5
BACKLOG: Final = 2048
"""As uvicorn has it."""


class HttpServer:
    """A running server; `port` is the one that it really has."""

    def __init__(self, app: ASGIApp, host: str, port: int, place: str) -> None:
        """Raises SettingsInvalid, which names the port, if it cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen(BACKLOG)  # who asks before the thread runs waits instead of being refused
        except OSError as error:
            self._socket.close()
            reason = f"port {port} of {host} cannot be had: {error.strerror or error}"
            raise SettingsInvalid(place, "http.port", reason) from None
        self.host, self.port = host, int(self._socket.getsockname()[1])
        limits = Limits()
        config = uvicorn.Config(
            app,
            http=bound_protocol(limits),
            ws="websockets-sansio",
            ws_max_size=limits.body_bytes,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer what is asked, and end."""
        self._server.should_exit = True
        self._thread.join(2 * STOP_SECONDS)
        self._socket.close()
