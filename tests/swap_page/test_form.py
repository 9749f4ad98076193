"""The swap page without JavaScript: quotes by a form, mistakes in words; and the relay that a devnet's page needs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api.scene import GENEROUS, Scene
from tests.support.tries import tries
from zklink.api.allowance import Allowances
from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.sources import Sources
from zklink.devnet.solana.seeds import seed_of
from zklink.devnet.tokens import BTC, USDC, token_by_id
from zklink.explorer.chain_relay import METHODS, MOST_BYTES, PROGRAM_METHODS
from zklink.explorer.formats import show_units
from zklink.explorer.pages import build_pages
from zklink.protocol.errors import RpcRefused
from zklink.protocol.ids import ChainId

POLYGON, BSC, SOLANA = ChainId(2), ChainId(3), ChainId(5)
FORM: Final = {"from": f"{POLYGON}-{USDC}", "to": f"{BSC}-{BTC}", "amount": "1000", "tolerance": "1"}


def serve(sources: Sources) -> TestClient:
    return TestClient(build_app(sources, InlineDesk(), GENEROUS, pages=build_pages))


def as_devnet(sources: Sources) -> Sources:
    return replace(sources, is_devnet=True)


def with_public_chain(sources: Sources) -> Sources:
    """One of its chains is none of the laboratory's."""
    profiles = {**sources.profiles, BSC: replace(sources.profiles[BSC], is_local=False)}
    return replace(sources, profiles=profiles, is_devnet=True)


def test_form__filled__shows_what_the_api_quotes(still: Scene) -> None:
    values = {"source": POLYGON, "token_in": USDC, "amount": str(1000 * 10**6), "destination": BSC, "token_out": BTC}
    quote = still.get("/v1/quote", **values)
    text = still.client.get("/swap", params=FORM).text
    decimals, out = token_by_id(BTC).layer2_decimals, int(quote["amount_out"])
    assert f'id="out">{show_units(out, decimals)} ' in text
    assert f"{show_units(out * 99 // 100, decimals)} " in text, "the least, at a tolerance of one percent"
    assert f'value="{POLYGON}-{USDC}" selected' in text and f'value="{BSC}-{BTC}" selected' in text


def test_form__a_broker_at_once__asks_for_its_fee(still: Scene) -> None:
    assert "Fee of the broker" not in still.client.get("/swap", params=FORM).text
    assert still.client.get("/swap", params={**FORM, "fast": "yes"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "1e3"}, "Write the amount with digits"),
        ({"amount": "0.0000001"}, "has 6 decimals here"),
        ({"amount": "0"}, "must be more than nothing"),
        ({"amount": "9" * 40}, "less than any token has"),
        ({"from": "2-999"}, "The token to give is not on that chain"),
        ({"to": "9-1"}, "The token to get is not on that chain"),
        ({"from": "x"}, "Choose a token on a chain"),
        ({"tolerance": "51"}, "gives the swap away"),
        ({"tolerance": "-1"}, "Write the tolerance in percent"),
        ({"amount": "1000000000"}, "would be refused or refunded now"),
    ],
)
def test_form__with_a_mistake__says_what_would_be_right(still: Scene, change: dict[str, str], words: str) -> None:
    response = still.client.get("/swap", params={**FORM, **change})
    assert response.status_code == 200
    assert words in response.text and 'id="out"' not in response.text


def test_form__any_values__is_a_page_in_which_nothing_runs(still: Scene) -> None:
    texts = st.text(max_size=12) | st.sampled_from(
        ["2-1", "0-0", "99999-1", "-", "<script>alert(1)</script>", "0.5", "1.", "٣"]
    )

    @given(st.dictionaries(st.sampled_from(["from", "to", "amount", "tolerance", "fast", "tx"]), texts))
    @tries(60)
    def ask(query: dict[str, str]) -> None:
        response = still.client.get("/swap", params=query)
        assert response.status_code == 200
        assert "<script>alert" not in response.text

    ask()


def test_page__of_no_devnet__has_no_test_wallet_and_no_way_to_the_chains(still: Scene) -> None:
    for sources in (still.sources, with_public_chain(still.sources)):
        client = serve(sources)
        assert "data-test-key" not in client.get("/swap").text
        answer = client.post(f"/swap/rpc/{POLYGON}", json={"method": "eth_chainId", "params": []})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_method")


def test_relay__of_a_devnet__passes_on_what_a_wallet_needs(still: Scene) -> None:
    client = serve(as_devnet(still.sources))
    assert "data-test-key" in client.get("/swap").text

    def ask(method: str, *params: Any) -> Any:
        return client.post(f"/swap/rpc/{POLYGON}", json={"id": 7, "method": method, "params": params}).json()

    assert ask("eth_chainId") == {
        "jsonrpc": "2.0",
        "id": 7,
        "result": hex(still.sources.profiles[POLYGON].evm_chain_id),
    }
    bridge = still.sources.bridges[POLYGON].address
    assert len(ask("eth_getCode", bridge, "latest")["result"]) > 100
    refused = ask("eth_call", {"to": bridge, "data": "0x12345678"}, "latest")
    assert refused["error"]["message"] and "result" not in refused


