"""A node that runs until it is told to end: one thread drives the node, others serve HTTP, prove, and look after the
database and the clock.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from zklink.l1.transport.redaction import redact
from zklink.node.node import Node
from zklink.node.workers import ThreadWorkers
from zklink.protocol.errors import DatabaseFailed, DatabaseInUse, ZkLinkError
from zklink.service.assembly import Assembly
from zklink.service.clock import ALARM_SECONDS, SteadyClock
from zklink.service.health import WELL, Condition, Health, HealthBoard
from zklink.service.http import build_routes
from zklink.service.logs import log_event
from zklink.service.metrics import Metrics
from zklink.service.monitor import Monitor
from zklink.service.proving.core_share import CoreShare
from zklink.service.proving.engine import OpenProver, ProcessEngine, choose_opener
from zklink.service.proving.pool import OwnDesk
from zklink.service.proving.ray_engine import RayEngine
from zklink.service.proving.worker import Engine, ProofWorker
from zklink.service.server import HttpServer
from zklink.service.settings.model import NodeSettings, ProverSettings

log = logging.getLogger(__name__)

STEP_SECONDS: Final = 0.02
LOOK_SECONDS: Final = 0.25
CHECK_SECONDS: Final = 5.0
JOIN_SECONDS: Final = 2.0

MakeApp = Callable[["NodeService", list[BaseRoute]], ASGIApp]
"""Makes the application from the node's own routes: the API is mounted here."""


def only_own_routes(service: "NodeService", routes: list[BaseRoute]) -> ASGIApp:
    """Without an API."""
    return Starlette(routes=routes)


class NodeService:
    """A whole node. `run` on the thread that shall drive it."""

    def __init__(
        self,
        settings: NodeSettings,
        assembly: Assembly,
        place: str,
        make_app: MakeApp = only_own_routes,
        opener: OpenProver | None = None,
    ) -> None:
        """Everything is ready to run, and the port is taken. Raises SettingsInvalid for a port that cannot be had."""
        self.assembly, self.board, self.metrics = assembly, HealthBoard(("database", "clock")), Metrics()
        self.node = Node(assembly.parts, ThreadWorkers(), assembly.clock, assembly.config)
        self.metrics.rpc.add(assembly.clients.values())
        for link in assembly.programs.values():
            self.metrics.rpc.add_meters(link.profile.name, link.meters())
        if assembly.relayer is not None:
            self.metrics.relay.add(assembly.relayer.meter)
        self.idle: Callable[[float], None] = time.sleep
        """What the node's thread does for so many seconds between two steps: an API answers questions."""
        self.threads: list[threading.Thread] = []
        """What runs beside the node until it ends: they look at `is_stopped`."""
        self.on_close: list[Callable[[], object]] = []
        self._monitor = Monitor(self.node, assembly.clock, self.board, self.metrics)
        self.node.listen(self._monitor.take)
        self.node.listen(log_event)
        self._stop = threading.Event()
        pool = assembly.pool
        processes = 0 if pool is None else settings.prover.processes
        opener, share = opener or choose_opener(settings.prover.keys), CoreShare(max(1, processes))
        self._workers = [
            ProofWorker(f"own {number}", OwnDesk(pool), _make_engine(settings.prover, opener, share))
            for number in range(1, processes + 1)
            if pool is not None
        ]
        desk = pool if settings.prover.accepts_others else None
        app = make_app(self, build_routes(self.board, self.metrics, desk))
        self._server = HttpServer(app, settings.http.host, settings.http.port, place)
        self.port = self._server.port

    def stop(self) -> None:
        """End soon. Safe to call from a signal or any thread."""
        self._stop.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the node is to end."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the node is to end."""
        self._stop.wait(seconds)

    def run(self) -> None:
        """Drive the node until `stop`. Raises HistoryDiverged, DatabaseInUse, RecordBroken: a person has to look first.
        Whatever comes, everything is closed when it returns.
        """
        threads = [threading.Thread(target=worker.run, name=worker.name, daemon=True) for worker in self._workers]
        threads += [threading.Thread(target=self._look_after, name="look after", daemon=True), *self.threads]
        for thread in threads:
            thread.start()
        log.info("the node runs; health and metrics are on port %d", self.port)
        try:
            self._drive()
            self.board.note("node", Health(Condition.SHUTTING_DOWN, "it was told to end"))
        except ZkLinkError as error:
            self.board.note("node", Health(Condition.STOPPED, redact(str(error))))
            log.critical("the node stops: %s", redact(str(error)))
            raise
        finally:
            self._close(threads)

    def _drive(self) -> None:
        looked = 0.0
        while not self._stop.is_set():
            self.node.step()
            now = time.monotonic()
            if now - looked >= LOOK_SECONDS:
                self._monitor.look()
                looked = now
            self.idle(STEP_SECONDS)

    def _close(self, threads: list[threading.Thread]) -> None:
        self._stop.set()
        for worker in self._workers:
            worker.stop()
        if self.assembly.pool is not None:
            self.assembly.pool.stop()
        for close in self.on_close:
            close()
        self.node.close()
        self._server.close()
        for thread in threads:
            thread.join(JOIN_SECONDS)
        self.assembly.database.close()

    # -- on a thread of its own ----------------------------------------------------------------------------------

    def _look_after(self) -> None:
        while True:
            self._check_database()
            self.board.note("clock", judge_clock(self.assembly.clock))
            self.metrics.clock_drift.set(self.assembly.clock.drift)
            if self.assembly.pool is not None:
                for outcome in ("leased", "proven", "refused", "given_up", "expired"):
                    self.metrics.proof_jobs.labels(outcome).set(getattr(self.assembly.pool.counts, outcome))
            if self._stop.wait(CHECK_SECONDS):
                return

    def _check_database(self) -> None:
        start = time.perf_counter()
        try:
            self.assembly.database.check()
            if self.assembly.pool is not None:
                self.assembly.pool.forget(self.node.sequencer.settled)
            self.board.note("database", WELL)
        except DatabaseInUse as error:
            self.board.note("database", Health(Condition.STOPPED, str(error)))
        except DatabaseFailed as error:
            self.board.note("database", Health(Condition.AFFECTED, str(error)))
        self.metrics.database_seconds.observe(time.perf_counter() - start)


def judge_clock(clock: SteadyClock) -> Health:
    """Whether the machine's clock was set since the start."""
    drift = clock.drift
    if abs(drift) < ALARM_SECONDS:
        return WELL
    way = "forward" if drift > 0 else "back"
    return Health(Condition.AFFECTED, f"the machine's clock was set {way} by {abs(drift):.0f} s: signers judge by it")


def _make_engine(settings: ProverSettings, opener: OpenProver, share: CoreShare) -> Engine:
    """Raises ExtraMissing, ToolFailed if there is no such cluster."""
    return ProcessEngine(opener, share) if settings.ray is None else RayEngine(settings.ray, opener, share)
