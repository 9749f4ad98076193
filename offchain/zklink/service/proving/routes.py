"""The doors through which provers of other machines come: pull, say that it is at work, publish, give up."""

import json
from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zklink.protocol.errors import DatabaseFailed, ProofRefused, ZkLinkError
from zklink.service.proving import wire
from zklink.service.proving.desk import ProofDesk

BODY_BYTES: Final = 16_384
"""Whatever a prover says is short: it never sends inputs."""


def build_routes(desk: ProofDesk) -> list[Route]:
    """Routes on a desk. Each answers 400 with what would be right, 409 for a proof that is none, 503 if the database is
    away.
    """

    def lease(data: Any) -> Response:
        task = desk.lease(wire.decode_name(data))
        return Response(status_code=204) if task is None else JSONResponse(wire.encode_task(task))

    def beat(data: Any) -> Response:
        return JSONResponse({"goes_on": desk.beat(*wire.decode_held(data))})

    def publish(data: Any) -> Response:
        desk.publish(*wire.decode_held(data), wire.decode_made(data))
        return Response(status_code=204)

    def give_up(data: Any) -> Response:
        name, task = wire.decode_held(data)
        reason = str(data.get("reason", ""))[: wire.REASON_LENGTH]
        desk.give_up(name, task, "".join(c if c.isprintable() else " " for c in reason))
        return Response(status_code=204)

    doors = ((wire.LEASE, lease), (wire.BEAT, beat), (wire.PUBLISH, publish), (wire.GIVE_UP, give_up))
    return [Route(path, _respond(answer), methods=["POST"]) for path, answer in doors]


def _respond(answer: Callable[[Any], Response]) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        try:
            data = json.loads(await _read(request))
            return await run_in_threadpool(answer, data)
        except ProofRefused as error:
            return _refuse(409, str(error))
        except DatabaseFailed as error:
            return _refuse(503, str(error))
        except ZkLinkError as error:
            return _refuse(409, str(error))
        except (ValueError, AttributeError, RecursionError) as error:
            return _refuse(400, str(error) or "the body is no JSON object")
        except ClientDisconnect:
            return _refuse(400, "the body ended early")

    return respond


async def _read(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES:
            raise ValueError(f"the body is longer than {BODY_BYTES} bytes")
    return body


def _refuse(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=status)