@pytest.mark.parametrize(
    "method",
    ["eth_sendTransaction", "eth_sign", "eth_accounts", "evm_mine", "anvil_setBalance", "debug_traceCall", 1, None],
)
def test_relay__anything_else__is_refused(still: Scene, method: Any) -> None:
    assert method not in METHODS
    answer = serve(as_devnet(still.sources)).post(f"/swap/rpc/{POLYGON}", json={"method": method, "params": []})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_method")


def test_relay__malformed__is_refused(still: Scene) -> None:
    client, path = serve(as_devnet(still.sources)), f"/swap/rpc/{POLYGON}"
    assert client.get(path).status_code == 405
    assert client.post("/swap/rpc/8", json={"method": "eth_chainId"}).status_code == 404
    assert client.post(path, json=[]).status_code == 400
    assert client.post(path, json={"method": "eth_call", "params": {}}).status_code == 400
    assert client.post(path, content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert client.post(path, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415


def with_program(sources: Sources, ask: Callable[..., Any]) -> Sources:
    """A chain more, whose node answers so."""
    return replace(sources, programs={SOLANA: ask})


def ask_program(client: TestClient, method: Any, *params: Any) -> Any:
    return client.post(f"/swap/rpc/{SOLANA}", json={"id": 7, "method": method, "params": params})


def test_relay__to_a_solana_chain__passes_on_what_the_page_needs_on_every_node(still: Scene) -> None:
    asked: list[tuple[Any, ...]] = []

    def answer(*question: Any) -> Any:
        asked.append(question)
        return {"value": [None]}

    client = serve(with_program(still.sources, answer))
    found = ask_program(client, "getMultipleAccounts", ["a", "b"], {"commitment": "confirmed"})
    assert found.json() == {"jsonrpc": "2.0", "id": 7, "result": {"value": [None]}}
    part = {"offset": 0, "length": MOST_BYTES}
    assert asked == [("getMultipleAccounts", ["a", "b"], {"commitment": "confirmed", "dataSlice": part})]
    assert "data-solana-key" not in client.get("/swap").text
    for method in sorted(PROGRAM_METHODS):
        assert ask_program(client, method).status_code == 200
    assert len(asked) == 1 + len(PROGRAM_METHODS)


@pytest.mark.parametrize(
    "method", ["requestAirdrop", "getProgramAccounts", "eth_chainId", "getBlock", 1, None, ["getSlot"]]
)
def test_relay__to_a_solana_chain__anything_else__is_refused(still: Scene, method: Any) -> None:
    client = serve(with_program(still.sources, pytest.fail))
    answer = ask_program(client, method)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_method")
    many = ask_program(client, "getMultipleAccounts", ["a"] * 5)
    assert (many.status_code, many.json()["error"]["details"]) == (400, {"field": "params"})


@pytest.mark.parametrize(
    "option",
    [
        {"accounts": {"addresses": ["a"] * 60}},
        {"minContextSlot": 10**15},
        {"dataSlice": {}},
        {"innerInstructions": True},
    ],
)
def test_relay__to_a_solana_chain__option_that_makes_long_answers__is_refused(still: Scene, option: Any) -> None:
    client = serve(with_program(still.sources, pytest.fail))
    answer = ask_program(client, "simulateTransaction", "AAAA", {"encoding": "base64", **option})
    assert (answer.status_code, answer.json()["error"]["details"]) == (400, {"field": "params"})


def test_relay__to_a_solana_chain__its_nodes_refusal_is_told_and_its_address_is_not(still: Scene) -> None:
    def fail(error: Exception) -> Callable[..., Any]:
        def answer(*question: Any) -> Any:
            raise error

        return answer

    refused = serve(with_program(still.sources, fail(RpcRefused("solana", "getSlot", "Invalid params (-32602)"))))
    assert ask_program(refused, "getSlot").json()["error"]["message"] == "Invalid params (-32602)"
    away = serve(with_program(still.sources, fail(OSError("http://user:secret@node"))))
    assert ask_program(away, "getSlot").json()["error"]["message"] == "the chain's node does not answer"


@pytest.mark.parametrize("method", sorted(PROGRAM_METHODS))
def test_relay__to_a_solana_chain__what_makes_a_node_work_costs_more_than_a_read(
    still: Scene, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    spent: list[int] = []
    monkeypatch.setattr(Allowances, "spend", lambda _, caller, cost: spent.append(cost))
    client = serve(with_program(still.sources, lambda *question: 0))
    assert ask_program(client, method).status_code == 200
    assert sum(spent) == (5 if method in ("sendTransaction", "simulateTransaction") else 1)


def test_page__of_a_devnet_with_solana__has_a_test_wallet_of_it(still: Scene) -> None:
    sources = with_program(as_devnet(still.sources), pytest.fail)
    assert f'data-solana-key="0x{seed_of("depositor").hex()}"' in serve(sources).get("/swap").text
