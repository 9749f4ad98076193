"""A broker that runs until it is told to end: one thread drives it and looks after its stock, another serves health and
metrics.
"""

import logging
import threading
import time
from typing import Final

from starlette.applications import Starlette

from zklink.broker.broker import Broker
from zklink.l1.transport.redaction import redact
from zklink.node.events import (
    BrokerRepaid,
    Event,
    FillDeclined,
    FillLost,
    FillMissed,
    FillTried,
    Retried,
    TransactionMined,
)
from zklink.node.outside_broker import OutsideBroker
from zklink.node.parts import NodeConfig
from zklink.node.workers import ThreadWorkers, Workers
from zklink.protocol.errors import DatabaseFailed, ZkLinkError
from zklink.service.broker_assembly import BrokerAssembly
from zklink.service.health import WELL, Condition, Health, HealthBoard
from zklink.service.http import build_routes
from zklink.service.logs import log_event
from zklink.service.metrics import Metrics
from zklink.service.server import HttpServer
from zklink.service.settings.broker import AloneBrokerSettings
from zklink.service.stock_taking import StockTaking, take_stock

log = logging.getLogger(__name__)

STEP_SECONDS: Final = 0.05
STOCK_SECONDS: Final = 30.0
FAILURE_SECONDS: Final = 30.0
"""For so long a failure counts."""


class BrokerService:
    """A whole broker. `run` on the thread that shall drive it."""

    def __init__(
        self, settings: AloneBrokerSettings, assembly: BrokerAssembly, place: str, workers: Workers | None = None
    ) -> None:
        """Everything is ready to run, and the port is taken. Raises SettingsInvalid for a port that cannot be had."""
        self.assembly, self._settings = assembly, settings
        names = {chain: assembly.name(chain) for chain in assembly.links}
        self.board = HealthBoard(("broker", "database", "stock", *(f"chain {name}" for name in names.values())))
        self.metrics = Metrics()
        for link in assembly.links.values():
            self.metrics.rpc.add_meters(link.profile.name, link.meters())
        pace = settings.pace
        config = NodeConfig(longest_idle_seconds=pace.longest_idle_seconds, fill_retry_seconds=pace.fill_retry_seconds)
        parts = assembly.broker, assembly.deployment.primary, assembly.read.history, assembly.chains()
        self.driver = OutsideBroker(*parts, workers or ThreadWorkers(), assembly.clock, config)
        self.driver.listen(self._count)
        self.driver.listen(log_event)
        self.stock: StockTaking | None = None
        self._names, self._failing, self._stop = names, dict[str, tuple[float, str]](), threading.Event()
        self._stocked: float | None = None
        app = Starlette(routes=build_routes(self.board, self.metrics, None))
        self._server = HttpServer(app, settings.http.host, settings.http.port, place)
        self.port = self._server.port

    @property
    def broker(self) -> Broker:
        """The broker that this drives."""
        return self.assembly.broker

    def stop(self) -> None:
        """End soon. Safe to call from a signal or any thread."""
        self._stop.set()

    def run(self) -> None:
        """Drive the broker until `stop`. Raises DatabaseInUse and RecordBroken: a person has to look first."""
        log.info("the broker runs; health and metrics are on port %d", self.port)
        try:
            while not self._stop.is_set():
                self.step()
                self._stop.wait(STEP_SECONDS)
        finally:
            self.driver.close()
            self._server.close()
            self.assembly.database.close()

    def step(self) -> None:
        """One round."""
        now = time.monotonic()
        if self._stocked is None or now - self._stocked >= STOCK_SECONDS:
            self._stocked = now
            self._take_stock()
            self._check_database()
        self.driver.step()
        self._judge(now)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _take_stock(self) -> None:
        books = self.broker.books()
        try:
            self.stock = stock = take_stock(self.assembly, books, approves=self._settings.approves)
        except ZkLinkError as error:
            self.board.note("stock", Health(Condition.AFFECTED, redact(str(error))))
            return
        for (chain, token), found in stock.stocks.items():
            labels = self._names[chain], self.assembly.symbol(token)
            entered = books.get((chain, token))
            self.metrics.broker_held.labels(*labels).set(found.held)
            self.metrics.broker_target.labels(*labels).set(found.target)
            self.metrics.broker_open.labels(*labels).set(found.coming)
            self.metrics.broker_earned.labels(*labels).set(0 if entered is None else entered.earned)
        reasons = [*stock.suggestions, *(f"the bridge may not pull all {name}" for name in stock.unapproved)]
        for reason in reasons:
            log.info("stock: %s", reason)
        self.board.note("stock", Health(Condition.AFFECTED, "; ".join(reasons)) if reasons else WELL)

    def _check_database(self) -> None:
        try:
            self.assembly.database.check()
            self.board.note("database", WELL)
        except DatabaseFailed as error:
            self.board.note("database", Health(Condition.AFFECTED, str(error)))

    def _judge(self, now: float) -> None:
        self._failing = {job: failure for job, failure in self._failing.items() if failure[0] > now}
        waits = Health(Condition.NOT_READY, "the chains are read")
        reasons = {job: reason for job, (_, reason) in self._failing.items()}
        for chain, name in self._names.items():
            failing = next((reason for job, reason in reasons.items() if job.endswith(f" {name}")), None)
            is_asked = chain in self.driver.known.asked and chain in self.driver.known.heads
            state = WELL if is_asked else waits
            self.board.note(f"chain {name}", state if failing is None else Health(_grade(is_asked), failing))
            head = self.driver.known.heads.get(chain)
            if head is not None:
                self.metrics.head.labels(name).set(head.number)
                self.metrics.head_age.labels(name).set(max(0.0, self.assembly.clock() - head.timestamp))
        self.board.note("broker", WELL if self.driver.has_heard_all else waits)

    def _count(self, event: Event) -> None:
        match event:
            case FillTried():
                self.metrics.fills.labels(self._names[event.chain], event.outcome.name.lower()).inc()
            case FillMissed():
                self.metrics.fills_missed.labels(self._names[event.chain], event.reason).inc()
            case FillDeclined():
                self.metrics.fills_declined.labels(event.verdict.name.lower()).inc()
            case FillLost():
                self.metrics.fills_lost.labels(self._names[event.chain]).inc()
            case BrokerRepaid():
                self.metrics.repaid.labels(self._names[event.chain]).inc()
            case TransactionMined():
                self.metrics.transactions.labels(self._names[event.chain], event.purpose).inc()
                self.metrics.gas_wei.labels(self._names[event.chain]).inc(event.gas_used * event.gas_price_wei)
            case Retried():
                kind, _, name = event.job.partition(" ")
                self.metrics.retries.labels(kind, name).inc()
                until = time.monotonic() + event.delay_seconds + FAILURE_SECONDS
                self._failing[event.job] = until, event.reason
            case _:
                pass


def _grade(is_asked: bool) -> Condition:
    return Condition.AFFECTED if is_asked else Condition.NOT_READY
