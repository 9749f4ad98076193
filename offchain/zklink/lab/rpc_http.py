"""A misbehaving node under an address of its own: the same faults as in process, as bytes over HTTP on loopback.

Takes a node (`rpc_proxy.FaultyRpc`), which may stand before an anvil or before a chain in process; gives a URL for
programs that take nothing else. Never listens on another interface.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import requests
from web3.types import RPCEndpoint

from zklink.lab.chain import LocalChain
from zklink.lab.errors import FaultUnavailable, PortTaken, SpecUnusable
from zklink.lab.rpc_faults import Kind
from zklink.lab.rpc_proxy import PAGE_TEXT, FaultyRpc, RpcProxy

LOOPBACK: Final = "127.0.0.1"
MOST_PORT: Final = 65_535
_JSON: Final = "application/json"


class HttpNode:
    """A node that listens until it is closed. What hangs, hangs until then: callers need a time-out of their own."""

    def __init__(self, proxy: FaultyRpc, port: int = 0) -> None:
        self.proxy = proxy
        self.closing = threading.Event()
        if not 0 <= port <= MOST_PORT:
            raise SpecUnusable("a node over HTTP", f"its port is 0 to {MOST_PORT}, not {port}")
        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), _handler_of(self))
        except OSError as error:
            raise PortTaken(port) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def close(self) -> None:
        """Listen no more."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_http(chain: LocalChain, port: int = 0) -> HttpNode:
    """A misbehaving node before a chain; port 0 is a free one. Raises PortTaken; SpecUnusable for a port that cannot
    be; FaultUnavailable on py-evm, whose answers are not those of a node.
    """
    if chain.is_py_evm:
        raise FaultUnavailable(chain.name, "a node over HTTP", "revm, anvil or fork")
    return HttpNode(RpcProxy(lambda method, params: chain.w3.provider.make_request(RPCEndpoint(method), params)), port)


def _handler_of(node: HttpNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request; a batch is a list of them, and what is wrong with the line is wrong with all of it."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answers = [_answer(node.proxy, each) for each in (asked if isinstance(asked, list) else [asked])]
            except requests.HTTPError as error:
                assert error.response is not None
                rest = error.response.headers.get("Retry-After")
                self._send(error.response.status_code, "text/plain", error.response.content, rest)
            except _PageServed:
                self._send(200, "text/html", PAGE_TEXT)
            except requests.ReadTimeout:
                node.closing.wait()
                self.close_connection = True
            except requests.ConnectionError:
                self.close_connection = True
            else:
                body = answers if isinstance(asked, list) else answers[0]
                self._send(200, _JSON, json.dumps(body).encode())

        def _send(self, status: int, kind: str, body: bytes, rest: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if rest is not None:
                self.send_header("Retry-After", rest)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    return Handler


class _PageServed(Exception):
    pass


def _answer(proxy: FaultyRpc, asked: Any) -> dict[str, Any]:
    method, params = asked["method"], asked.get("params") or []
    fault = proxy.take_fault(method, params)
    if fault is not None and fault.kind is Kind.PAGE:
        raise _PageServed
    found = proxy.serve(method, params) if fault is None else proxy.misbehave(fault, method, params)
    return {**found, "id": asked.get("id")}
