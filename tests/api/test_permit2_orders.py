"""Orders that are signed for Permit2: brought, paid and followed as those of EIP-3009. What was not signed for exactly
this order, entry and Permit2 is refused before a chain is asked, and a signer who takes its word back bars itself.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.api.signed_orders import FORTUNE, USD, Signer, add_permit2, open_relayer
from tests.api.test_oif_orders import OTHER, Spiteful, sent_by
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.api.answers.oif_orders import answer_oif_order, answer_oif_submit
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.token import TokenClient
from zklink.protocol.ids import Amount
from zklink.relayer.records import MemoryBooks, RelayedOrder, Standing
from zklink.relayer.relayer import Relayer
from zklink.schema.api.oif import OifOrderById, OifOrderRequest, OifOrderResponse


@pytest.fixture(scope="module")
def system(still: Scene) -> LocalSystem:
    """The network of the file's scene, with Permit2 on Polygon."""
    return add_permit2(still.pipeline.system, POLYGON)


@pytest.fixture
def user(system: LocalSystem) -> Signer:
    """Somebody who has allowed Permit2 to take dollars."""
    signer = Signer(system, POLYGON, BSC)
    signer.allow_permit2()
    return signer


def hand_in(relayer: Relayer, scene: Scene, body: dict[str, Any]) -> OifOrderResponse:
    return answer_oif_submit(replace(scene.sources, relayer=relayer), OifOrderRequest(**body))


def test_permit2_order__owner_who_has_allowed_it__is_brought_once_paid_and_followed(
    still: Scene, system: LocalSystem, user: Signer
) -> None:
    relayer, dollars = open_relayer(system), system.token(POLYGON, USDC)
    body, fees = user.permit2_body(), dollars.balance(relayer.address)
    coin = user.client.balance(user.account.address)
    answer = hand_in(relayer, still, body)
    assert (answer.status, answer.code) == ("received", "")
    assert answer.order_id == f"0x{int(body['order']['payload']['message']['nonce']):064x}"
    count = sent_by(relayer, still)
    assert hand_in(relayer, still, body).order_id == answer.order_id and sent_by(relayer, still) == count
    sources = replace(still.sources, relayer=relayer)
    opened_by = answer_oif_order(sources, OifOrderById(id=str(answer.order_id))).settlement.data["opened_by"]
    still.read()
    still.follow(opened_by, "arrived")
    assert answer_oif_order(sources, OifOrderById(id=str(answer.order_id))).status == "finalized"
    assert dollars.balance(user.account.address) == FORTUNE - 102 * USD
    assert dollars.balance(relayer.address) - fees == 2 * USD
    assert user.client.balance(user.account.address) == coin


Change = Callable[[Signer], dict[str, Any]]
PAYLOAD = ("payload", "message")
WITNESS = (*PAYLOAD, "witness")


