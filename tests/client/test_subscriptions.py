"""Events come once and in order over a connection that breaks anywhere, and what is lost is said."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.api.conftest import still  # noqa: F401  # a fixture
from tests.api.scene import Scene
from tests.client.streaming import (
    BLOCKS,
    RUN,
    HastyAsync,
    HastyBlocking,
    Teller,
    build_event,
    open_node,
    open_nothing,
    open_wire,
)
from tests.scenarios.pipeline import POLYGON
from zklink import AsyncClient, BlockEvent, Client
from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.server import ApiServer
from zklink.client.patience import Patience
from zklink.client.transport import run
from zklink.history.feed import Topic
from zklink.protocol.errors import EventsLost, EventsNotOffered, RequestRefused, StillWaiting
from zklink.protocol.ids import BlockNumber

ALL = [f"{RUN}-{number}" for number in range(1, BLOCKS + 1)]
STEP = 83
"""Bytes between two cuts: several in each message, also in the handshake and the first answer."""
BYTES = 3_400
"""Somewhat more than a whole conversation has."""


def take_plainly(url: str, count: int, late: float = 0.0, **terms: Any) -> list[BlockEvent]:
    """So many events, each `late` seconds after the one before."""
    transport, taken = HastyBlocking(httpx.Client(verify=False)), []
    with Client(url, transport=transport) as client:
        for event in client.subscribe("blocks", **terms):
            taken.append(event)
            transport.paused += late
            if len(taken) == count:
                break
    return taken  # type: ignore[return-value]


def take_asynchronously(url: str, count: int, late: float = 0.0, **terms: Any) -> list[BlockEvent]:
    async def take() -> list[BlockEvent]:
        transport, taken = HastyAsync(httpx.AsyncClient(verify=False)), []
        async with (
            AsyncClient(url, transport=transport) as client,
            aclosing(client.subscribe("blocks", **terms)) as line,
        ):
            async for event in line:
                taken.append(event)
                transport.paused += late
                if len(taken) == count:
                    break
        return taken  # type: ignore[return-value]

    return asyncio.run(take())


@pytest.fixture(params=[take_plainly, take_asynchronously], ids=["blocking", "async"])
def take(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_subscribe__cut_anywhere__each_event_once_and_in_order(take: Any) -> None:
    teller = Teller()
    with open_node(teller, *range(0, BYTES, STEP)) as url:
        for _ in range(BYTES // STEP):
            assert [event.id for event in take(url, BLOCKS)] == ALL
    assert {f"{RUN}-{number}" for number in range(1, BLOCKS)} <= set(teller.asked), "a cut after each event"
    assert None in teller.asked


def test_subscribe__cut_again_and_again__goes_on_where_it_was(take: Any) -> None:
    teller = Teller()
    with open_node(teller, *[900] * 12) as url:
        events = take(url, BLOCKS)
    assert [event.data.number for event in events] == list(range(1, BLOCKS + 1))
    assert len(teller.asked) > 3


def test_subscribe__from_an_event_of_before__what_came_since(take: Any) -> None:
    teller = Teller()
    with open_node(teller) as url:
        assert [event.id for event in take(url, 2, after=f"{RUN}-4")] == ALL[4:]
    assert teller.asked == [f"{RUN}-4"]


def test_subscribe__same_event_again__comes_once(take: Any) -> None:
    teller = Teller()
    teller.extra = {4: [build_event(2), build_event(3)]}
    with open_node(teller) as url:
        assert [event.id for event in take(url, BLOCKS)] == ALL


def test_subscribe__mark__goes_on_after_it_and_does_not_tell_it(take: Any) -> None:
    teller = Teller()
    teller.extra = {1: [build_event(4, "mark")]}
    with open_node(teller) as url:
        assert [event.id for event in take(url, 2)] == ALL[4:]


def test_subscribe__events_are_lost__an_error_with_the_last_one(take: Any) -> None:
    teller = Teller()
    teller.extra = {3: [build_event(2, "reset")]}
    with open_node(teller) as url, pytest.raises(EventsLost) as lost:
        take(url, BLOCKS)
    assert lost.value.after == f"{RUN}-2"


def test_subscribe__node_was_started_again__lost_and_not_mixed(take: Any) -> None:
    teller = Teller()
    teller.extra = {4: [build_event(0, "reset", "ffffffff")]}
    with open_node(teller) as url, pytest.raises(EventsLost) as lost:
        take(url, 1, after=f"{RUN}-3")
    assert lost.value.after == f"{RUN}-3"


def test_subscribe__nobody_is_there__ends_with_the_cause(take: Any) -> None:
    expected = r"the stream of events was not there after 9 s; it is not to be had: 127"
    with open_nothing() as url, pytest.raises(StillWaiting, match=expected):
        take(url, 1, seconds=9)


def test_subscribe__time_is_over__ends(take: Any) -> None:
    with open_node(Teller()) as url:
        assert [event.id for event in take(url, BLOCKS + 1, late=10, seconds=10 * BLOCKS)] == ALL


@pytest.mark.parametrize(("code", "is_final"), [("too_many_requests", False), ("invalid_request", True)])
def test_subscribe__refused__asked_again_if_that_can_help(take: Any, code: str, is_final: bool) -> None:
    teller = Teller()
    problem = {"code": code, "message": "no", "details": {}}
    teller.refusals = [{"error": {"code": -1, "message": "no", "data": problem}}]
    with open_node(teller) as url:
        if is_final:
            with pytest.raises(RequestRefused) as refused:
                take(url, BLOCKS)
            assert refused.value.code == code
        else:
            assert [event.id for event in take(url, BLOCKS)] == ALL


@pytest.mark.parametrize(
    "answer", [{"result": {}}, {"result": None}, {"result": 7}, {"error": {"data": []}}, {"error": 3}]
)
def test_subscribe__odd_answer__is_no_answer(take: Any, answer: Any) -> None:
    teller = Teller()
    teller.refusals = [answer]
    with open_node(teller) as url:
        assert [event.id for event in take(url, BLOCKS)] == ALL


@contextmanager
def open_pages() -> Iterator[str]:
    """A server of pages, none of which is there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Absent) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


