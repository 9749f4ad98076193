"""The node's own pages: health, readiness, metrics, and the doors for provers. The API's application takes these routes
as its further ones; without it they are an application of their own.
"""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from zklink.service.health import Condition, HealthBoard
from zklink.service.metrics import Metrics
from zklink.service.proving.desk import ProofDesk
from zklink.service.proving.routes import build_routes as build_prover_routes

_VALUES = {Condition.READY: 1.0, Condition.AFFECTED: 0.5}


def build_routes(board: HealthBoard, metrics: Metrics, desk: ProofDesk | None) -> list[BaseRoute]:
    """`/health` is 200 while the process can go on by itself, `/ready` while it does its work; both say how each part
    is. Without a desk nobody else can prove.
    """

    async def health(request: Request) -> Response:
        return _describe(board, board.overall is not Condition.STOPPED)

    async def ready(request: Request) -> Response:
        return _describe(board, board.is_ready)

    async def show_metrics(request: Request) -> Response:
        for part, state in board.read().items():
            metrics.condition.labels(part).set(_VALUES.get(state.condition, 0.0))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    own = [Route("/health", health), Route("/ready", ready), Route("/metrics", show_metrics)]
    return [*own, *(() if desk is None else build_prover_routes(desk))]


def _describe(board: HealthBoard, is_well: bool) -> Response:
    parts = {part: {"condition": state.condition.value, "detail": state.detail} for part, state in board.read().items()}
    body = {"condition": board.overall.value, "parts": parts}
    return JSONResponse(body, status_code=200 if is_well else 503)
