"""Quotes and orders in the shape of the Open Intents Framework: a quote's transaction, sent as it stands, is a swap."""

from typing import Any

import pytest

from tests.api.scene import Scene
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.api.live_view import LiveView
from zklink.api.names import decode_interop, encode_interop
from zklink.devnet.tokens import BTC, POL, USDC
from zklink.l1.transport.client import Call
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import ChainId, TokenId

USD = 10**6
EVM = {POLYGON: 137, BSC: 56}


def asset(scene: Scene, chain: ChainId, token: TokenId) -> str:
    return encode_interop(EVM[chain], scene.pipeline.system.deployment.token(token).contracts[chain])


def ask(scene: Scene, amount: str | None = str(100 * USD), **changes: Any) -> Any:
    """The framework's request for a swap of dollars on polygon to bitcoin on bsc."""
    roles = scene.pipeline.system.world.roles
    user = encode_interop(EVM[POLYGON], roles.depositor.address)
    asked = {"user": user, "asset": asset(scene, POLYGON, changes.pop("token_in", USDC)), "amount": amount}
    wanted = {"receiver": encode_interop(EVM[BSC], roles.recipient.address), "asset": asset(scene, BSC, BTC)}
    wanted |= changes.pop("output", {})
    intent = {"intentType": "oif-swap", "inputs": [asked], "outputs": [wanted], **changes.pop("intent", {})}
    body = {"user": user, "intent": intent, "supportedTypes": ["oif-user-open-v0"], **changes}
    return scene.client.post("/v1/quotes", json=body)


def send(scene: Scene, order: Any) -> str:
    """The user sends a quote's transaction; gives its hash."""
    client, user = scene.pipeline.system.world[POLYGON].client, scene.pipeline.system.world.roles.depositor
    evm_chain_id, to = decode_interop("to", order["openIntentTx"]["to"])
    assert evm_chain_id == EVM[POLYGON]
    data = bytes.fromhex(order["openIntentTx"]["data"][2:])
    receipt = client.send(user, Call(to, data, "swap"), int(order["openIntentTx"]["value"]))
    assert receipt.gas_used < int(order["openIntentTx"]["gasRequired"])
    return f"0x{receipt.tx_hash.hex()}"


def test_oif__quote_sent_as_it_stands__becomes_an_order_that_is_finalized(scene: Scene) -> None:
    system = scene.pipeline.system
    (quote,) = ask(scene).json()["quotes"]
    order, (needed,) = quote["order"], quote["order"]["checks"]["allowances"]
    _, token = decode_interop("token", needed["token"])
    _, spender = decode_interop("spender", needed["spender"])
    assert (token, spender) == (system.token(POLYGON, USDC).address, system.bridges[POLYGON].address)
    system.token(POLYGON, USDC).approve(system.world.roles.depositor, spender, int(needed["required"]))
    tx_hash = send(scene, order)
    scene.read()
    assert scene.get(f"/v1/orders/{tx_hash}")["status"] == "created"
    scene.follow(tx_hash, "arrived")
    told = scene.get(f"/v1/orders/{tx_hash}")
    assert (told["status"], told["settlement"]) == ("finalized", {"type": "escrow", "data": {"state": "arrived"}})
    assert told["outputAmounts"] == [
        {"asset": asset(scene, BSC, BTC), "amount": quote["preview"]["outputs"][0]["amount"]}
    ]
    assert told["inputAmounts"] == [{"asset": asset(scene, POLYGON, USDC), "amount": str(100 * USD)}]
    assert told["fillTransaction"]["how"] == "pay"
    received = system.token(BSC, BTC).balance(system.world.roles.recipient.address)
    assert str(received) == quote["preview"]["outputs"][0]["amount"]
    assert (quote["failureHandling"], quote["partialFill"]) == ("refund-automatic", False)


def test_oif__destination_has_not_said_its_tokens_yet__not_ready(still: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them an amount in the units of its contract would be a wrong one."""
    find = LiveView.chain
    monkeypatch.setattr(LiveView, "chain", lambda live, chain: None if chain == BSC else find(live, chain))
    for least in (None, str(10**12)):
        answer = ask(still, output={"amount": least})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


def test_oif__no_pool_between_the_tokens__no_quote(still: Scene) -> None:
    assert ask(still, str(5 * 10**18), token_in=POL, output={"asset": asset(still, BSC, USDC)}).json() == {"quotes": []}


def test_oif__least_output__taken_for_min_out_or_no_quote(still: Scene) -> None:
    (quote,) = ask(still).json()["quotes"]
    out, least = int(quote["preview"]["outputs"][0]["amount"]), int(quote["metadata"]["min_out"])
    assert 0 < least * 10**10 < out
    (asked,) = ask(still, output={"amount": str(out)}).json()["quotes"]
    assert int(asked["metadata"]["min_out"]) * 10**10 == out
    assert ask(still, output={"amount": str(out + 10**10)}).json() == {"quotes": []}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"intent": {"swapType": "exact-output"}}, "order_refused"),
        ({"intent": {"intentType": "oif-loan"}}, "invalid_request"),
        ({"supportedTypes": ["oif-resource-lock-v0"]}, "order_refused"),
        ({"amount": None}, "order_refused"),
        ({"amount": "1.5"}, "invalid_request"),
        ({"output": {"receiver": encode_interop(1, "0x" + "11" * 20)}}, "order_refused"),
        ({"output": {"asset": encode_interop(56, "0x" + "11" * 20)}}, "order_refused"),
        ({"output": {"calldata": "0x1234"}}, "order_refused"),
        ({"output": {"receiver": "0x0001000001"}}, "invalid_request"),
        ({"user": "0x" + "11" * 20}, "invalid_request"),
        ({"colour": 1}, "invalid_request"),
    ],
)
def test_oif__what_is_not_served__refused_with_the_reason(still: Scene, changes: Any, expected: str) -> None:
    assert ask(still, **changes).json()["error"]["code"] == expected


def test_oif__signed_order_of_another_type__rejected_with_the_one_that_is_taken(still: Scene) -> None:
    body = {"order": {"type": "oif-resource-lock-v0"}, "signature": "0x12"}
    answer = still.client.post("/v1/orders", json=body).json()
    assert (answer["status"], answer["code"]) == (
        "rejected",
        "order_type",
    ) and "oif-3009-v0 or oif-escrow-v0" in answer["message"]
    assert still.refuse(f"/v1/orders/0x{'ab' * 32}") == (404, "not_found")


@pytest.mark.parametrize(
    ("evm_chain_id", "expected"),
    [(1, "0x00010000010114"), (137, "0x00010000018914"), (43114, "0x0001000002a86a14"), (2**63, "0x000100000880")],
)
def test_interop__chains_of_any_size__as_erc_7930_says(evm_chain_id: int, expected: str) -> None:
    address = "0x" + "ab" * 20
    text = encode_interop(evm_chain_id, address)
    assert text.startswith(expected)
    found, back = decode_interop("x", text)
    assert (found, back.lower()) == (evm_chain_id, address)


@pytest.mark.parametrize("text", ["0x", "0x00010000", "0x0002000001891411", "0x0001000001891411", "0x00010000008914"])
def test_interop__broken__refused(text: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        decode_interop("asset", text)
    assert refused.value.code == "invalid_request"