def altered(*path: str, value: Any) -> Change:
    """A right order with one member changed after it was signed."""

    def change(user: Signer) -> dict[str, Any]:
        body = user.permit2_body()
        place: Any = body["order"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return body

    return change


def less_than_needed(user: Signer) -> dict[str, Any]:
    TokenClient(user.client, user.token).approve(user.account, user.place.permit2, 102 * USD - 1)
    return user.permit2_body()


REFUSED: dict[str, tuple[str, Change]] = {
    "a member too many": ("malformed", altered(*WITNESS, "colour", value="red")),
    "a line's end behind an address": ("malformed", altered(*WITNESS, "refundTo", value=f"{OTHER}\n")),
    "another one behind the owner": ("malformed", altered("metadata", "owner", value=f"{OTHER}\n")),
    "of another contract of that name": ("malformed", altered("payload", "domain", "name", value="Permit3")),
    "another Permit2": ("wrong_permit2", altered("payload", "domain", "verifyingContract", value=OTHER)),
    "signed for another Permit2": ("bad_signature", lambda user: _keep_domain(user, permit2=OTHER)),
    "signed for another entry": ("wrong_entry", lambda user: user.permit2_body(place=replace(user.place, entry=OTHER))),
    "another token": ("wrong_token", altered(*PAYLOAD, "permitted", "token", value=OTHER)),
    "another relayer": ("wrong_relayer", altered(*WITNESS, "relayer", value=OTHER)),
    "other words than signed": ("wrong_order", altered(*WITNESS, "minOut", value="2")),
    "more than the order": ("wrong_order", altered(*PAYLOAD, "permitted", "amount", value=str(200 * USD))),
    "a nonce of its own": ("wrong_order", lambda user: user.permit2_body(nonce=7)),
    "later than signed": ("bad_signature", altered(*PAYLOAD, "deadline", value="9999999999")),
    "another owner's money": ("bad_signature", altered("metadata", "owner", value=OTHER)),
    "too late": ("expired", lambda user: user.permit2_body(lifetime=100)),
    "more than Permit2 may take": ("short_allowance", less_than_needed),
    "more than the owner has": (
        "short_balance",
        lambda user: user.permit2_body(order=user.order(l1_amount=FORTUNE)),
    ),
    "no fee": ("fee_low", lambda user: user.permit2_body(0)),
    "below the minimum": ("refused_by_chain", lambda user: user.permit2_body(order=user.order(l1_amount=1))),
}


def _keep_domain(user: Signer, **place: str) -> dict[str, Any]:
    """Signed for another place, and posted as if for this one."""
    body = user.permit2_body(place=replace(user.place, **place))  # type: ignore[arg-type]
    body["order"]["payload"]["domain"]["verifyingContract"] = user.place.permit2
    return body


@pytest.mark.parametrize("what", REFUSED)
def test_permit2_order__not_to_be_brought__rejected_with_its_code_and_nothing_sent(
    still: Scene, system: LocalSystem, user: Signer, what: str
) -> None:
    code, change = REFUSED[what]
    relayer = open_relayer(system)
    count = sent_by(relayer, still)
    answer = hand_in(relayer, still, change(user))
    assert (answer.status, answer.code) == ("rejected", code), answer
    assert answer.message and answer.order_id is None and sent_by(relayer, still) == count


def test_permit2_order__entry_without_permit2__says_so_even_if_the_order_names_none_too(still: Scene) -> None:
    user = Signer(still.pipeline.system, POLYGON, BSC)
    assert user.place.permit2 == NO_ADDRESS
    answer = hand_in(still.relayer, still, user.permit2_body())
    assert (answer.code, "knows no Permit2" in answer.message) == ("wrong_permit2", True)


def test_permit2_order__the_same_as_an_authorization_that_was_brought__is_that_order(
    still: Scene, system: LocalSystem, user: Signer
) -> None:
    """Whoever signs one order in both ways has signed one order."""
    relayer, order = open_relayer(system), user.order()
    first = hand_in(relayer, still, user.body(order=order))
    count = sent_by(relayer, still)
    assert first.status == "received"
    assert hand_in(relayer, still, user.permit2_body(order=order)).order_id == first.order_id
    assert sent_by(relayer, still) == count


def test_permit2_order__owner_takes_the_allowance_back__bars_itself(
    still: Scene, system: LocalSystem, user: Signer
) -> None:
    def take_back(order: RelayedOrder) -> None:
        TokenClient(user.client, user.token).approve(user.account, user.place.permit2, 0)

    books = Spiteful(take_back)
    relayer = open_relayer(system, books)
    assert hand_in(relayer, still, user.permit2_body()).code == ""
    (failed,) = books.load_failed(0)
    assert failed.standing is Standing.FAILED
    assert hand_in(relayer, still, user.body(3 * USD)).code == "owner_barred"


def test_relayer__stopped_after_it_sent_for_permit2__finds_that_order_among_others(
    still: Scene, system: LocalSystem, user: Signer
) -> None:
    """Another order of the owner shows at the same entry: only its own call is taken for it."""
    books = MemoryBooks()
    stopped = open_relayer(system, books, start=lambda job: None)
    assert hand_in(stopped, still, user.permit2_body()).code == ""
    (order,) = books.load_open()
    assert hand_in(open_relayer(system), still, user.permit2_body(order=user.order(min_out=Amount(3)))).code == ""
    again, count = open_relayer(system, books), sent_by(stopped, still)
    again.look()
    assert books.find(order.id) == order.become(Standing.BROUGHT, order.tx_hash)
    assert sent_by(again, still) == count
    forged = replace(order, id=b"\x01" * 32, call=order.call[:-1] + b"\x01")
    books.keep(forged)
    again.look()
    found = books.find(forged.id)
    assert found is not None and found.standing is Standing.FAILED
