"""What is counted of each node of a chain: outcomes of a closed set, times, rests, heads; and never an address."""

import gzip
import io
import itertools
import re
import socketserver
import time
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
import requests
from prometheus_client import CollectorRegistry, generate_latest
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.metering import (
    LONGEST_REPLY_SECONDS,
    MOST_REPLY_BYTES,
    MeteredProvider,
    name_answer,
    name_failure,
)
from zklink.l1.transport.meters import SECONDS, NodeMeter, Outcome
from zklink.l1.transport.nodes import connect_nodes
from zklink.l1.transport.roster import PoolPolicy
from zklink.l1.transport.verdicts import Verdict, classify, is_perhaps_too_large
from zklink.lab.rpc_faults import AWAY, HANG, READ_FAULTS, RpcFault, http
from zklink.service.rpc_metrics import RpcMetrics

URLS = ("http://me:sesame@first.example/v2/OpenSesame", "http://second.example/?key=OpenSesame")


class Scene:
    """Two nodes over HTTP, as settings name them, and the metrics of a process that asks them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int = 2, quorum: int = 1) -> None:
        self.nodes = {url: FakeNode() for url in URLS[:count]}

        def make_request(provider: HTTPProvider, method: str, params: Any) -> Any:
            return self.nodes[str(provider.endpoint_uri)].make_request(method, params)  # type: ignore[arg-type]

        monkeypatch.setattr(HTTPProvider, "make_request", make_request)
        w3 = connect_nodes(PROFILE, tuple(self.nodes), policy=PoolPolicy(quorum))
        self.client = ChainClient(PROFILE, w3, POLICY, sleep=lambda seconds: None)
        self.metrics, self.registry = RpcMetrics(), CollectorRegistry()
        self.metrics.add([self.client])
        self.registry.register(self.metrics)

    def read(self, name: str, node: int, **labels: str) -> float | None:
        found = {"chain": "fake", "node": str(node), **labels}
        return self.registry.get_sample_value(f"zklink_rpc_{name}", found)


@pytest.mark.parametrize("count", [1, 2])
def test_metrics__a_node_answers__counted_with_its_time_and_head(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    scene = Scene(monkeypatch, count)
    assert scene.client.head().number == 0
    before = scene.read("requests_total", 1, outcome="ok")
    scene.client.head()
    assert before is not None and scene.read("requests_total", 1, outcome="ok") == before + 1
    assert (scene.read("head", 1), scene.read("resting", 1), scene.read("rests_total", 1)) == (0, 0, 0)
    assert scene.read("seconds_count", 1) == before + 1 == scene.read("seconds_bucket", 1, le="+Inf")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(AWAY, "unreachable"), (HANG, "timed_out"), (http(429), "limited"), (http(401), "denied"), (http(502), "failed")],
    ids=str,
)
def test_metrics__a_node_fails__counted_by_kind_and_its_rest_too(
    monkeypatch: pytest.MonkeyPatch, fault: RpcFault, outcome: str
) -> None:
    scene = Scene(monkeypatch)
    scene.nodes[URLS[0]].always["eth_getBlockByNumber"] = fault
    scene.client.head()
    assert scene.read("requests_total", 1, outcome=outcome) == 1
    assert (scene.read("rests_total", 1), scene.read("resting", 1), scene.read("head", 1)) == (1, 1, None)
    assert (scene.read("rests_total", 2), scene.read("head", 2)) == (0, 0)


def test_metrics__any_fault_and_any_answer__labels_are_of_a_closed_set_and_show_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(monkeypatch)
    for fault in READ_FAULTS:
        scene.nodes[URLS[0]].fail("eth_getBlockByNumber", fault)
        scene.client.head()
    text = generate_latest(scene.registry).decode()
    assert set(re.findall(r'(\w+)="', text)) == {"chain", "node", "outcome", "le"}
    assert set(re.findall(r'node="(.*?)"', text)) == {"1", "2"}
    assert set(re.findall(r'outcome="(.*?)"', text)) == {outcome.value for outcome in Outcome}
    assert not re.search("example|sesame|me:", text, re.IGNORECASE)


def test_metrics__nodes_of_a_quorum_differ__each_head_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, quorum=2)
    scene.nodes[URLS[1]].empty_blocks = 3
    scene.client.head()
    assert (scene.read("head", 1), scene.read("head", 2)) == (0, 3)


def _http_error(status: int, body: bytes = b"") -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response._content = status, body
    return requests.HTTPError("told", response=response)


FAILURES: Mapping[str, tuple[Callable[[], Exception], Outcome]] = {
    "no connection": (
        lambda: requests.ConnectionError(NewConnectionError(None, "refused")),  # type: ignore[arg-type]
        Outcome.UNREACHABLE,
    ),
    "too slow": (lambda: requests.ReadTimeout("slow"), Outcome.TIMED_OUT),
    "no JSON": (lambda: requests.exceptions.JSONDecodeError("no", "JSON", 0), Outcome.ODD),
    "a revert with a status": (
        lambda: _http_error(400, b'{"error": {"code": 3, "message": "execution reverted"}}'),
        Outcome.TOLD,
    ),
    "broken off": (lambda: requests.ConnectionError("reset"), Outcome.UNREACHABLE),
    "its own error": (lambda: _http_error(502), Outcome.FAILED),
}


@pytest.mark.parametrize("case", FAILURES)
def test_name_failure__each_kind__one_outcome(case: str) -> None:
    make, outcome = FAILURES[case]
    assert name_failure(make()) is outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"error": {"code": -32601, "message": "the method does not exist"}}, Outcome.UNSUPPORTED),
        ({"error": {"code": -32000, "message": "nonce too low"}}, Outcome.TOLD),
        ({"error": {"code": -32603, "message": "internal error"}}, Outcome.FAILED),
        ({"result": {"number": "no number"}}, Outcome.ODD),
        ([], Outcome.ODD),
    ],
)
def test_name_answer__each_kind__one_outcome(answer: Any, outcome: Outcome) -> None:
    assert name_answer("eth_getBlockByNumber", ["latest", False], answer) is outcome


class _Reply(requests.Response):
    """A reply that goes on; each piece takes so many seconds."""

    def __init__(self, seconds: float, size: int) -> None:
        super().__init__()
        self.raw: Any = self
        self.status_code, self.now, self._seconds, self._size, self.taken = 200, 0.0, seconds, size, 0

    def close(self) -> None:
        pass

    def read1(self, amount: int, decode_content: bool) -> bytes:
        self.now += self._seconds
        self.taken += self._size
        return b" " * self._size


@pytest.mark.parametrize(("seconds", "size"), [(0.0, 1 << 16), (1.0, 1)], ids=["long", "slow"])
def test_provider__a_reply_without_end__fails_after_a_bound_and_a_smaller_question_may_help(
    monkeypatch: pytest.MonkeyPatch, seconds: float, size: int
) -> None:
    reply = _Reply(seconds, size)
    monkeypatch.setattr(requests.Session, "post", lambda *question, **options: reply)
    provider = MeteredProvider(URLS[0], lambda: reply.now)
    with pytest.raises(requests.HTTPError, match="that goes on") as caught:
        provider.make_request(RPCEndpoint("eth_getLogs"), [])
    assert reply.taken <= MOST_REPLY_BYTES + size and reply.now <= LONGEST_REPLY_SECONDS + 1
    assert classify(caught.value) is Verdict.UNKNOWN and is_perhaps_too_large(caught.value)
    assert provider.meter.outcomes[Outcome.FAILED] == 1


def test_provider__a_reply_that_is_packed__takes_no_more_than_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some kilobytes that are packed twice can be gigabytes: no node is asked for that, and none is unpacked."""
    reply, sent = requests.Response(), dict[str, Any]()
    packed = gzip.compress(gzip.compress(bytes(64 << 20)))
    reply.status_code = 200
    reply.raw = HTTPResponse(io.BytesIO(packed), {"Content-Encoding": "gzip, gzip"}, preload_content=False)
    monkeypatch.setattr(requests.Session, "post", lambda *question, **options: sent.update(options) or reply)
    provider = MeteredProvider(URLS[0])
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="decode"):
            provider.make_request(RPCEndpoint("eth_getLogs"), [])
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert sent["headers"]["Accept-Encoding"] == "identity" and provider.meter.outcomes[Outcome.ODD] == 1


class _Dripping(socketserver.StreamRequestHandler):
    """A node that says how long its reply is, and gives a byte of it at a time."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(1000):
                self.wfile.write(b" ")
                time.sleep(0.01)


def test_provider__a_reply_that_says_its_length_and_drips__fails_before_it_is_whole() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dripping) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        ticks = itertools.count()
        provider = MeteredProvider(f"http://127.0.0.1:{server.server_address[1]}", lambda: next(ticks))
        with pytest.raises(requests.HTTPError, match="that goes on") as caught:
            provider.make_request(RPCEndpoint("eth_getLogs"), [])
        server.shutdown()
    assert int(re.findall("reply of ([0-9]+)", str(caught.value))[0]) < 1000


def test_count__any_time__in_the_first_bucket_that_holds_it() -> None:
    meter = NodeMeter()
    for seconds in (0.0, SECONDS[0], 0.3, 99.0):
        meter.count(Outcome.OK, seconds)
    assert meter.buckets == [2, 0, 0, 0, 1, 0, 0, 0, 0, 1]
