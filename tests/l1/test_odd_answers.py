"""An answer that no chain can have given is none: one node of several that gives it changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.l1.fake_node import FakeNode
from tests.l1.test_node_pool import CALL, SENDER, TARGET, Nodes
from zklink.l1.transport.answers import check_answer, find_height, read_quantity, spell
from zklink.l1.transport.client import ChainClient
from zklink.lab.rpc_faults import EMPTY, REPEATED, http
from zklink.protocol.errors import CallReverted, RpcUnavailable

WORD = "0x" + "ab" * 32
HEIGHT = 20


def block(number: object = HEIGHT, **changes: object) -> dict[str, object]:
    number = hex(number) if isinstance(number, int) else number
    return {"number": number, "hash": WORD, "parentHash": WORD, "timestamp": "0x1"} | changes


def log(**changes: object) -> dict[str, object]:
    places = {"blockNumber": "0x5", "blockHash": WORD, "transactionHash": WORD, "logIndex": "0x0"}
    return places | {"address": TARGET, "topics": [], "data": "0x"} | changes


ODD_HEADS: list[Any] = [
    *([], "0x14", 20, True, {}, {"number": "0x14"}, [block()]),
    *(block("14"), block("0xzz"), block("latest"), block(None), block("0x"), block("-0x1"), block("0x" + "f" * 80)),
    *(block(hash=None), block(hash="0x12"), block(hash=[WORD]), block(timestamp=None), block(timestamp="soon")),
    block(parentHash={"a": 1}),
]
ODD_LOGS: list[Any] = [
    *({}, "0x", 7, True, [None], [7], ["log"], [[]], [{}]),
    *([log(topics=None)], [log(topics=["0x12"])], [log(topics="0x")], [log(topics=[None])], [log(data="0x1")]),
    *([log(logIndex=None)], [log(logIndex=[])], [log(blockNumber="five")], [log(blockHash="0x")], [log(address=None)]),
    *([log(blockNumber="0x0")], [log(blockNumber="0x50")], [log(address="0x" + "11" * 20)], [log(transactionHash=0)]),
]
READS: dict[str, Callable[[ChainClient], object]] = {
    "eth_getBlockByNumber": lambda client: client.head().number,
    "eth_getLogs": lambda client: [entry.block_number for entry in client.logs(TARGET, 1, HEIGHT)],
}
RIGHT: dict[str, object] = {"eth_getBlockByNumber": HEIGHT, "eth_getLogs": list(range(1, HEIGHT + 1))}
ODD = [("eth_getBlockByNumber", odd) for odd in ODD_HEADS] + [("eth_getLogs", odd) for odd in ODD_LOGS]


def answer(node: FakeNode, method: str, result: object) -> None:
    """From now on the node gives this result."""
    node.bend = lambda asked, right: {"jsonrpc": "2.0", "id": 1, "result": result} if asked == method else right


def nodes_of(count: int, quorum: int) -> Nodes:
    nodes = Nodes(count, quorum)
    for node in nodes.members:
        node.empty_blocks = HEIGHT
    return nodes


@pytest.mark.parametrize(("method", "odd"), ODD, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("liar", [0, 1, 2])
def test_quorum__one_node_answers_oddly__the_others_agree(method: str, odd: Any, liar: int) -> None:
    nodes = nodes_of(3, quorum=2)
    answer(nodes.members[liar], method, odd)
    assert READS[method](nodes.client) == RIGHT[method]
    assert nodes.now == 0


@pytest.mark.parametrize(("method", "odd"), ODD, ids=lambda value: str(value)[:40])
def test_read__the_first_node_answers_oddly__the_second_is_asked_at_once(method: str, odd: Any) -> None:
    nodes = nodes_of(2, quorum=1)
    answer(nodes.members[0], method, odd)
    assert READS[method](nodes.client) == RIGHT[method]
    assert nodes.now == 0


@pytest.mark.parametrize(("method", "odd"), ODD, ids=lambda value: str(value)[:40])
def test_quorum__all_nodes_answer_oddly__typed(method: str, odd: Any) -> None:
    nodes = nodes_of(3, quorum=2)
    for node in nodes.members:
        answer(node, method, odd)
    with pytest.raises(RpcUnavailable):
        READS[method](nodes.client)


@pytest.mark.parametrize("field", ["number", "timestamp", "parentHash"])
def test_quorum__one_node_bends_a_head_and_keeps_its_hash__is_not_believed(field: str) -> None:
    nodes = nodes_of(3, quorum=2)
    right = nodes.client.head()
    bent = block(hash=f"0x{HEIGHT:064x}", parentHash=f"0x{HEIGHT - 1:064x}", timestamp="0x0", baseFeePerGas="0x64")
    answer(nodes.members[1], "eth_getBlockByNumber", bent | {field: WORD if field == "parentHash" else "0x13"})
    assert nodes.client.head() == right


@pytest.mark.parametrize("field", ["blockNumber", "transactionHash", "data"])
def test_quorum__one_node_bends_a_log__is_not_believed(field: str) -> None:
    nodes = nodes_of(3, quorum=2)
    right = nodes.client.logs(TARGET, 5, 5)
    bent = log(blockHash=f"0x{5:064x}", transactionHash=f"0x{5:064x}")
    answer(nodes.members[1], "eth_getLogs", [bent | {field: {"blockNumber": "0x5", "data": "0xff"}.get(field, WORD)}])
    assert nodes.client.logs(TARGET, 5, 5) == right


def test_quorum__error_null_beside_the_result__is_a_result() -> None:
    nodes = nodes_of(2, quorum=2)
    for node in nodes.members:
        node.bend = lambda method, answer: {"result": answer["result"], "error": None}
    assert nodes.client.head().number == HEIGHT


@pytest.mark.parametrize("error", ["odd", {"message": "odd"}, {"code": "x"}, {"message": ["odd"], "code": None}, {}])
def test_read__the_first_node_gives_an_error_of_no_form__the_second_is_asked_at_once(error: object) -> None:
    nodes = nodes_of(2, quorum=1)
    nodes.members[0].bend = lambda method, answer: {"error": error} if method == "eth_getBalance" else answer
    assert nodes.client.balance(TARGET) == 10**20
    assert nodes.now == 0


def test_quorum__nodes_word_a_revert_differently__it_is_one_revert() -> None:
    nodes = nodes_of(2, quorum=2)
    for node in nodes.members:
        node.reverts = "bridge: not open"

    def reword(method: str, found: Any) -> Any:
        return {"error": {**found["error"], "message": "VM execution error."}} if "error" in found else found

    nodes.members[1].bend = reword
    with pytest.raises(CallReverted, match="not open"):
        nodes.client.call(TARGET, b"", "view")


REVERT = '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: bridge: not open"%s}}'
DATA = ',"data":"0x08c379a0' + f"{32:064x}{4:064x}" + b"shut".hex().ljust(64, "0") + '"'


@pytest.mark.parametrize(("data", "said"), [("", "bridge: not open"), (DATA, "shut")])
@pytest.mark.parametrize("status", [400, 500])
def test_call__revert_in_the_body_of_an_http_error__is_a_revert(status: int, data: str, said: str) -> None:
    node = FakeNode()
    node.always["eth_call"] = node.always["eth_estimateGas"] = http(status, text=REVERT % data)
    for ask in (
        lambda: node.client().call(TARGET, b"", "view"),
        lambda: node.client().estimate_gas(SENDER.address, CALL),
    ):
        with pytest.raises(CallReverted) as caught:
            ask()
        assert caught.value.reason == said
    assert (node.calls.count("eth_call"), node.calls.count("eth_estimateGas")) == (1, 1)


def test_quorum__revert_in_the_body_of_an_http_error__counts_as_the_same_revert() -> None:
    nodes = nodes_of(2, quorum=2)
    nodes.members[0].always["eth_call"] = http(400, text=REVERT % DATA)
    nodes.members[1].reverts = "shut"
    with pytest.raises(CallReverted, match="shut"):
        nodes.client.call(TARGET, b"", "view")


def test_quorum__one_node_hides_code__the_others_are_believed() -> None:
    nodes = nodes_of(3, quorum=2)
    answer(nodes.members[0], "eth_getCode", "0x")
    assert nodes.client.code(TARGET) == b"\x60"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=70) | st.just(WORD) | st.just("0x5"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*block(), *log(), "result", "error", "removed"]), inner)
    ),
    max_leaves=12,
)
QUESTIONS: dict[str, list[Any]] = {
    "eth_getBlockByNumber": ["latest", False],
    "eth_getLogs": [{"address": [TARGET], "fromBlock": "0x1", "toBlock": "0x14"}],
    "eth_call": [{}, "latest"],
    "eth_getTransactionReceipt": [WORD],
    "eth_getBalance": [TARGET, "latest"],
}


@given(st.sampled_from(sorted(QUESTIONS)), JSON, st.sampled_from(["bare", "result", "error"]))
def test_check_answer__any_json__is_refused_or_can_be_read(method: str, value: Any, place: str) -> None:
    found = value if place == "bare" else {place: value}
    try:
        check_answer(method, QUESTIONS[method], found)
    except ValueError:
        return
    assert isinstance(spell(method, found), str)


@pytest.mark.parametrize("fault", [EMPTY, REPEATED])
def test_quorum__repeated_logs__are_the_same_and_missing_ones_are_not(fault: Any) -> None:
    nodes = nodes_of(2, quorum=2)
    nodes.members[0].always["eth_getLogs"] = fault
    if fault is EMPTY:
        with pytest.raises(RpcUnavailable):
            nodes.client.logs(TARGET, 1, HEIGHT)
    else:
        assert nodes.client.logs(TARGET, 1, HEIGHT)


def test_find_height__hash_or_word__names_no_height() -> None:
    assert find_height("eth_call", [{}, WORD]) == find_height("eth_call", [{}, "latest"]) == -1
    assert find_height("eth_call", [{}, "0x10"]) == find_height("eth_getLogs", [{"toBlock": 16}]) == 16
    assert read_quantity("0x10") == 16
