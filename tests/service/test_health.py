"""What a node says of itself: each part's health, metrics with bounded labels, logs without secrets, a steady clock."""

import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.node.test_node import Setting
from tests.sequencer.requests import make_request
from zklink.broker.policy import Verdict
from zklink.broker.records import FillOutcome
from zklink.l1.transport.secrets import keep_words
from zklink.node.events import FillDeclined, FillMissed, FillTried, Retried
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import ChainId
from zklink.service.clock import SteadyClock
from zklink.service.health import Condition, Health, HealthBoard
from zklink.service.http import build_routes
from zklink.service.logs import configure_logs, log_event
from zklink.service.metrics import Metrics
from zklink.service.monitor import GRACE_SECONDS, Monitor
from zklink.service.runner import judge_clock

ROOT = Path(__file__).resolve().parents[2]
A = ChainId(1)


class Scene:
    """A node on counting chains, and its monitor."""

    def __init__(self, blocks: int = 1) -> None:
        self.setting, self.now = Setting(blocks=blocks), 1_000.0
        self.board, self.metrics = HealthBoard(), Metrics()
        self.monitor = Monitor(self.setting.node, lambda: self.now, self.board, self.metrics)
        self.setting.node.listen(self.monitor.take)

    def look(self) -> dict[str, Health]:
        self.setting.round(3)
        self.monitor.look()
        return self.board.read()

    def read(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"zklink_{name}", labels)


def test_board__several_parts__the_worst_is_the_whole() -> None:
    board = HealthBoard(("a", "b"))
    assert (board.overall, board.is_ready) == (Condition.NOT_READY, False)
    board.note_all({"a": Health(Condition.READY), "b": Health(Condition.AFFECTED, "slow")})
    assert (board.overall, board.is_ready) == (Condition.AFFECTED, True)
    for condition in (Condition.SHUTTING_DOWN, Condition.STOPPED):
        board.note("a", Health(condition))
        assert (board.overall, board.is_ready) == (condition, False)


def test_monitor__before_and_after_the_chains_answer__not_ready_then_ready() -> None:
    scene = Scene()
    assert {health.condition for health in scene.board.read().values()} == {Condition.NOT_READY}
    found = scene.look()
    assert {health.condition for health in found.values()} == {Condition.READY}, found
    assert scene.read("height") == scene.setting.sequencer.height == 1


def test_monitor__job_fails__its_part_is_affected_until_it_has_been_well_for_a_while() -> None:
    scene = Scene()
    scene.look()
    name = scene.setting.node.parts.profiles[A].name
    scene.monitor.take(Retried(0.0, f"watch {name}", 2, 4.0, "connection refused"))
    found = scene.look()
    affected = {part: health for part, health in found.items() if health.condition is not Condition.READY}
    assert affected == {f"chain {name}": Health(Condition.AFFECTED, "watch: connection refused")}
    scene.now += 4.0 + GRACE_SECONDS
    assert scene.look()[f"chain {name}"].condition is Condition.READY
    assert scene.read("retries_total", job="watch", chain=name) == 1


def test_monitor__chain_frozen__nothing_more_is_sealed_is_said() -> None:
    scene = Scene()
    scene.setting.chains[A].is_frozen = True
    health = scene.look()["sequencer"]
    assert health.condition is Condition.AFFECTED and "nothing more is sealed" in health.detail
    assert scene.read("chains_frozen") == 1


def test_monitor__chain_that_does_not_answer__not_ready_with_the_reason() -> None:
    scene = Scene()
    scene.setting.chains[A].counters = None
    name = scene.setting.node.parts.profiles[A].name
    assert scene.look()[f"chain {name}"].condition is Condition.NOT_READY


def test_metrics__events_with_any_content__labels_stay_in_closed_sets() -> None:
    scene = Scene()
    scene.setting.sequencer.add(make_request(1, 2))
    scene.look()
    for number in range(50):
        scene.monitor.take(Retried(0.0, f"prove {number}", 1, 1.0, f"reason {number}"))
        scene.monitor.take(Retried(0.0, f"odd-{number} thing", 1, 1.0, "x"))
        scene.monitor.take(FillTried(0.0, (A, number), A, FillOutcome.FAILED, f"reason {number}"))
        scene.monitor.take(FillMissed(0.0, (A, number), A, Verdict.SHORT_LEAD if number % 2 else None))
        scene.monitor.take(FillDeclined(0.0, (A, number), Verdict.NO_FEE))
    text = TestClient(Starlette(routes=build_routes(scene.board, scene.metrics, None))).get("/metrics").text
    name = scene.setting.node.parts.profiles[A].name
    assert [scene.read("fills_missed_total", chain=name, reason=reason) for reason in ("no_turn", "short_lead")] == [
        25
    ] * 2
    assert scene.read("fills_declined_total", reason="no_fee") == 50
    assert not re.findall(r'="[^"]*(?:0x[0-9a-f]{8}|reason|odd|\d{2,})[^"]*"', text.replace('le="', "le="))
    assert scene.read("retries_total", job="other", chain="") == 50
    assert scene.read("retries_total", job="prove", chain="") == 50


