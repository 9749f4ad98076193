"""A node whose RPC misbehaves: before any chain that web3.py reaches, or before a made-up one.

Takes requests as web3.py hands them to a provider, and faults, put down one by one or drawn from a seed; gives what
such a node gives: nothing, a late answer, an HTTP status, a page, an error, too little, too much. Never changes a chain
by itself: a transaction reaches it or does not.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

import requests
from web3 import Web3
from web3.providers import BaseProvider, JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

SEND: Final = "eth_sendRawTransaction"
LOGS: Final = "eth_getLogs"
URL: Final = "http://node.invalid/v1/marked-key"
"""The address in the errors of HTTP; it carries a key, as providers' addresses do."""


class Kind(Enum):
    """What a node does with a request."""

    AWAY = auto()
    """Nobody answers; the request did not arrive."""
    LOST = auto()
    """The request is carried out, and its answer is lost."""
    HANG = auto()
    """The caller's time-out passes; the request did not arrive."""
    NULL = auto()
    ERROR = auto()
    """A JSON-RPC error; the request is not carried out."""
    LATE_ERROR = auto()
    """A JSON-RPC error, though the request is carried out."""
    HTTP = auto()
    PAGE = auto()
    """A page of HTML with status 200."""
    EMPTY = auto()
    """No logs, whatever there is."""
    REPEATED = auto()
    """Each log twice."""
    REMOVED = auto()
    """Beside each log one of a block that a reorganisation took away."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour. `text` is the error's; `rest_seconds` the Retry-After of an HTTP answer; `seconds` what passes
    until the caller gives up.
    """

    kind: Kind
    text: str = ""
    code: int = -32000
    status: int = 500
    rest_seconds: float | None = None
    seconds: float = 10.0


AWAY: Final = Fault(Kind.AWAY)
LOST: Final = Fault(Kind.LOST)
HANG: Final = Fault(Kind.HANG)
NULL: Final = Fault(Kind.NULL)
PAGE: Final = Fault(Kind.PAGE)
EMPTY: Final = Fault(Kind.EMPTY)
REPEATED: Final = Fault(Kind.REPEATED)
REMOVED: Final = Fault(Kind.REMOVED)
_NAMED: Final = {"away": AWAY, "lost": LOST, "blind": NULL, "hang": HANG, "page": PAGE}


def error(text: str, code: int = -32000) -> Fault:
    """The node answers with an error, and does nothing."""
    return Fault(Kind.ERROR, text, code)


def late_error(text: str, code: int = -32000) -> Fault:
    """The node does its work and answers with an error."""
    return Fault(Kind.LATE_ERROR, text, code)


def http(status: int, rest_seconds: float | None = None, text: str = "") -> Fault:
    """The node's HTTP server refuses."""
    return Fault(Kind.HTTP, text, status=status, rest_seconds=rest_seconds)


class FaultyRpc(BaseProvider):
    """A provider that misbehaves; `serve` gives what the node would say. `wait` lets time pass while it hangs."""

    def __init__(self, wait: Callable[[float], None] = lambda seconds: None) -> None:
        super().__init__()
        self.wait = wait
        self.faults: dict[str, list[Fault | str]] = {}
        self.always: dict[str, Fault] = {}
        self.chance: Chance | None = None
        self.calls: list[str] = []

    def serve(self, method: str, params: Any) -> RPCResponse:
        """The answer without a fault."""
        raise NotImplementedError

    def fail(self, method: str, *faults: Fault | str) -> None:
        """Queue faults of a method; each is used once. A string is "away", "lost", "blind", "hang", "page", or the text
        of an error.
        """
        self.faults.setdefault(method, []).extend(faults)

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        self.calls.append(method)
        fault = self._next(method)
        if fault is None:
            return self.serve(method, params)
        return self.misbehave(fault, method, params)

    def _next(self, method: str) -> Fault | None:
        waiting = self.faults.get(method)
        if waiting:
            fault = waiting.pop(0)
            return fault if isinstance(fault, Fault) else _NAMED.get(fault) or error(fault)
        if method in self.always:
            return self.always[method]
        return self.chance.draw(method) if self.chance is not None else None

    def misbehave(self, fault: Fault, method: str, params: Any) -> RPCResponse:
        """What the node gives with this fault."""
        match fault.kind:
            case Kind.AWAY:
                raise requests.ConnectionError(f"no route to the node {URL}")
            case Kind.HANG:
                self.wait(fault.seconds)
                raise requests.ReadTimeout(f"{URL}: read timed out")
            case Kind.NULL:
                return _result(None)
            case Kind.ERROR:
                return _error(fault)
            case Kind.HTTP:
                raise _http_error(fault)
            case Kind.PAGE:
                return JSONBaseProvider.decode_rpc_response(b"<html><body>Just a moment..</body></html>")
        found = self.serve(method, params)
        match fault.kind:
            case Kind.LOST:
                raise requests.ConnectionError("the answer was lost")
            case Kind.LATE_ERROR:
                return _error(fault)
        return _spoil(found, fault.kind)


