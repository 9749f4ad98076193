"""The doors agree: each method answers the same over REST, JSON-RPC and WebSocket, and refuses with the same code."""

from typing import Any

import pytest

from tests.api.scene import Scene
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.api.answers import ANSWERS
from zklink.devnet.tokens import BTC, USDC
from zklink.protocol.errors import DatabaseFailed
from zklink.schema.api.methods import BY_NAME, METHODS
from zklink.schema.api.openapi import build_openapi
from zklink.schema.api.openrpc import build_openrpc
from zklink.schema.api.refusals import REFUSALS

QUOTE = {"source": POLYGON, "token_in": USDC, "amount": "1000000", "destination": BSC, "token_out": BTC}


def code(answer: Any) -> str:
    """The code of a refusal of JSON-RPC, whose number must be the table's."""
    error = answer["error"]
    assert error["code"] == REFUSALS[error["data"]["code"]].number
    return str(error["data"]["code"])


def test_table__every_method__has_an_answer_and_documented_refusals() -> None:
    assert ANSWERS.keys() == BY_NAME.keys()
    assert len({(method.verb, method.path) for method in METHODS}) == len(METHODS)
    assert {name for method in METHODS for name in method.all_refusals} <= REFUSALS.keys()
    names = {method["name"] for method in build_openrpc()["methods"]}
    assert names == BY_NAME.keys() | {"subscribe", "unsubscribe"}
    operations = {verb["operationId"] for path in build_openapi()["paths"].values() for verb in path.values()}
    assert operations == BY_NAME.keys() | {"events"}


def test_answers__database_gone__not_ready_instead_of_a_mistake(still: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DatabaseFailed("node.db", "disk I/O error")

    monkeypatch.setattr(still.history, "blocks", fail)
    assert code(still.rpc("blocks", {})) == "not_ready"


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/v1/chains", "chains", {}),
        ("/v1/pools", "pools", {}),
        ("/v1/quote", "quote", QUOTE),
        ("/v1/blocks", "blocks", {"limit": 2}),
        (f"/v1/transfers/0x{'ab' * 32}", "transfer", {"tx_hash": f"0x{'ab' * 32}"}),
        (f"/v1/order-book/{USDC}/{BTC}", "order_book", {"base": USDC, "quote": BTC}),
    ],
)
def test_answers__rest_rpc_and_socket__equal(still: Scene, path: str, name: str, params: dict[str, Any]) -> None:
    query = {key: value for key, value in params.items() if key not in ("tx_hash", "base")}
    query = {} if name == "order_book" else query
    by_rest = still.get(path, **query)
    assert still.rpc(name, params)["result"] == by_rest
    in_order = [params.get(field) for field in BY_NAME[name].request.__struct_fields__ if field in params]
    if name != "blocks":  # its first field may be left out
        assert still.rpc(name, in_order)["result"] == by_rest
    with still.client.websocket_connect("/rpc") as socket:
        socket.send_json({"jsonrpc": "2.0", "id": 7, "method": name, "params": params})
        assert socket.receive_json() == {"jsonrpc": "2.0", "id": 7, "result": by_rest}


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("quote", {**QUOTE, "amount": "1e6"}, "invalid_request"),
        ("quote", {**QUOTE, "amount": 1_000_000}, "invalid_request"),
        ("quote", {**QUOTE, "amount": str(2**112)}, "invalid_request"),
        ("quote", {**QUOTE, "source": 0}, "invalid_request"),
        ("quote", {**QUOTE, "colour": "red"}, "invalid_request"),
        ("quote", {"source": 1}, "invalid_request"),
        ("chains", ["too many"], "invalid_request"),
        ("transfer", {"tx_hash": "0x12"}, "invalid_request"),
        ("blocks", {"cursor": "yesterday"}, "invalid_request"),
        ("blocks", {"limit": 101}, "invalid_request"),
        ("block", {"number": 10**9}, "not_found"),
        ("accounts", {"owner": "vitalik.eth"}, "invalid_request"),
        ("eth_blockNumber", {}, "no_such_method"),
        ("subscribe", {"topics": ["blocks"]}, "no_such_method"),
    ],
)
def test_json_rpc__bad_requests__codes_of_the_table(still: Scene, name: str, params: Any, expected: str) -> None:
    assert code(still.rpc(name, params)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "chains"} and more', "malformed"),
        (b"[" * 17 + b"]" * 17, "too_deep"),
        (b"[]", "not_a_request"),
        (b"7", "not_a_request"),
        (b'{"id": 1, "method": "chains"}', "not_a_request"),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "chains"}', "not_a_request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', "not_a_request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "chains", "params": "x"}', "not_a_request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "chains", "extra": 1}', "not_a_request"),
        (b"[" + b",".join([b"1"] * 21) + b"]", "too_many_calls"),
    ],
)
def test_json_rpc__bad_messages__codes_of_the_table(still: Scene, body: bytes, expected: str) -> None:
    response = still.client.post("/rpc", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert code(response.json()) == expected
    with still.client.websocket_connect("/rpc") as socket:
        socket.send_bytes(body)
        assert code(socket.receive_json()) == expected


def test_json_rpc__batch__answers_in_order_without_the_notifications(still: Scene) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": "a", "method": "status"},
        {"jsonrpc": "2.0", "method": "status"},
        {"jsonrpc": "2.0", "id": None, "method": "nothing"},
        5,
    ]
    answers = still.client.post("/rpc", json=calls).json()
    assert [answer["id"] for answer in answers] == ["a", None, None]
    assert "result" in answers[0]
    assert [code(answer) for answer in answers[1:]] == ["no_such_method", "not_a_request"]
    silent = still.client.post("/rpc", json=[calls[1]])
    assert (silent.status_code, silent.content) == (204, b"")


