"""A node whose RPC misbehaves, in process: before any chain that web3.py reaches, or before a made-up one.

Takes requests as web3.py hands them to a provider, and faults (`rpc_faults`), put down one by one or drawn from a seed;
gives what such a node gives: nothing, a late answer, an HTTP status, a page, an error, too little, too much, too old.
Never changes a chain by itself: a transaction reaches it or does not.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import requests
from eth_hash.auto import keccak
from web3 import Web3
from web3.providers import BaseProvider, JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from zklink.lab.rpc_faults import CHAIN_ID, LOGS, NAMED, URL, Chance, Kind, RangeLimit, RateLimit, RpcFault, error

PAGE_TEXT: Final = b"<html><body>Just a moment..</body></html>"
_NEWEST: Final = ("latest", "pending", "safe", "finalized")
_ABOUT_ONE: Final = {
    "eth_getTransactionReceipt": "blockNumber",
    "eth_getTransactionByHash": "blockNumber",
    "eth_getBlockByHash": "number",
}
"""Methods that name one thing by its hash, and where the answer says its block."""
_STATE_AT: Final = {
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_feeHistory": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_getStorageAt": 2,
}
"""Methods that read a block's state, and the place of the block among their parameters."""
_BY_NUMBER: Final = (
    "eth_getBlockByNumber",
    "eth_getBlockTransactionCountByNumber",
    "eth_getTransactionByBlockNumberAndIndex",
)


class FaultyRpc(BaseProvider):
    """A provider that misbehaves; `serve` gives what the node would say. `wait` lets time pass while it hangs.

    A request meets, in this order: the faults queued for its method, those that are always there, the limit on the
    rate, the limit on a range of logs, chance.
    """

    def __init__(self, wait: Callable[[float], None] = lambda seconds: None) -> None:
        super().__init__()
        self.wait = wait
        self.faults: dict[str, list[RpcFault | str]] = {}
        self.always: dict[str, RpcFault] = {}
        self.chance: Chance | None = None
        self.range_limit = RangeLimit()
        self.rate_limit: RateLimit | None = None
        self.calls: list[str] = []
        self._since_refill = 0

    def serve(self, method: str, params: Any) -> RPCResponse:
        """The answer without a fault."""
        raise NotImplementedError

    def fail(self, method: str, *faults: RpcFault | str) -> None:
        """Queue faults of a method; each is used once. A string is "away", "lost", "blind", "hang", "page", or the text
        of an error.
        """
        self.faults.setdefault(method, []).extend(faults)

    def heal(self) -> None:
        """From now on the node behaves."""
        self.faults.clear()
        self.always.clear()
        self.chance, self.rate_limit, self.range_limit = None, None, RangeLimit()

    def refill(self) -> None:
        """Time has passed: the limit on the rate counts anew."""
        self._since_refill = 0

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        fault = self.take_fault(method, params)
        if fault is None:
            return self.serve(method, params)
        return self.misbehave(fault, method, params)

    def take_fault(self, method: str, params: Any) -> RpcFault | None:
        """What is wrong with this request; a queued fault is used up."""
        self.calls.append(method)
        self._since_refill += 1
        waiting = self.faults.get(method)
        if waiting:
            fault = waiting.pop(0)
            return fault if isinstance(fault, RpcFault) else NAMED.get(fault) or error(fault)
        if method in self.always:
            return self.always[method]
        if self.rate_limit is not None and self._since_refill > self.rate_limit.requests:
            return self.rate_limit.refusal
        if method == LOGS and self._is_too_wide(params[0]):
            return self.range_limit.refusal
        return self.chance.draw(method) if self.chance is not None else None

    def misbehave(self, fault: RpcFault, method: str, params: Any) -> RPCResponse:
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
                return JSONBaseProvider.decode_rpc_response(PAGE_TEXT)
            case Kind.STALE:
                return self._serve_stale(fault.behind, method, params)
            case Kind.WRONG_CHAIN:
                return self._serve_elsewhere(fault.evm_chain_id, method, params)
            case Kind.DROPPED:
                return _result(self._name_sent(params))
        found = self.serve(method, params)
        match fault.kind:
            case Kind.LOST:
                raise requests.ConnectionError("the answer was lost")
            case Kind.LATE_ERROR:
                return _error(fault)
        return _spoil(found, fault.kind)

    def _is_too_wide(self, query: Any) -> bool:
        if self.range_limit == RangeLimit() or query.get("blockHash") is not None:
            return False
        first, last = (self._height_of(query.get(name, "latest")) for name in ("fromBlock", "toBlock"))
        return self.range_limit.refuses(first, last)

    def _height_of(self, at: Any) -> int:
        """The number of a block that is named by a word, by its number, or by its hash in an object (EIP-1898)."""
        if isinstance(at, Mapping) and "blockHash" in at:
            found = self.serve("eth_getBlockByHash", [at["blockHash"], False]).get("result")
            return _number(found["number"]) if found else 0
        at = at["blockNumber"] if isinstance(at, Mapping) else at
        return self._head() if at in _NEWEST else _number(0 if at == "earliest" else at)

    def _head(self) -> int:
        return _number(self.serve("eth_getBlockByNumber", ["latest", False])["result"]["number"])

    def _name_sent(self, params: Any) -> str:
        return f"0x{keccak(bytes.fromhex(str(params[0]).removeprefix('0x'))).hex()}"

    def _serve_elsewhere(self, evm_chain_id: int, method: str, params: Any) -> RPCResponse:
        names = {CHAIN_ID: hex(evm_chain_id), "net_version": str(evm_chain_id)}
        return _result(names[method]) if method in names else self.serve(method, params)

    def _serve_stale(self, behind: int, method: str, params: Any) -> RPCResponse:
        """As a node says it whose head is so many blocks lower; what it takes is taken by the chain all the same."""
        head = max(0, self._head() - behind)
        if method == "eth_blockNumber":
            return _result(hex(head))
        if method == LOGS:
            found = self.serve(method, params)
            return _result([log for log in found.get("result") or () if _number(log["blockNumber"]) <= head])
        asked = [hex(head) if isinstance(at, str) and at in _NEWEST else at for at in params or ()]
        if method in _STATE_AT:
            if len(asked) == _STATE_AT[method]:
                asked.append(hex(head))
            if self._height_of(asked[_STATE_AT[method]]) > head:
                return _error(error("header not found"))
        if method in _BY_NUMBER and self._height_of(asked[0]) > head:
            return _result(None)
        found = self.serve(method, asked)
        one = found.get("result") if method in _ABOUT_ONE else None
        return _result(None) if one and _number(one[_ABOUT_ONE[method]] or 0) > head else found


