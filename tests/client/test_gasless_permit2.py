"""A swap without gas coin of a token that takes no authorizations: the wallet signs for Permit2 if it has allowed
Permit2 the token, and is told in one sentence what is missing if not.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.signed_orders import Signer, add_permit2, open_relayer
from tests.client.test_gasless import USD, name_entry, quote_dollars
from tests.client.wire import Wire
from tests.scenarios.pipeline import BSC, POLYGON
from zklink import Wallet
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.protocol.errors import OrderNotBrought, PermitNotOffered

AUTHORIZATION_STATE = "authorizationState(address,bytes32)"


@pytest.fixture
def system(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> LocalSystem:
    """The scene's network with Permit2 on Polygon, whose dollar knows no authorizations; the node knows that entry."""
    found = add_permit2(wire.scene.pipeline.system, POLYGON)
    monkeypatch.setitem(wire.scene.relayer._places, POLYGON, open_relayer(found)._places[POLYGON])
    name_entry(wire, found.deployment.chains[POLYGON].entry)
    wire.refuse_calls("polygon", AUTHORIZATION_STATE)
    return found


def test_swap__gasless_token_without_authorizations__goes_through_permit2(wire: Wire, system: LocalSystem) -> None:
    user = Signer(system, POLYGON, BSC)
    user.allow_permit2()
    client, wallet, quote = wire.open(), Wallet.from_account(user.account), quote_dollars(wire)
    before = system.token(POLYGON, USDC).balance(wallet.address)
    count = user.client.nonce(wallet.address)
    transfer = client.wait(client.swap(wallet, quote, gasless=True))
    assert (transfer.state, transfer.amount_out) == ("arrived", str(quote.amount_out))
    assert before - system.token(POLYGON, USDC).balance(wallet.address) == 100 * USD + quote.relayer_fee
    assert user.client.nonce(wallet.address) == count


def test_swap__gasless_token_with_both__is_signed_as_an_authorization(wire: Wire, system: LocalSystem) -> None:
    """What costs no approval is asked for first."""
    wire.missing.clear()
    user = Signer(system, POLYGON, BSC)
    user.allow_permit2()
    kinds: list[str] = []
    sign = user.account.sign_typed_data

    class Watched:
        address = user.account.address

        def sign_typed_data(self, data: Mapping[str, Any]) -> bytes:
            kinds.append(data["primaryType"])
            return bytes(sign(full_message=dict(data)).signature)

        def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
            raise AssertionError("nothing is sent")

    assert wire.open().swap(Wallet(Watched()), quote_dollars(wire), gasless=True).chain == "polygon"
    assert kinds == ["ReceiveWithAuthorization"]


@pytest.mark.parametrize("allowed", [0, 100 * USD])
def test_swap__gasless_and_permit2_may_take_too_little__says_what_is_missing_and_signs_nothing(
    wire: Wire, system: LocalSystem, allowed: int
) -> None:
    user = Signer(system, POLYGON, BSC)
    if allowed:
        user.allow_permit2(allowed)
    quote = quote_dollars(wire)
    with pytest.raises(PermitNotOffered) as refused:
        wire.open().swap(Wallet.from_account(user.account), quote, gasless=True)
    assert f"take {allowed} of the {100 * USD + quote.relayer_fee}" in refused.value.reason
    assert system.deployment.chains[POLYGON].permit2 in refused.value.reason and "EIP-3009" in refused.value.reason
    assert "/v1/orders" not in wire.sent


def test_swap__gasless_by_permit2_and_the_node_names_the_order_before__is_not_believed(
    wire: Wire, system: LocalSystem
) -> None:
    """Permit2 shows nothing of a nonce: only the call itself says which order it brought."""
    user = Signer(system, POLYGON, BSC)
    user.allow_permit2()
    client, wallet = wire.open(), Wallet.from_account(user.account)
    before = client.swap(wallet, quote_dollars(wire, "50"), gasless=True).tx_hash
    quote, original = quote_dollars(wire), wire.send

    def tamper(answer: Any) -> Any:
        if "settlement" in answer:
            answer["settlement"]["data"]["opened_by"] = before
        return answer

    async def send(verb: str, url: str, params: Any, body: bytes | None) -> Any:
        if "/v1/orders/0x" in url:
            wire.lie(url.removeprefix("http://node"), tamper)
        return await original(verb, url, params, body)

    wire.send = send  # type: ignore[method-assign]
    with pytest.raises(OrderNotBrought):
        client.swap(wallet, quote, gasless=True, brought_seconds=3.0)
