"""Events over plain HTTP: server-sent events (HTML standard, section 9.2), for pages and for proxies that know no
WebSocket.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zklink.api.allowance import name_caller
from zklink.api.calls import Calls
from zklink.api.events import Hub, Subscriber
from zklink.api.replies import reply_refusal
from zklink.api.rest import read_fields
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.events import SubscribeRequest
from zklink.schema.api.openrpc import SUBSCRIBE

SILENCE_SECONDS: Final = 15.0
"""After so long without an event a comment goes out, so that proxies keep the connection."""


class EventStreams:
    """Serves streams; counts them together with nothing else."""

    def __init__(self, calls: Calls, hub: Hub) -> None:
        self._calls, self._hub = calls, hub
        self._of: Counter[str] = Counter()

    async def respond(self, request: Request) -> Response:
        """A stream, or a refusal."""
        caller = name_caller(request.client.host if request.client else None)
        try:
            if request.method not in ("GET", "HEAD"):
                raise RequestRefused("wrong_verb", "this path takes GET", {"allow": "GET, HEAD"})
            self._calls.allowances.spend(caller, SUBSCRIBE.cost)
            subscriber = Subscriber(self._hub.sources, read_request(request), self._calls.limits.events_waiting)
            limits = self._calls.limits
            if self._of.total() >= limits.sockets or self._of[caller] >= limits.sockets_per_caller:
                raise RequestRefused("too_many_connections", "too many streams of this caller, or of all")
        except RequestRefused as error:
            return reply_refusal(error)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(caller, subscriber), media_type="text/event-stream", headers=headers)

    async def _stream(self, caller: str, subscriber: Subscriber) -> AsyncIterator[bytes]:
        self._of[caller] += 1
        last = self._hub.join(subscriber)
        events = subscriber.events()
        coming: asyncio.Future[Any] = asyncio.ensure_future(anext(events))
        try:
            yield f"id: {last}\n\n".encode()  # no event, but the id with which a browser comes back
            while True:
                done, _ = await asyncio.wait({coming}, timeout=SILENCE_SECONDS)
                if not done:
                    yield b": still here\n\n"
                    continue
                event = coming.result()
                coming = asyncio.ensure_future(anext(events))
                data = msgspec.json.encode(event).decode()
                yield f"id: {event.id}\nevent: {event.topic}\ndata: {data}\n\n".encode()
        finally:
            coming.cancel()
            self._hub.leave(subscriber)
            self._of -= Counter([caller])


def read_request(request: Request) -> SubscribeRequest:
    """The subscription that a query asks for. Raises RequestRefused."""
    fields: dict[str, Any] = dict(read_fields(request))
    topics = fields.get("topics", "")
    fields["topics"] = topics.split(",") if topics else []
    if last := request.headers.get("last-event-id"):
        fields["after"] = last
    try:
        return msgspec.convert(fields, SubscribeRequest, strict=False)
    except msgspec.ValidationError as error:
        raise RequestRefused("invalid_request", str(error)) from error