class RpcProxy(FaultyRpc):
    """A misbehaving node before a real chain, which `request` asks."""

    def __init__(
        self, request: Callable[[RPCEndpoint, Any], Any], wait: Callable[[float], None] = lambda seconds: None
    ) -> None:
        super().__init__(wait)
        self._request = request

    def serve(self, method: str, params: Any) -> RPCResponse:
        found: RPCResponse = self._request(RPCEndpoint(method), params)
        return found


def put_before(w3: Web3, wait: Callable[[float], None] = lambda seconds: None) -> tuple[Web3, RpcProxy]:
    """The same chain through a node that misbehaves, and that node."""
    provider: Any = w3.provider
    proxy = RpcProxy(provider.request_func(w3, w3.middleware_onion), wait)
    through = Web3(proxy)
    through.eth.default_account = w3.eth.default_account
    return through, proxy


def _spoil(found: RPCResponse, kind: Kind) -> RPCResponse:
    logs: Iterable[Any] = found.get("result") or ()
    match kind:
        case Kind.EMPTY:
            return _result([])
        case Kind.PARTIAL:
            listed = list(logs)
            return _result(listed[: len(listed) // 2])
        case Kind.REPEATED:
            return _result([log for log in logs for _ in range(2)])
        case Kind.REMOVED:
            return _result([copy for log in logs for copy in (_remove(log), log)])
    return found


def _remove(log: Any) -> dict[str, Any]:
    return {**dict(log), "removed": True, "blockHash": f"0x{'de' * 32}"}


def _number(value: Any) -> int:
    """A quantity as nodes write it, or as web3.py has read it."""
    return value if isinstance(value, int) else int(value, 16)


def _http_error(fault: RpcFault) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response.url = fault.status, URL
    response._content = fault.text.encode()
    if fault.rest_seconds is not None:
        response.headers["Retry-After"] = f"{fault.rest_seconds:g}"
    return requests.HTTPError(f"{fault.status} error for url: {URL}", response=response)


def _result(value: Any) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def _error(fault: RpcFault) -> RPCResponse:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": fault.code, "message": fault.text}}
