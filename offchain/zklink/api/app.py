"""The application: all doors and documents on one set of calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from zklink.api.allowance import name_caller
from zklink.api.bodies import read_body
from zklink.api.calls import Calls
from zklink.api.desk import Desk
from zklink.api.event_stream import EventStreams
from zklink.api.events import Hub
from zklink.api.guard import Guard, refuse_unknown
from zklink.api.json_rpc import JsonRpc, build_error
from zklink.api.limits import Limits
from zklink.api.replies import refuse, reply
from zklink.api.rest import build_routes
from zklink.api.sockets import Sockets
from zklink.api.sources import Sources
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.openapi import EVENTS_PATH, build_openapi
from zklink.schema.api.openrpc import build_openrpc

RPC_PATH = "/rpc"

MakePages = Callable[[Calls], Sequence[BaseRoute]]
"""What serves pages from the answers of these calls: `zklink.explorer.pages.build_pages`."""


def build_app(
    sources: Sources,
    desk: Desk,
    limits: Limits | None = None,
    further: Sequence[BaseRoute] = (),
    pages: MakePages | None = None,
) -> Starlette:
    """An ASGI application; `further` are routes that are looked at after its own, and those of `pages` come last.
    Every route answers every verb.
    """
    limits = limits or Limits()
    calls = Calls(sources, desk, limits)
    hub = Hub(sources)
    sockets, streams = Sockets(calls, hub), EventStreams(calls, hub)

    @contextlib.asynccontextmanager
    async def live(app: Starlette) -> AsyncIterator[None]:
        hub.start(asyncio.get_running_loop())
        yield
        hub.stop()

    async def answer_rpc(request: Request) -> Response:
        return await respond_rpc(calls, request)

    routes: list[BaseRoute] = [
        Route(EVENTS_PATH, _any_verb(streams.respond)),
        *build_routes(calls),
        Route(RPC_PATH, _any_verb(answer_rpc)),
        WebSocketRoute(RPC_PATH, sockets.serve),
        Route("/openapi.json", _Document(build_openapi())),
        Route("/openrpc.json", _Document(build_openrpc())),
        *further,
        *(() if pages is None else pages(calls)),
    ]
    return Starlette(
        routes=routes,
        lifespan=live,
        middleware=[Middleware(Guard, at_once=limits.requests_at_once, streams=EVENTS_PATH)],
        exception_handlers={404: refuse_unknown},
    )


async def respond_rpc(calls: Calls, request: Request) -> Response:
    """One message of JSON-RPC over HTTP. What is wrong with a call stands in a body of status 200, as JSON-RPC has it;
    what is wrong with the request has its own status.
    """
    try:
        if request.method != "POST":
            raise RequestRefused("wrong_verb", "this path takes POST, or a WebSocket", {"allow": "POST"})
        body = await read_body(request, calls.limits)
    except RequestRefused as error:
        return refuse(error, build_error(error, None))
    caller = name_caller(request.client.host if request.client else None)
    answer = await JsonRpc(calls, caller).answer(body)
    return Response(status_code=204) if answer is None else reply(answer)


class _Document:
    """A document that never changes, an ASGI application."""

    def __init__(self, document: Any) -> None:
        self._response = reply(document)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._response(scope, receive, send)


def _any_verb(respond: Any) -> Any:
    """An ASGI application, so that Starlette leaves the verbs to it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = await respond(Request(scope, receive))
        await response(scope, receive, send)

    return _App(app)


class _App:
    """Starlette takes an object for an application, and a function for an endpoint."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)