@pytest.mark.parametrize(
    ("condition", "health", "ready"),
    [
        (Condition.NOT_READY, 200, 503),
        (Condition.READY, 200, 200),
        (Condition.AFFECTED, 200, 200),
        (Condition.SHUTTING_DOWN, 200, 503),
        (Condition.STOPPED, 503, 503),
    ],
)
def test_pages__any_condition__status_and_details(condition: Condition, health: int, ready: int) -> None:
    board = HealthBoard()
    board.note("database", Health(condition, "why"))
    client = TestClient(Starlette(routes=build_routes(board, Metrics(), None)))
    assert (client.get("/health").status_code, client.get("/ready").status_code) == (health, ready)
    parts = {"database": {"condition": condition.value, "detail": "why"}}
    assert client.get("/health").json() == {"condition": condition.value, "parts": parts}
    assert client.post("/prover/lease", json={}).status_code == 404


# -- alerts --------------------------------------------------------------------------------------------------------


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((ROOT / "ops" / "alerts.yaml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_alerts__each__has_a_line_in_the_runbook_and_the_runbook_no_other() -> None:
    page = (ROOT / "docs" / "run-a-node.md").read_text()
    table = page.partition("### Alerts")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \| \S", table, re.MULTILINE) == [rule["alert"] for rule in rules()]


def test_alerts__each__asks_for_metrics_that_there_are() -> None:
    text = TestClient(Starlette(routes=build_routes(HealthBoard(), Metrics(), None))).get("/metrics").text
    known = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    asked = {name for rule in rules() for name in re.findall(r"zklink_\w+", rule["expr"])}
    assert {name.removesuffix("_bucket") for name in asked} <= known


# -- the clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("jump", "said"), [(3_600.0, "set forward by 3600 s"), (-3_600.0, "set back by 3600 s")])
def test_clock__machine_clock_is_set__goes_on_as_before_and_it_is_said(jump: float, said: str) -> None:
    times = {"wall": 1_000_000.0, "steady": 50.0}
    clock = SteadyClock(lambda: times["wall"], lambda: times["steady"])
    assert clock() == 1_000_000.0
    times = {"wall": 1_000_010.0, "steady": 60.0}
    assert (clock(), clock.drift, judge_clock(clock).condition) == (1_000_010.0, 0.0, Condition.READY)
    times["wall"] += jump
    assert (clock(), clock.drift) == (1_000_010.0, jump)
    assert judge_clock(clock).condition is Condition.AFFECTED and said in judge_clock(clock).detail


# -- logs ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stream() -> Any:
    stream = io.StringIO()
    configure_logs("json", "info", stream)
    yield stream
    structlog.reset_defaults()


def test_logs__events_and_records__one_json_object_a_line(stream: io.StringIO) -> None:
    log_event(Retried(1.0, "watch bsc", 1, 0.5, "connection refused"))
    logging.getLogger("zklink.anything").warning("%s failed", "it")
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["event"], first["job"], first["level"]) == ("retried", "watch bsc", "warning")
    assert (second["event"], second["logger"]) == ("it failed", "zklink.anything")


def test_logs__secrets_anywhere__hidden(stream: io.StringIO) -> None:
    keep_words(["SwordfishSwordfish"])
    log = structlog.get_logger("zklink.test")
    log.info("asking https://node.example/v3/PathIsAKey", private_key="0x1234567", database_password="hunter2")
    log.warning("it says", detail={"text": "no access with SwordfishSwordfish"})
    try:
        raise RpcUnavailable("bsc", "eth_call", 3, "SwordfishSwordfish is no key")
    except RpcUnavailable:
        logging.getLogger("zklink.test").exception("failed")
    text = stream.getvalue()
    assert len(text.splitlines()) == 3
    assert not [word for word in ("Swordfish", "hunter2", "0x1234567", "PathIsAKey") if word in text]
