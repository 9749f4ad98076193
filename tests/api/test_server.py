"""The server's own bounds, over the network: connections, slow and large heads, bodies that never come."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.limits import Limits
from zklink.api.server import ApiServer
from zklink.history.memory import MemoryHistory
from zklink.protocol.errors import ServerNotStarted

LIMITS = Limits(connections_per_caller=5, arrive_seconds=0.5, allowance=30, allowance_per_second=1)
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
