"""What providers say beside answers: every failure of a read is asked again and then typed; one layer of retries."""

from dataclasses import replace
from typing import Any

import pytest
import requests
from web3 import HTTPProvider, Web3

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from zklink.devnet.roles import default_roles
from zklink.l1.transport.client import Call, ChainClient
from zklink.l1.transport.ranges import RangePolicy, Ranges
from zklink.l1.transport.rpc import RetryPolicy
from zklink.lab.rpc_faults import AWAY, HANG, NULL, PAGE, READ_FAULTS, RangeLimit, RpcFault, error, http
from zklink.protocol.errors import L1Error, RpcRefused, RpcUnavailable

TARGET = default_roles().stranger.address
SENDER = default_roles().sequencer
ODD_ANSWERS = [
    *READ_FAULTS,
    error("", 0),
    error("запрос отклонён"),
    http(520),
    http(200, text="<html>"),
]
READS = {
    "eth_getBlockByNumber": lambda client: client.head().number,
    "eth_getTransactionCount": lambda client: client.nonce(TARGET),
    "eth_getBalance": lambda client: client.balance(TARGET),
    "eth_getCode": lambda client: client.code(TARGET),
    "eth_getLogs": lambda client: client.logs(TARGET, 1, 3),
    "eth_chainId": lambda client: client.check_chain_id(),
    "eth_call": lambda client: client.try_call(TARGET, Call(TARGET, b"", "view"), 0, 21_000),
    "eth_estimateGas": lambda client: client.estimate_gas(SENDER.address, Call(TARGET, b"", "view")),
}


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize("fault", ODD_ANSWERS, ids=lambda fault: f"{fault.kind.name}-{fault.text or fault.status}")
def test_read__one_odd_answer__is_asked_again(node: FakeNode, method: str, fault: RpcFault) -> None:
    node.fail(method, fault)
    READS[method](node.client())
    assert node.calls.count(method) >= 2


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize("fault", ODD_ANSWERS, ids=lambda fault: f"{fault.kind.name}-{fault.text or fault.status}")
def test_read__odd_answers_for_ever__a_typed_error_within_the_budget(
    node: FakeNode, method: str, fault: RpcFault
) -> None:
    node.always[method] = fault
    with pytest.raises(L1Error) as caught:
        READS[method](node.client())
    assert isinstance(caught.value, RpcUnavailable)
    assert node.calls.count(method) <= POLICY.retry.attempts
    assert node.now <= POLICY.retry.budget_seconds + fault.seconds


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_read__the_caller_is_refused__asked_once_and_the_key_is_named(node: FakeNode, status: int) -> None:
    node.always["eth_getBlockByNumber"] = http(status)
    with pytest.raises(RpcRefused, match=rf"{status}.*key"):
        node.client().head()
    assert (len(node.calls), node.now) == (1, 0)


def test_read__method_missing__asked_once(node: FakeNode) -> None:
    node.always["eth_chainId"] = error("the method eth_chainId does not exist/is not available", -32601)
    with pytest.raises(RpcRefused):
        node.client().check_chain_id()
    assert len(node.calls) == 1


def test_read__too_many_requests__the_node_is_left_alone_as_long_as_it_asks(node: FakeNode) -> None:
    asked: list[float] = []
    node.fail("eth_getBlockByNumber", http(429, rest_seconds=30.0))
    client = node.client()
    node.on_tick = lambda node: asked.append(node.now)
    client.head()
    assert node.calls.count("eth_getBlockByNumber") == 2
    assert sum(asked) == node.now == 30.0


def test_read__rest_longer_than_the_budget__said_at_once_and_remembered(node: FakeNode) -> None:
    node.fail("eth_getBlockByNumber", http(429, rest_seconds=3600))
    client = node.client()
    for _ in range(5):
        with pytest.raises(RpcUnavailable, match="left alone for"):
            client.head()
    assert node.calls.count("eth_getBlockByNumber") == 1
    node.now += 3600
    assert client.head().number == 0


