"""Subscriptions over WebSocket, and streams of events: told in order, filtered, caught up, and bounded."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from tests.api.scene import Scene
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.api.events import MARK_EVERY, Hub, Subscriber
from zklink.devnet.tokens import USDC
from zklink.history.feed import Topic
from zklink.protocol.ids import BlockNumber, RequestId
from zklink.schema.api.events import SubscribeRequest

USD = 10**6


def ask(socket: WebSocketTestSession, method: str, params: Any) -> Any:
    socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return socket.receive_json()


def next_event(socket: WebSocketTestSession) -> Any:
    message = socket.receive_json()
    assert message["method"] == "event"
    return message["params"]["event"]


def test_subscribe__transfers_of_a_transaction__its_states_up_to_arrived(scene: Scene) -> None:
    other = scene.pipeline.swap(POLYGON, USDC, 20 * USD, (BSC, USDC))
    key = scene.pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    tx_hash = scene.tx_hash(key)
    assert tx_hash != scene.tx_hash(other)
    with scene.client.websocket_connect("/rpc") as socket:
        answer = ask(socket, "subscribe", {"topics": ["transfers"], "tx_hash": tx_hash})
        assert answer["result"] == {"subscription": 1, "last": f"0123abcd-{scene.history.feed.last_number}"}
        scene.read()
        scene.follow(tx_hash, "arrived")
        states: list[str] = []
        while states[-1:] != ["arrived"]:
            event = next_event(socket)
            assert (event["topic"], event["data"]["tx_hash"]) == ("transfers", tx_hash)
            states.append(event["data"]["state"])
        assert ask(socket, "unsubscribe", {"subscription": 1})["result"] == {"was_there": True}
        assert ask(socket, "unsubscribe", [1])["result"] == {"was_there": False}


def test_subscribe__blocks_and_chains__what_the_methods_show(scene: Scene) -> None:
    with scene.client.websocket_connect("/rpc") as socket:
        ask(socket, "subscribe", {"topics": ["blocks", "chains"]})
        scene.pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
        scene.pipeline.finish(1)
        events = [next_event(socket) for _ in range(4)]
        block = next(event for event in events if event["topic"] == "blocks")
        shown = scene.get(f"/v1/blocks/{block['data']['number']}")
        assert {
            name: block["data"][name] for name in ("lane", "commitment", "root", "requests")
        }.items() <= shown.items()
        assert block["id"].startswith("0123abcd-")


def test_subscribe__after_an_event__what_came_since_comes_first(scene: Scene) -> None:
    feed = scene.history.feed
    last = feed._kept[-1].number
    feed.tell(Topic.BLOCKS, BlockNumber(1))
    feed.tell(Topic.BLOCKS, BlockNumber(2))
    with scene.client.websocket_connect("/rpc") as socket:
        ask(socket, "subscribe", {"topics": ["blocks"], "after": f"0123abcd-{last + 1}"})
        assert next_event(socket)["data"]["number"] == 2
    for unknown in (f"ffffffff-{last}", f"0123abcd-{last + 9}"):
        with scene.client.websocket_connect("/rpc") as socket:
            ask(socket, "subscribe", {"topics": ["blocks"], "after": unknown})
            assert next_event(socket)["topic"] == "reset"


def test_subscribe__slower_than_the_events__told_that_some_are_lost(scene: Scene) -> None:
    feed, waiting = scene.history.feed, scene.limits.events_waiting
    first = feed._kept[-1].number
    for _ in range(waiting + 10):
        feed.tell(Topic.BLOCKS, BlockNumber(1))
    with scene.client.websocket_connect("/rpc") as socket:
        ask(socket, "subscribe", {"topics": ["blocks"], "after": f"0123abcd-{first}"})
        assert next_event(socket)["topic"] == "reset"
        assert next_event(socket)["topic"] == "blocks"


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"topics": []},
        {"topics": ["everything"]},
        {"topics": ["blocks"], "after": "yesterday"},
        {"topics": ["transfers"], "tx_hash": "0x1"},
        {"topics": ["blocks"], "speed": 1},
    ],
)
def test_subscribe__bad_fields__invalid_request(still: Scene, params: Any) -> None:
    with still.client.websocket_connect("/rpc") as socket:
        assert ask(socket, "subscribe", params)["error"]["data"]["code"] == "invalid_request"


def test_sockets__more_than_allowed__refused_and_free_again_when_others_leave(still: Scene) -> None:
    limits = still.limits
    with still.client.websocket_connect("/rpc") as socket:
        for number in range(1, limits.subscriptions + 1):
            assert ask(socket, "subscribe", {"topics": ["chains"]})["result"]["subscription"] == number
        refused = ask(socket, "subscribe", {"topics": ["chains"]})
        assert refused["error"]["data"]["code"] == "too_many_connections"
        sockets = [still.client.websocket_connect("/rpc") for _ in range(limits.sockets_per_caller)]
        for other in sockets[1:]:
            other.__enter__()
        with pytest.raises(WebSocketDisconnect) as closed, sockets[0]:
            sockets[0].receive_json()
        assert closed.value.code == 1013
        for other in sockets[1:]:
            other.__exit__(None, None, None)
    with still.client.websocket_connect("/rpc") as socket:
        assert "result" in ask(socket, "chains", {})


def test_event_stream__bad_queries__refused_as_json(still: Scene) -> None:
    assert still.refuse("/v1/events") == (400, "invalid_request")
    assert still.refuse("/v1/events", topics="blocks,nonsense") == (400, "invalid_request")
    assert still.client.post("/v1/events").status_code == 405


def test_event_stream__missed_events__come_first_with_their_ids(scene: Scene) -> None:
    feed = scene.history.feed
    first = feed._kept[-1].number
    for number in (1, 2):
        feed.tell(Topic.BLOCKS, BlockNumber(number))
    lines = scene.stream("/v1/events?topics=blocks", {"Last-Event-ID": f"0123abcd-{first}"}, 2)
    assert [line for line in lines if line.startswith(("id", "event"))] == [
        f"id: 0123abcd-{first}",
        f"id: 0123abcd-{first + 1}",
        "event: blocks",
        f"id: 0123abcd-{first + 2}",
        "event: blocks",
    ]
    shown = [json.loads(line[6:])["data"]["number"] for line in lines if line.startswith("data: ")]
    assert shown == [1, 2]


def test_hub__notice_is_handed_over_after_it_was_caught_up__comes_once(scene: Scene) -> None:
    feed, hub = scene.history.feed, Hub(scene.sources)
    last = feed.last_number
    feed.tell(Topic.BLOCKS, BlockNumber(1))
    subscriber = Subscriber(scene.sources, SubscribeRequest(topics=["blocks"], after=f"0123abcd-{last}"), 10)
    assert hub.join(subscriber) == f"0123abcd-{last}"
    for notice in feed.since(last) or ():  # the loop's turn comes later than the feed's
        hub._spread(notice)
    feed.tell(Topic.BLOCKS, BlockNumber(2))
    hub._spread((feed.since(last + 1) or [])[0])
    assert asyncio.run(take(subscriber, 2)) == [f"0123abcd-{last + 1}", f"0123abcd-{last + 2}"]


def test_hub__nothing_has_come_yet__a_place_to_come_back_to_before_what_is_handed_over(scene: Scene) -> None:
    feed, hub = scene.history.feed, Hub(scene.sources)
    loop = asyncio.new_event_loop()
    hub.start(loop)
    last = feed.last_number
    feed.tell(Topic.BLOCKS, BlockNumber(1))  # kept, and not handed over yet
    assert hub.join(Subscriber(scene.sources, SubscribeRequest(topics=["blocks"]), 10)) == f"0123abcd-{last}"
    hub.stop()
    loop.close()


@pytest.mark.parametrize("request_", [{"topics": ["chains"]}, {"topics": ["transfers"], "tx_hash": "0x" + "ab" * 32}])
def test_subscriber__many_notices_that_it_does_not_take__marks_how_far_it_is(scene: Scene, request_: Any) -> None:
    feed, hub = scene.history.feed, Hub(scene.sources)
    subscriber = Subscriber(scene.sources, msgspec.convert(request_, SubscribeRequest), 2 * MARK_EVERY)
    hub.join(subscriber)
    (topic,) = request_["topics"]
    for _ in range(2 * MARK_EVERY - 1):
        feed.tell(Topic.TRANSFERS, (POLYGON, RequestId(1)))
    first = (feed.since(0) or [])[-(2 * MARK_EVERY - 1)].number
    subscriber.begin(first - 1)
    for notice in feed.since(first - 1) or ():
        subscriber.put(notice)
    assert topic and asyncio.run(take(subscriber, 1)) == [f"0123abcd-{first - 1 + MARK_EVERY}"]


async def take(subscriber: Subscriber, count: int) -> list[str]:
    """The ids of the first events; nothing else waits."""
    events, ids = subscriber.events(), []
    for _ in range(count):
        ids.append((await anext(events)).id)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(anext(events), 0)
    return ids
