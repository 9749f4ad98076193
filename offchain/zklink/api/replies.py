"""Answers and refusals as HTTP responses."""

from typing import Any, Final

import msgspec
from starlette.responses import Response

from zklink.api.calls import describe_problem
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.refusals import REFUSALS, ProblemBody

JSON: Final = "application/json"


def reply(value: Any, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, media_type=JSON)


def reply_refusal(error: RequestRefused) -> Response:
    """A refusal as REST shows it."""
    return refuse(error, ProblemBody(error=describe_problem(error)))


def refuse(error: RequestRefused, body: Any) -> Response:
    """A refusal with this body and the status and headers that belong to its code."""
    response = reply(body, REFUSALS[error.code].status)
    if "retry_after_seconds" in error.details:
        response.headers["Retry-After"] = error.details["retry_after_seconds"]
    if "allow" in error.details:
        response.headers["Allow"] = error.details["allow"]
    return response
