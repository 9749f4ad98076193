"""What every HTTP response goes through: requests at once are counted, pages of any origin may read, and a mistake of
this program is a refusal like any other.
"""

import logging
from typing import Any, Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zklink.api.replies import reply_refusal
from zklink.protocol.errors import RequestRefused

LOG: Final = logging.getLogger(__name__)

ANYBODY: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Retry-After, Allow"),
    (b"x-content-type-options", b"nosniff"),
)
"""No cookies and no credentials exist here, so every page may ask."""

PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
    "Allow": "GET, HEAD, POST, OPTIONS",
}


class Guard:
    """ASGI middleware around the whole application. `at_once` bounds the requests that are being answered; sockets, and
    the streams at the path `streams`, have bounds of their own.
    """

    def __init__(self, app: ASGIApp, at_once: int, streams: str = "") -> None:
        self._app, self._at_once, self._streams, self._count = app, at_once, streams, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def send_open(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                message = {**message, "headers": [*message["headers"], *ANYBODY]}
            await send(message)

        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, send_open)
            return
        counts = scope["path"] != self._streams
        if counts and self._count >= self._at_once:
            error = RequestRefused("too_many_connections", "too many requests at once", {"retry_after_seconds": "1"})
            await reply_refusal(error)(scope, receive, send_open)
            return
        self._count += counts
        try:
            await self._app(scope, receive, send_open)
        except Exception as error:
            if is_begun or _is_gone(error):
                return
            LOG.exception("a request failed")
            mistake = RequestRefused("internal", "a mistake of this program; it is logged")
            await reply_refusal(mistake)(scope, receive, send_open)
        finally:
            self._count -= counts


def _is_gone(error: Exception) -> bool:
    """Whether the client has gone away."""
    return isinstance(error, OSError) or type(error).__name__ == "ClientDisconnect"


def refuse_unknown(request: Any, error: Any) -> Response:
    """The answer for a path that nobody serves."""
    return reply_refusal(RequestRefused("no_such_method", "there is no such path: see /openapi.json"))
