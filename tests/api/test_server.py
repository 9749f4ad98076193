"""The server's own bounds, over the network: connections, slow and large heads, bodies that never come."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.limits import Limits
from zklink.api.server import ApiServer
from zklink.api.sockets import INTERNAL_ERROR
from zklink.history.feed import Topic
from zklink.history.memory import MemoryHistory
from zklink.protocol.errors import ServerNotStarted
from zklink.protocol.ids import ChainId

LIMITS = Limits(connections_per_caller=5, requests_at_once=3, arrive_seconds=0.5, allowance=30, allowance_per_second=1)
WAIT_SECONDS = 20.0


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """A server without a node: the table of refusals is all that it can tell."""
    sources: Any = SimpleNamespace(history=MemoryHistory(bytes(32)))
    server = ApiServer(build_app(sources, InlineDesk(), LIMITS), "127.0.0.1", 0, LIMITS)
    server.start()
    yield server
    server.stop()


def open_socket(server: ApiServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), WAIT_SECONDS)


def test_connections__one_more_than_allowed__is_closed_and_the_others_go_on(server: ApiServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/v1/errors").status_code == 200
        others = [open_socket(server) for _ in range(LIMITS.connections_per_caller)]
        with pytest.raises((ConnectionError, AssertionError)):
            assert others[-1].recv(1)
        assert client.get("/v1/errors").status_code == 200
        for other in others:
            other.close()


def test_sockets__opened_and_closed_again_and_again__count_no_more(server: ApiServer) -> None:
    """A connection that becomes a WebSocket is handed to another protocol: its end has to be noticed there."""
    for _ in range(3 * LIMITS.connections_per_caller):
        with connect(f"ws://{server.host}:{server.port}/rpc", open_timeout=WAIT_SECONDS):
            pass
    assert httpx.get(f"{server.url}/v1/errors").status_code == 200


def test_socket__a_subscription_that_fails__is_closed_and_does_not_fall_silent() -> None:
    history = MemoryHistory(bytes(32))
    sources: Any = SimpleNamespace(history=history)  # nothing can be said of a chain
    server = ApiServer(build_app(sources, InlineDesk(), LIMITS), "127.0.0.1", 0, LIMITS)
    server.start()
    try:
        with connect(f"ws://{server.host}:{server.port}/rpc", open_timeout=WAIT_SECONDS) as socket:
            socket.send('{"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"topics": ["chains"]}}')
            assert "result" in socket.recv(WAIT_SECONDS)
            history.feed.tell(Topic.CHAINS, ChainId(1))
            with pytest.raises(ConnectionClosedError) as closed:
                socket.recv(WAIT_SECONDS)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == INTERNAL_ERROR
    finally:
        server.stop()


def test_streams__as_many_as_requests_at_once__leave_room_for_requests(server: ApiServer) -> None:
    streams = [open_socket(server) for _ in range(LIMITS.requests_at_once)]
    for stream in streams:
        stream.sendall(b"GET /v1/events?topics=blocks HTTP/1.1\r\nHost: a\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    assert httpx.get(f"{server.url}/v1/errors").status_code == 200
    for stream in streams:
        stream.close()


def test_head__never_comes__the_connection_is_closed(server: ApiServer) -> None:
    with open_socket(server) as slow:
        slow.sendall(b"GET /v1/errors HTTP/1.1\r\nHost: ")
        assert slow.recv(1) == b""


def test_body__never_comes__too_slow(server: ApiServer) -> None:
    with open_socket(server) as slow:
        head = "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
        slow.sendall(head.encode())
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_allowance__used_up__429_with_the_seconds_to_wait(server: ApiServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        answers = [client.get("/v1/errors") for _ in range(LIMITS.allowance + 5)]
    refused = answers[-1]
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) >= 1
    assert answers[0].status_code == 200


def test_start__port_is_taken__says_so(server: ApiServer) -> None:
    sources: Any = SimpleNamespace(history=MemoryHistory(bytes(32)))
    with pytest.raises(ServerNotStarted):
        ApiServer(build_app(sources, InlineDesk(), LIMITS), server.host, server.port, LIMITS).start()
