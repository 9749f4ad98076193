"""Quotes of what a user signs: a wallet signs the payload as it stands, and the order posted back is taken and paid.
The relayer's fee comes out of the amount that was named, never on top of it.
"""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.api.scene import Scene
from tests.api.signed_orders import FORTUNE, USD, Signer, add_permit2, open_relayer
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.api.answers.oif import answer_oif_quotes
from zklink.api.answers.oif_orders import answer_oif_order, answer_oif_submit
from zklink.api.names import encode_interop
from zklink.api.sources import Sources
from zklink.devnet.tokens import BTC, USDC
from zklink.relayer.relayer import Relayer
from zklink.schema.api.oif import OifOrderById, OifOrderRequest, OifQuoteRequest

EVM = {POLYGON: 137, BSC: 56}
TYPES = ["oif-user-open-v0", "oif-3009-v0", "oif-escrow-v0"]


def build_request(scene: Scene, user: str, amount: int, types: list[str]) -> OifQuoteRequest:
    """Somebody's dollars on polygon, for bitcoin on bsc."""
    tokens = scene.pipeline.system.deployment
    owner = encode_interop(EVM[POLYGON], user)
    asset = encode_interop(EVM[POLYGON], tokens.token(USDC).contracts[POLYGON])
    wanted = {
        "receiver": encode_interop(EVM[BSC], user),
        "asset": encode_interop(EVM[BSC], tokens.token(BTC).contracts[BSC]),
    }
    intent = {
        "intentType": "oif-swap",
        "inputs": [{"user": owner, "asset": asset, "amount": str(amount)}],
        "outputs": [wanted],
    }
    return msgspec.convert({"user": owner, "intent": intent, "supportedTypes": types}, OifQuoteRequest)


def ask(sources: Sources, request: OifQuoteRequest) -> list[dict[str, Any]]:
    """The quotes as a caller reads them."""
    found: list[dict[str, Any]] = msgspec.to_builtins(answer_oif_quotes(sources, request))["quotes"]
    return found


def sign(payload: dict[str, Any], account: LocalAccount) -> str:
    """What a wallet makes of a payload that it knows nothing of."""
    data = {key: payload[key] for key in ("types", "domain", "primaryType", "message")}
    return f"0x{account.sign_typed_data(full_message=data).signature.hex()}"


def open_sources(scene: Scene, relayer: Relayer) -> Sources:
    relayer.look()
    return replace(scene.sources, relayer=relayer)


@pytest.mark.parametrize("kind", ["oif-3009-v0", "oif-escrow-v0"])
def test_signed_quote__signed_and_posted_as_it_stands__is_paid_for_what_was_named(kind: str, scene: Scene) -> None:
    system = add_permit2(scene.pipeline.system, POLYGON)
    user = Signer(system, POLYGON, BSC)
    if kind == "oif-escrow-v0":
        user.allow_permit2()
    sources = open_sources(scene, open_relayer(system))
    (quote,) = ask(sources, build_request(scene, user.account.address, 100 * USD, [kind]))
    order = quote["order"]
    assert order["type"] == kind and quote["preview"]["inputs"][0]["amount"] == str(100 * USD)
    answer = answer_oif_submit(sources, OifOrderRequest(order=order, signature=sign(order["payload"], user.account)))
    assert (answer.status, answer.message[:7]) == ("received", "look it")
    opened_by = answer_oif_order(sources, OifOrderById(id=str(answer.order_id))).settlement.data["opened_by"]
    scene.read()
    scene.follow(opened_by, "arrived")
    assert system.token(POLYGON, USDC).balance(user.account.address) == FORTUNE - 100 * USD
    received = system.token(BSC, BTC).balance(user.account.address)
    assert str(received) == quote["preview"]["outputs"][0]["amount"]


def test_signed_quote__all_types__one_quote_of_each_and_the_fee_lowers_the_output(still: Scene) -> None:
    system = add_permit2(still.pipeline.system, POLYGON)
    sources, user = open_sources(still, open_relayer(system)), Account.create().address
    own, by_token, by_permit2 = ask(sources, build_request(still, user, 100 * USD, TYPES))
    assert [quote["order"]["type"] for quote in (own, by_token, by_permit2)] == TYPES
    outputs = [int(quote["preview"]["outputs"][0]["amount"]) for quote in (own, by_token, by_permit2)]
    assert outputs[0] > outputs[1] == outputs[2] > 0
    fee = int(by_token["metadata"]["relayer_fee"])
    assert 0 < fee < 10 * USD
    assert by_token["order"]["metadata"]["swap"]["l1Amount"] == str(100 * USD - fee)
    assert by_permit2["order"]["payload"]["message"]["permitted"]["amount"] == str(100 * USD)


def test_signed_quote__where_it_cannot_be_brought__none(still: Scene) -> None:
    user, signed = Account.create().address, TYPES[1:]
    served = open_relayer(still.pipeline.system)
    request = build_request(still, user, 100 * USD, signed)
    assert ask(replace(still.sources, relayer=None), request) == []
    assert (
        ask(replace(still.sources, relayer=served), request) == []
    )  # no token has been asked, and there is no Permit2
    assert [quote["order"]["type"] for quote in ask(open_sources(still, served), request)] == ["oif-3009-v0"]
    dust = build_request(still, user, 1000, signed)
    assert ask(open_sources(still, served), dust) == []  # less than the fee
    assert ask(still.sources, build_request(still, user, 1000, TYPES[:1]))