class Absent(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is told."""


def test_subscribe__bad_topic__refused_before_anything_is_sent() -> None:
    with pytest.raises(RequestRefused, match="topics"):
        Client("http://127.0.0.1:1").subscribe("everything")  # type: ignore[arg-type]


def test_subscribe__each_connection_brings_nothing__rests_between_them_and_ends(take: Any) -> None:
    teller = Teller()
    teller.extra = {1: [{"params": {"subscription": 1, "event": {"id": 7}}}]}
    with open_node(teller) as url, pytest.raises(StillWaiting, match="its message is none of this API"):
        take(url, 1, seconds=9)
    assert 3 <= len(teller.asked) <= 9


@pytest.mark.parametrize("id", ["0123abcd-" + "9" * 5_000, "0123abcd-x", "", "0123abcd-1-1"])
def test_subscribe__event_without_an_id__is_none(take: Any, id: str) -> None:
    teller, odd = Teller(), build_event(1)
    odd["params"]["event"]["id"] = id
    teller.extra = {1: [odd]}
    with open_node(teller) as url, pytest.raises(StillWaiting, match="no id of this API"):
        take(url, 1, seconds=9)


def test_subscribe__server_without_sockets__said_at_once(take: Any) -> None:
    with open_pages() as url, pytest.raises(EventsNotOffered, match="HTTP 404"):
        take(url, 1)


def test_subscribe__real_node_behind_a_wire_that_is_cut__each_event_once(still: Scene, take: Any) -> None:  # noqa: F811
    feed = still.history.feed
    last = feed.last_number
    for number in (1, 2, 1, 2):
        feed.tell(Topic.BLOCKS, BlockNumber(number))
        feed.tell(Topic.CHAINS, POLYGON)
    server = ApiServer(build_app(still.sources, InlineDesk(), still.limits), "127.0.0.1", 0, still.limits)
    server.start()
    try:
        with open_wire(server.port, 150, 900, 1_500) as url:
            events = take(url, 4, after=f"{feed.run}-{last}")
    finally:
        server.stop()
    assert [event.id for event in events] == [f"{feed.run}-{last + number}" for number in (1, 3, 5, 7)]
    assert [event.data.number for event in events] == [1, 2, 1, 2]


def test_pause__for_hours__never_fails() -> None:
    transport = HastyBlocking(httpx.Client(verify=False))
    patience = Patience(transport, 40_000.0)
    while run(patience.pause()):
        pass
    assert 39_990 < transport.paused <= 40_000