def test_json_rpc__discover__the_document_that_is_served(still: Scene) -> None:
    assert still.rpc("rpc.discover")["result"] == still.client.get("/openrpc.json").json()
    assert still.client.get("/openapi.json").json()["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/nothing", {}, (404, "no_such_method")),
        ("/nothing", {}, (404, "no_such_method")),
        ("/v1/blocks/x", {}, (400, "invalid_request")),
        ("/v1/blocks/-1", {}, (400, "invalid_request")),
        ("/v1/blocks", {"limit": ["1", "2"]}, (400, "invalid_request")),
        ("/v1/blocks", {"number": "1"}, (400, "invalid_request")),
        ("/v1/order-book/1/1", {}, (400, "invalid_request")),
        ("/v1/operations", {}, (200, "")),
    ],
)
def test_rest__paths_and_queries__statuses_of_the_table(
    still: Scene, path: str, query: dict[str, Any], expected: tuple[int, str]
) -> None:
    response = still.client.get(path, params=query)
    assert (response.status_code, response.json().get("error", {}).get("code", "")) == expected


def test_rest__other_verbs__refused_with_those_that_are_allowed(still: Scene) -> None:
    response = still.client.delete("/v1/operations")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "wrong_verb")
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert still.client.head("/v1/chains").status_code == 200
    assert still.client.get("/rpc").json()["error"]["data"]["code"] == "wrong_verb"


def test_rest__bodies__type_size_and_form_are_checked(still: Scene) -> None:
    def post(content: bytes, kind: str = "application/json") -> tuple[int, str]:
        response = still.client.post("/v1/operations", content=content, headers={"Content-Type": kind})
        return response.status_code, response.json()["error"]["code"]

    assert post(b"{}", "text/plain") == (415, "wrong_type")
    assert post(b"{" + b" " * still.limits.body_bytes + b"}") == (413, "too_large")
    assert post(b"[1]") == (400, "invalid_request")
    assert post(b"nonsense") == (400, "malformed")
    assert post(b'{"a":' * 17 + b"1" + b"}" * 17) == (400, "too_deep")
    assert post(b'{"operation": {"type": "Nothing"}}') == (400, "invalid_request")


def test_cors__any_page__may_ask(still: Scene) -> None:
    asked = still.client.options("/v1/chains", headers={"Origin": "https://a.example"})
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert still.client.get("/v1/nothing").headers["Access-Control-Allow-Origin"] == "*"