def test_read__hung_node__no_more_time_outs_than_the_budget_holds(node: FakeNode) -> None:
    node.always["eth_getBlockByNumber"] = HANG
    patient = replace(POLICY, retry=RetryPolicy())
    client = ChainClient(PROFILE, Web3(node), patient, sleep=node.tick, clock=lambda: node.now)
    with pytest.raises(RpcUnavailable):
        client.head()
    assert len(node.calls) <= 6
    assert node.now <= patient.retry.budget_seconds + HANG.seconds


class _Session(requests.Session):
    """A session whose server never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[object] = []

    def post(self, url: Any, *arguments: Any, **keywords: Any) -> requests.Response:
        self.timeouts.append(keywords["timeout"])
        raise requests.ReadTimeout("read timed out")


@pytest.mark.parametrize(("given", "used"), [({}, 10.0), ({"timeout": 3}, 3)])
def test_read__over_http__web3s_own_retries_are_off_and_every_request_has_a_time_out(
    given: dict[str, Any], used: float
) -> None:
    session = _Session()
    w3 = Web3(HTTPProvider("http://node.invalid", request_kwargs=given, session=session))
    with pytest.raises(RpcUnavailable):
        ChainClient(PROFILE, w3, sleep=lambda seconds: None).head()
    assert session.timeouts == [used] * RetryPolicy().attempts


@pytest.mark.parametrize(
    "refusal", [http(413), error("query exceeds the range limit"), error("block range is too wide")]
)
def test_logs__limit_on_the_range__learned_once(node: FakeNode, refusal: RpcFault) -> None:
    node.range_limit, node.log_step = RangeLimit(1_000, refusal), 100
    client = node.client()
    assert len(client.logs(TARGET, 1, 20_000)) == 200
    first = node.calls.count("eth_getLogs")
    assert first <= 30
    for _ in range(10):
        client.logs(TARGET, 1, 20_000)
    assert node.calls.count("eth_getLogs") - first <= 10 * 24
    assert node.now == 0


def test_logs__one_dense_range__the_pieces_grow_again(node: FakeNode) -> None:
    node.range_limit, node.log_step = RangeLimit(dense=range(5_000, 5_010)), 100
    logs = node.client().logs(TARGET, 1, 40_000)
    assert [log.block_number for log in logs] == list(range(100, 40_001, 100))
    assert node.calls.count("eth_getLogs") <= 120


def test_logs__one_block_called_too_large_once__is_asked_again(node: FakeNode) -> None:
    node.fail("eth_getLogs", http(413))
    assert [log.block_number for log in node.client().logs(TARGET, 7, 7)] == [7]


@pytest.mark.parametrize("fault", [AWAY, HANG, NULL, PAGE, http(500), http(504), error("internal error")])
def test_logs__a_hiccup_or_two__all_logs_once(node: FakeNode, fault: RpcFault) -> None:
    node.fail("eth_getLogs", fault, fault)
    node.log_step = 50
    logs = node.client().logs(TARGET, 1, 5_000)
    assert [log.block_number for log in logs] == list(range(50, 5_001, 50))
    assert node.calls.count("eth_getLogs") <= 12


def test_logs__node_is_gone__as_many_attempts_as_any_question(node: FakeNode) -> None:
    node.always["eth_getLogs"] = HANG
    with pytest.raises(RpcUnavailable):
        node.client().logs(TARGET, 1, 100_000)
    assert len(node.calls) == POLICY.retry.attempts


@pytest.mark.parametrize("limit", [1, 3, 64, 999, 2_000, 5_000])
def test_ranges__any_limit__every_block_once_and_few_refusals(limit: int) -> None:
    ranges, refusals, asked = Ranges(RangePolicy()), 0, 0

    def ask(request: Any, shrink: Any) -> Any:
        nonlocal refusals, asked
        while True:
            try:
                asked += 1
                return request()
            except OverflowError:
                refusals += 1
                assert shrink()

    def question(first: int, last: int) -> list[int]:
        if last - first + 1 > limit:
            raise OverflowError
        return list(range(first, last + 1))

    assert ranges.read(0, 9_999, question, ask) == list(range(10_000))
    assert refusals <= 32
