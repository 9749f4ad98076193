"""Bodies of requests: of the right type, not too large, and not for ever on their way."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from zklink.api.limits import Limits
from zklink.protocol.errors import RequestRefused


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body of a JSON request. Raises RequestRefused: wrong_type, too_large, too_slow."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestRefused("wrong_type", "the body must be JSON, with `Content-Type: application/json`")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.body_bytes:
        raise _too_large(limits)
    try:
        return await asyncio.wait_for(_collect(request, limits), limits.arrive_seconds)
    except TimeoutError:
        raise RequestRefused("too_slow", f"the body must arrive within {limits.arrive_seconds:g} s") from None
    except ClientDisconnect:
        raise RequestRefused("too_slow", "the body did not arrive") from None


async def _collect(request: Request, limits: Limits) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limits.body_bytes:
            raise _too_large(limits)
    return bytes(body)


def _too_large(limits: Limits) -> RequestRefused:
    return RequestRefused("too_large", f"a body may have {limits.body_bytes} bytes")
