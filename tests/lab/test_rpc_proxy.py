"""A misbehaving node before a chain, in process and over HTTP: each fault shows in an answer, and only there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from tests.lab.revm_scenes import COUNTER, count, nonce_of, open_chain, transfer
from tests.lab.test_chains import Chains, any_chains, opened_chains  # noqa: F401  (fixtures)
from zklink.lab.chain import LocalChain
from zklink.lab.errors import FaultUnavailable, PortTaken, SpecUnusable
from zklink.lab.rpc_faults import (
    AWAY,
    EMPTY,
    HANG,
    LOGS,
    LOST,
    NULL,
    PAGE,
    PARTIAL,
    REMOVED,
    REPEATED,
    SEND,
    Chance,
    Kind,
    RangeLimit,
    RateLimit,
    RpcFault,
    error,
    http,
    late_error,
    stale,
    wrong_chain,
)
from zklink.lab.rpc_http import HttpNode, serve_http
from zklink.lab.rpc_proxy import FaultyRpc, RpcProxy

QUERY = {"address": COUNTER, "fromBlock": "0x0", "toBlock": "latest"}
BLOCKS = 4

Ask = Callable[..., dict[str, Any]]


class Scene:
    """A chain whose every block has one log, and a node before it: in process, or over HTTP."""

    def __init__(self, over_http: bool) -> None:
        self.chain, w3 = open_chain()
        for nonce in range(BLOCKS):
            self.chain.send_raw(count(self.chain, nonce))
        self.waited: list[float] = []
        self.node: FaultyRpc = RpcProxy(lambda method, params: w3.provider.make_request(method, params), self.wait)
        self.http = HttpNode(self.node) if over_http else None

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    def ask(self, method: str, *params: Any) -> Any:
        """The whole answer, or an error of the line."""
        if self.http is None:
            return self.node.make_request(RPCEndpoint(method), list(params))
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        answer = requests.post(self.http.url, json=body, timeout=(5.0, 0.1 if self.hangs else 5.0))
        answer.raise_for_status()
        return answer.json()

    hangs = False

    def result(self, method: str, *params: Any) -> Any:
        return self.ask(method, *params)["result"]


@pytest.fixture(params=["in process", "over http"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    scene = Scene(request.param == "over http")
    yield scene
    if scene.http is not None:
        scene.http.close()


def heights(logs: list[Any]) -> list[int]:
    return [int(log["blockNumber"], 16) for log in logs]


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (None, [1, 2, 3, 4]),
        (EMPTY, []),
        (PARTIAL, [1, 2]),
        (REPEATED, [1, 1, 2, 2, 3, 3, 4, 4]),
        (REMOVED, [1, 1, 2, 2, 3, 3, 4, 4]),
        (stale(3), [1]),
    ],
)
def test_logs__faults__what_such_a_node_gives(scene: Scene, fault: RpcFault | None, seen: list[int]) -> None:
    if fault is not None:
        scene.node.fail(LOGS, fault)
    logs = scene.result(LOGS, QUERY)
    assert heights(logs) == seen
    assert [log["removed"] for log in logs] == ([True, False] * 4 if fault is REMOVED else [False] * len(seen))
    assert heights(scene.result(LOGS, QUERY)) == [1, 2, 3, 4]


def test_away__the_request_does_not_arrive__lost__it_does(scene: Scene) -> None:
    scene.node.fail(SEND, AWAY, LOST)
    for raw, arrived in ((transfer(scene.chain, BLOCKS), 0), (transfer(scene.chain, BLOCKS), 1)):
        with pytest.raises(requests.ConnectionError):
            scene.ask(SEND, "0x" + raw.hex())
        assert nonce_of(scene.chain) == BLOCKS + arrived


def test_hang__the_callers_time_out_passes__nothing_arrived(scene: Scene) -> None:
    scene.node.fail(SEND, HANG)
    scene.hangs = True
    with pytest.raises(requests.ReadTimeout):
        scene.ask(SEND, "0x" + transfer(scene.chain, BLOCKS).hex())
    assert nonce_of(scene.chain) == BLOCKS


@pytest.mark.parametrize(("fault", "arrived"), [(error("no", -32603), 0), (late_error("no", -32603), 1)])
def test_error__before_and_after_the_work__same_words(scene: Scene, fault: RpcFault, arrived: int) -> None:
    scene.node.fail(SEND, fault)
    answer = scene.ask(SEND, "0x" + transfer(scene.chain, BLOCKS).hex())
    assert answer["error"] == {"code": -32603, "message": "no"}
    assert nonce_of(scene.chain) == BLOCKS + arrived


@pytest.mark.parametrize(("fault", "status", "rest"), [(http(413), 413, None), (http(429, 2.0), 429, "2")])
def test_http__status__with_its_rest(scene: Scene, fault: RpcFault, status: int, rest: str | None) -> None:
    scene.node.fail("eth_blockNumber", fault)
    with pytest.raises(requests.HTTPError) as caught:
        scene.ask("eth_blockNumber")
    assert caught.value.response is not None
    assert (caught.value.response.status_code, caught.value.response.headers.get("Retry-After")) == (status, rest)


def test_page__status_200__is_no_json(scene: Scene) -> None:
    scene.node.fail("eth_blockNumber", PAGE)
    with pytest.raises(ValueError, match="Expecting value"):
        scene.ask("eth_blockNumber")


def test_null__any_method__no_result(scene: Scene) -> None:
    scene.node.always["eth_getBlockByNumber"] = NULL
    assert scene.result("eth_getBlockByNumber", "latest", False) is None
    scene.node.heal()
    assert scene.result("eth_getBlockByNumber", "latest", False)["number"] == hex(BLOCKS)


def test_stale__head_receipts_and_state__of_two_blocks_ago(scene: Scene) -> None:
    last = scene.result("eth_getBlockByNumber", "latest", False)["transactions"][0]
    methods = ("eth_blockNumber", "eth_getBlockByNumber", "eth_getTransactionReceipt", "eth_getStorageAt")
    for method in methods:
        scene.node.always[method] = stale(2)
    assert scene.result("eth_blockNumber") == hex(BLOCKS - 2)
    assert scene.result("eth_getBlockByNumber", "latest", False)["number"] == hex(BLOCKS - 2)
    assert scene.result("eth_getTransactionReceipt", last) is None
    assert int(scene.result("eth_getStorageAt", COUNTER, "0x0", "latest"), 16) == BLOCKS - 2


def test_stale__block_that_it_has_not_seen__is_not_there_under_any_name(scene: Scene) -> None:
    newest = scene.result("eth_getBlockByNumber", "latest", False)
    call = {"to": COUNTER}
    by_hash = {"blockHash": newest["hash"]}
    nothing: list[tuple[Any, ...]] = [
        ("eth_getBlockByNumber", newest["number"], False),
        ("eth_getBlockByHash", newest["hash"], False),
        ("eth_getTransactionByHash", newest["transactions"][0]),
    ]
    refused: list[tuple[Any, ...]] = [
        ("eth_call", call, newest["number"]),
        ("eth_call", call, by_hash),
        ("eth_getBalance", COUNTER, {"blockNumber": newest["number"]}),
        ("eth_getStorageAt", COUNTER, "0x0", newest["number"]),
    ]
    for method, *params in (*nothing, *refused):
        assert scene.result(method, *params) is not None
        scene.node.fail(method, stale(1))
        answer = scene.ask(method, *params)
        if (method, *params) in nothing:
            assert answer["result"] is None
        else:
            assert answer["error"]["message"] == "header not found"


def test_stale__block_left_out__is_its_own_head(scene: Scene) -> None:
    sender = scene.result(
        "eth_getTransactionByHash", scene.result("eth_getBlockByNumber", "latest", False)["transactions"][0]
    )["from"]
    scene.node.fail("eth_getTransactionCount", stale(1))
    assert scene.result("eth_getTransactionCount", sender) == hex(BLOCKS - 1)
    seen = hex(BLOCKS - 1)
    scene.node.always["eth_getBlockByNumber"] = scene.node.always["eth_getTransactionCount"] = stale(1)
    assert scene.result("eth_getBlockByNumber", seen, False)["number"] == seen
    assert scene.result("eth_getTransactionCount", sender, "earliest") == "0x0"


def test_wrong_chain__both_ways_to_ask__the_others_id(scene: Scene) -> None:
    for method in ("eth_chainId", "net_version", "eth_blockNumber"):
        scene.node.always[method] = wrong_chain(5)
    assert [scene.result(method) for method in scene.node.always] == ["0x5", "5", hex(BLOCKS)]


@pytest.mark.parametrize("refusal", [error("query exceeds the range limit"), http(413), http(400, text="too wide")])
def test_range_limit__wide_and_dense_ranges__refused_in_each_way(scene: Scene, refusal: RpcFault) -> None:
    scene.node.range_limit = RangeLimit(3, refusal, dense=range(2, 3))

    def is_refused(first: int, last: int | str) -> bool:
        bounds = {"fromBlock": hex(first), "toBlock": last if isinstance(last, str) else hex(last)}
        try:
            return "error" in scene.ask(LOGS, {**QUERY, **bounds})
        except requests.HTTPError:
            return True

    assert [is_refused(0, "latest"), is_refused(1, 2), is_refused(2, 2), is_refused(3, 4)] == [True, True, False, False]


def test_rate_limit__spent__answers_again_when_time_has_passed(scene: Scene) -> None:
    scene.node.rate_limit = RateLimit(2, error("compute units exceeded", 429))
    said = ["error" in scene.ask("eth_blockNumber") for _ in range(4)]
    scene.node.refill()
    assert [*said, "error" in scene.ask("eth_blockNumber")] == [False, False, True, True, False]


def test_chance__same_seed__same_faults() -> None:
    methods = ["eth_call", SEND, LOGS] * 50
    first, again, other = (Chance(seed, 0.5) for seed in (1, 1, 2))
    for chance in (first, again, other):
        for method in methods:
            chance.draw(method)
    assert first.drawn == again.drawn != other.drawn
    assert {fault.kind for _, fault in first.drawn} > {Kind.LOST, Kind.AWAY, Kind.REPEATED}


# -- addresses -------------------------------------------------------------------------------------------------------


def test_serve_http__each_back_end__a_client_of_an_address_reads_the_chain(any_chains: Chains) -> None:  # noqa: F811
    chain: LocalChain = any_chains.by_name("alpha")
    if chain.is_py_evm:
        with pytest.raises(FaultUnavailable, match="alpha: a node over HTTP needs chains made of revm, anvil or fork"):
            serve_http(chain)
        return
    with serve_http(chain) as node:
        w3 = Web3(HTTPProvider(node.url, exception_retry_configuration=None))
        assert w3.eth.chain_id == 4_001
        assert w3.eth.get_block("latest")["hash"] == chain.w3.eth.get_block("latest")["hash"]
        node.proxy.fail("eth_chainId", wrong_chain(1))
        assert w3.manager.request_blocking(RPCEndpoint("eth_chainId"), []) == "0x1"


def test_serve_http__port_in_use__one_sentence() -> None:
    node = FaultyRpc()
    with HttpNode(node) as first, pytest.raises(PortTaken) as caught:
        HttpNode(node, int(first.url.rpartition(":")[2]))
    assert str(caught.value).endswith("is taken: choose another, or 0 for a free one")


@pytest.mark.parametrize("port", [-1, 65_536])
def test_serve_http__port_that_cannot_be__one_sentence(port: int) -> None:
    with pytest.raises(SpecUnusable, match=f"a node over HTTP: its port is 0 to 65535, not {port}"):
        HttpNode(FaultyRpc(), port)