class RpcProxy(FaultyRpc):
    """A misbehaving node before a real chain."""

    def __init__(self, w3: Web3, wait: Callable[[float], None] = lambda seconds: None) -> None:
        super().__init__(wait)
        provider: Any = w3.provider
        self._request = provider.request_func(w3, w3.middleware_onion)

    def serve(self, method: str, params: Any) -> RPCResponse:
        found: RPCResponse = self._request(RPCEndpoint(method), params)
        return found


def put_before(w3: Web3, wait: Callable[[float], None] = lambda seconds: None) -> tuple[Web3, RpcProxy]:
    """The same chain through a node that misbehaves, and that node."""
    proxy = RpcProxy(w3, wait)
    through = Web3(proxy)
    through.eth.default_account = w3.eth.default_account
    return through, proxy


READ_FAULTS: Final = (
    AWAY,
    NULL,
    PAGE,
    HANG,
    error("internal error", -32603),
    error("transaction indexing is in progress"),
    error("cannot query unfinalized data"),
    error("your app has exceeded its compute units per second capacity", 429),
    http(500),
    http(503),
    http(429, rest_seconds=2.0),
)
SEND_FAULTS: Final = (AWAY, LOST, HANG, late_error("internal error"), error("internal error"), http(502), NULL)
LOG_FAULTS: Final = (*READ_FAULTS, REPEATED, REMOVED, http(413), error("query returned more than 10000 results"))


@dataclass
class Chance:
    """Faults by chance: the same seed gives the same ones for the same requests. `rate` is the share of requests that
    fail, `rates` that of single methods; `menus` are the faults of a method, and those of every other one stand under
    "".
    """

    seed: int
    rate: float
    menus: Mapping[str, Sequence[Fault]] = field(
        default_factory=lambda: {"": READ_FAULTS, SEND: SEND_FAULTS, LOGS: LOG_FAULTS}
    )
    rates: Mapping[str, float] = field(default_factory=dict)
    drawn: list[tuple[str, Fault]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self, method: str) -> Fault | None:
        """A fault for this request, or none."""
        if self._random.random() >= self.rates.get(method, self.rate):
            return None
        fault = self._random.choice(self.menus.get(method, self.menus[""]))
        self.drawn.append((method, fault))
        return fault


def _spoil(found: RPCResponse, kind: Kind) -> RPCResponse:
    logs: Iterable[Any] = found.get("result") or ()
    match kind:
        case Kind.EMPTY:
            return _result([])
        case Kind.REPEATED:
            return _result([log for log in logs for _ in range(2)])
        case Kind.REMOVED:
            return _result([copy for log in logs for copy in (_remove(log), log)])
    return found


def _remove(log: Any) -> dict[str, Any]:
    return {**dict(log), "removed": True, "blockHash": f"0x{'de' * 32}"}


def _http_error(fault: Fault) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response.url = fault.status, URL
    response._content = fault.text.encode()
    if fault.rest_seconds is not None:
        response.headers["Retry-After"] = f"{fault.rest_seconds:g}"
    return requests.HTTPError(f"{fault.status} error for url: {URL}", response=response)


def _result(value: Any) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def _error(fault: Fault) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": fault.code, "message": fault.text}}
