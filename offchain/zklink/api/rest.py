"""The documented door: a path for every method, with the statuses of HTTP.

Takes the fields of a request from the path and the query, or from a JSON body; gives the answer as JSON, or
`{"error": ..}` with a code of the table of refusals.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zklink.api.allowance import name_caller
from zklink.api.bodies import read_body
from zklink.api.calls import Calls
from zklink.api.json_text import decode_json
from zklink.api.replies import reply, reply_refusal
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.methods import METHODS, Method


def build_routes(calls: Calls) -> list[Route]:
    """A route for each path of the table; whatever verb comes, the path answers."""
    by_path = groupby(sorted(METHODS, key=lambda method: method.path), key=lambda method: method.path)
    return [Route(path, _Endpoint(calls, methods)) for path, methods in by_path]


class _Endpoint:
    """The methods of one path, an ASGI application (so Starlette leaves the verbs to it)."""

    def __init__(self, calls: Calls, methods: Iterable[Method]) -> None:
        self._calls = calls
        self._methods = {method.verb: method for method in methods}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except RequestRefused as error:
            response = reply_refusal(error)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        method = self._methods.get("GET" if request.method == "HEAD" else request.method)
        if method is None:
            allowed = ", ".join(sorted({*self._methods, *(["HEAD"] if "GET" in self._methods else [])}))
            raise RequestRefused("wrong_verb", f"this path takes {allowed}", {"allow": allowed})
        caller = name_caller(request.client.host if request.client else None)
        if method.verb == "GET":
            return reply(await self._calls.answer(caller, method, read_fields(request), strict=False))
        if request.query_params:
            raise RequestRefused("invalid_request", "this method takes its fields in the body, and no query")
        body = decode_json(await read_body(request, self._calls.limits), self._calls.limits.depth)
        if not isinstance(body, dict):
            raise RequestRefused("invalid_request", "the body must be an object")
        return reply(await self._calls.answer(caller, method, body))


def read_fields(request: Request) -> dict[str, str]:
    """The fields in a request's path and query. Raises RequestRefused for one that is given twice."""
    fields = dict(request.path_params)
    for name, value in request.query_params.multi_items():
        if name in fields:
            raise RequestRefused("invalid_request", f"{name[:64]!r} is given twice", {"field": name[:64]})
        fields[name] = value
    return fields
