"""Signed orders of the Open Intents Framework: a user without coin swaps, and nobody can make the relayer lose money by
what costs a signer nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.api.signed_orders import FORTUNE, USD, Signer, build_terms, open_relayer
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.api.answers.oif_orders import answer_oif_submit
from zklink.devnet.tokens import BTC, POL, USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.entry import TypedData
from zklink.l1.contracts.entry_client import deploy_entry
from zklink.l1.transport.client import encode_call
from zklink.protocol.errors import DatabaseFailed, DeploymentRefused
from zklink.protocol.ids import Amount, TokenId
from zklink.relayer.records import MemoryBooks, RelayedOrder, Standing
from zklink.relayer.relayer import CHECKED_AT_ONCE, Relayer
from zklink.schema.api.oif import OifOrderRequest


def post(scene: Scene, body: dict[str, Any]) -> dict[str, Any]:
    response = scene.client.post("/v1/orders", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def signer(scene: Scene) -> Signer:
    return Signer(scene.pipeline.system, POLYGON, BSC)


def hand_in(relayer: Relayer, scene: Scene, body: dict[str, Any]) -> str:
    """The code of a relayer's refusal; empty if it takes the order."""
    sources = replace(scene.sources, relayer=relayer)
    return answer_oif_submit(sources, OifOrderRequest(**body)).code


def sent_by(relayer: Relayer, scene: Scene) -> int:
    """How many transactions the relayer has had mined."""
    return scene.pipeline.system.world[POLYGON].client.nonce(relayer.address)


def test_signed_order__owner_without_coin__is_brought_paid_and_followed(scene: Scene) -> None:
    user, system = signer(scene), scene.pipeline.system
    dollars = system.token(POLYGON, USDC)
    body, fees = user.body(), dollars.balance(scene.relayer.address)
    answer = post(scene, body)
    assert (answer["status"], answer["code"], answer["orderId"]) == (
        "received",
        "",
        body["order"]["payload"]["message"]["nonce"],
    )
    path, count = f"/v1/orders/{answer['orderId']}", sent_by(scene.relayer, scene)
    assert scene.get(path)["status"] == "created"
    assert post(scene, body)["orderId"] == answer["orderId"]
    assert sent_by(scene.relayer, scene) == count
    opened_by = scene.get(path)["settlement"]["data"]["opened_by"]
    scene.read()
    scene.follow(opened_by, "arrived")
    told = scene.get(path)
    assert (told["id"], told["status"], told["settlement"]["data"]["state"]) == (
        answer["orderId"],
        "finalized",
        "arrived",
    )
    assert dollars.balance(user.account.address) == FORTUNE - 102 * USD
    assert dollars.balance(scene.relayer.address) - fees == 2 * USD
    assert user.client.balance(user.account.address) == user.client.nonce(user.account.address) == 0
    assert system.token(BSC, BTC).balance(user.account.address) > 0


def test_signed_order__that_no_pool_can_pay__is_refunded_to_its_owner(scene: Scene) -> None:
    user = signer(scene)
    answer = post(scene, user.body(order=user.order(min_out=Amount(10**12))))
    scene.read()
    scene.follow(scene.get(f"/v1/orders/{answer['orderId']}")["settlement"]["data"]["opened_by"], "refunded")
    assert scene.get(f"/v1/orders/{answer['orderId']}")["status"] == "refunded"
    assert scene.pipeline.system.token(POLYGON, USDC).balance(user.account.address) == FORTUNE - 2 * USD


def test_quote__with_a_relayer__names_it_and_a_fee_that_it_takes(still: Scene) -> None:
    asked = {"source": POLYGON, "token_in": USDC, "amount": 100 * USD, "destination": BSC, "token_out": BTC}
    relay = still.get("/v1/quote", **asked)["relay"]
    assert relay["relayer"] == still.relayer.address
    user = signer(still)
    assert post(still, user.body(int(relay["fee"])))["status"] == "received"
    assert still.get("/v1/quote", **{**asked, "token_in": POL})["relay"] is None


Change = Callable[[Scene, Signer], dict[str, Any]]


def altered(*path: str, value: Any) -> Change:
    """A right order with one member changed after it was signed."""

    def change(scene: Scene, user: Signer) -> dict[str, Any]:
        body = user.body()
        place: Any = body["order"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return body

    return change


def at_another_entry(scene: Scene, user: Signer) -> dict[str, Any]:
    return user.body(place=replace(user.place, entry=scene.pipeline.system.bridges[POLYGON].address))


def by_a_contract(scene: Scene, user: Signer) -> dict[str, Any]:
    user.system.world[POLYGON].w3.provider.make_request(
        "anvil_setCode",  # type: ignore[arg-type]
        [user.account.address, "0x00"],
    )
    return user.body()


SWAP = ("metadata", "swap")
MESSAGE = ("payload", "message")
OTHER = "0x" + "11" * 20
REFUSED: dict[str, tuple[str, Change]] = {
    "another type": ("order_type", altered("type", value="oif-resource-lock-v0")),
    "a member too many": ("malformed", altered(*SWAP, "colour", value="red")),
    "an amount that is none": ("malformed", altered(*SWAP, "minOut", value="-1")),
    "chain that is not there": ("wrong_chain", altered("metadata", "chain", value=7)),
    "signed for another entry": ("wrong_entry", at_another_entry),
    "another token's domain": ("wrong_token", altered("payload", "domain", "verifyingContract", value=OTHER)),
    "another name in the domain": ("bad_signature", altered("payload", "domain", "name", value="Gold")),
    "the chain's coin": ("token_not_served", altered(*SWAP, "tokenIn", value=int(POL))),
    "no relayer named": ("wrong_relayer", lambda scene, user: user.body(relayer="0x" + "00" * 20)),
    "another relayer named": ("wrong_relayer", lambda scene, user: user.body(relayer=OTHER)),
    "other words than signed": ("wrong_order", altered(*SWAP, "minOut", value="2")),
    "higher fee than signed": ("wrong_order", altered(*SWAP, "relayerFee", value=str(3 * USD))),
    "another owner's money": ("wrong_order", altered(*MESSAGE, "value", value="1")),
    "later than signed": ("bad_signature", altered(*MESSAGE, "validBefore", value="9999999999")),
    "signed by a stranger": (
        "bad_signature",
        lambda scene, user: user.body(signer=scene.pipeline.system.world.roles.stranger),
    ),
    "an owner with code": ("contract_owner", by_a_contract),
    "too late": ("expired", lambda scene, user: user.body(lifetime=100)),
    "swap's own deadline": (
        "expired",
        lambda scene, user: user.body(order=user.order(deadline=user.client.head().timestamp + 60)),
    ),
    "more than the owner has": (
        "short_balance",
        lambda scene, user: user.body(order=user.order(l1_amount=FORTUNE)),
    ),
    "no fee": ("fee_low", lambda scene, user: user.body(0)),
    "below the minimum": ("refused_by_chain", lambda scene, user: user.body(order=user.order(l1_amount=1))),
}


@pytest.mark.parametrize("what", REFUSED)
def test_signed_order__not_to_be_brought__rejected_with_its_code_and_nothing_sent(still: Scene, what: str) -> None:
    code, change = REFUSED[what]
    count = sent_by(still.relayer, still)
    answer = post(still, change(still, signer(still)))
    assert (answer["status"], answer["code"]) == ("rejected", code), answer
    assert answer["message"] and answer["orderId"] is None
    assert sent_by(still.relayer, still) == count


def test_signed_order__no_relayer__rejected_with_the_way_that_works(still: Scene) -> None:
    sources = replace(still.sources, relayer=None)
    answer = answer_oif_submit(sources, OifOrderRequest(**signer(still).body()))
    assert (answer.status, answer.code) == ("rejected", "relay_off")
    assert "oif-user-open-v0" in answer.message


def test_signed_order__token_without_a_price__is_not_served(still: Scene) -> None:
    terms = build_terms(still.pipeline.system)
    terms = replace(terms, coin_prices={TokenId(int(BTC)): terms.coin_prices[BTC]})
    relayer = open_relayer(still.pipeline.system, terms=terms)
    assert hand_in(relayer, still, signer(still).body()) == "token_not_served"


@pytest.mark.parametrize("name", ["bridge", "resolver"])
def test_relayer__record_with_a_false_entry__does_not_start(still: Scene, name: str) -> None:
    system = still.pipeline.system
    chain = system.deployment.chains[POLYGON]
    chains = {**system.deployment.chains, POLYGON: replace(chain, entry=getattr(chain, name))}
    with pytest.raises(DeploymentRefused, match="no entry of this version"):
        open_relayer(replace(system, deployment=replace(system.deployment, chains=chains)))
    other = deploy_entry(system.world[POLYGON].client, system.world.roles.stranger, _false_bridge(still)).address
    chains = {**system.deployment.chains, POLYGON: replace(chain, entry=other)}
    with pytest.raises(DeploymentRefused, match="is one of bridge"):
        open_relayer(replace(system, deployment=replace(system.deployment, chains=chains)))


def _false_bridge(scene: Scene) -> str:
    system = scene.pipeline.system
    client, registry = system.world[POLYGON].client, system.deployment.chains[POLYGON].registry
    return client.deploy(system.world.roles.stranger, load_contract("FalseBridge"), registry)


class Spiteful(MemoryBooks):
    """Books at which the owner looks: what it does then comes after the relayer's trial and before its transaction."""

    def __init__(self, act: Callable[[RelayedOrder], None]) -> None:
        super().__init__()
        self._act = act

    def keep(self, order: RelayedOrder) -> None:
        is_new = self.find(order.id) is None
        super().keep(order)
        if is_new:
            self._act(order)


def take_back(scene: Scene, user: Signer, order: RelayedOrder) -> None:
    """The owner's cancellation, which somebody else sends."""
    types = {"CancelAuthorization": [{"name": "authorizer", "type": "address"}, {"name": "nonce", "type": "bytes32"}]}
    signed = TypedData(user.domain, types, {"authorizer": user.account.address, "nonce": order.id}).sign(user.account)
    token = user.client.contract(user.token, load_contract("TestToken"))
    v, r, s = signed[64], signed[:32], signed[32:64]
    call = encode_call(token, "cancelAuthorization", user.account.address, order.id, v, r, s)
    user.client.send(scene.pipeline.system.world.roles.attacker, call)


def test_relayer__owners_take_their_word_back__loses_no_more_than_its_budget(still: Scene) -> None:
    """Every signer is fresh and pays nothing: only the budget ends it."""
    system, users = still.pipeline.system, [signer(still) for _ in range(3)]
    by_address = {str(user.account.address): user for user in users}
    books = Spiteful(lambda order: take_back(still, by_address[order.owner], order))
    first = open_relayer(system, books)
    before = users[0].client.balance(first.address)
    assert hand_in(first, still, users[0].body()) == ""
    (failed,) = books.load_failed(0)
    lost = before - users[0].client.balance(first.address)
    assert 0 < lost <= failed.risk_wei and failed.standing is Standing.FAILED
    order = failed.id.hex()
    assert hand_in(first, still, users[0].body(3 * USD)) == "owner_barred"
    poor = open_relayer(system, books, terms=build_terms(system, greatest_loss_wei=2 * failed.risk_wei + lost // 2))
    assert hand_in(poor, still, users[1].body()) == ""
    assert hand_in(poor, still, users[2].body()) == "exhausted"
    assert before - users[0].client.balance(first.address) <= 2 * failed.risk_wei
    shown = replace(still.sources, relayer=poor)
    assert shown.relayer is not None and shown.relayer.books.find(bytes.fromhex(order)) == failed


class Late(MemoryBooks):
    """Books that do not know an order when they are first asked: it came twice at the same time."""

    is_late = False

    def find(self, id: bytes) -> RelayedOrder | None:
        if self.is_late:
            self.is_late = False
            return None
        return super().find(id)


@pytest.mark.parametrize("is_mined", [True, False])
def test_relayer__the_same_order_twice_at_once__sends_one_and_answers_both(still: Scene, is_mined: bool) -> None:
    system, user, books = still.pipeline.system, signer(still), Late()
    relayer = open_relayer(system, books)
    if not is_mined:
        kept = Spiteful(_stop)
        with pytest.raises(Stopped):
            hand_in(open_relayer(system, kept), still, user.body())
        books.keep(*kept.load_open())
    body = user.body()
    if is_mined:
        assert hand_in(relayer, still, body) == ""
    count, books.is_late = sent_by(relayer, still), True
    assert hand_in(relayer, still, body) == "" and not books.is_late
    assert sent_by(relayer, still) == count


def test_relayer__stopped_after_it_sent__knows_after_a_restart_and_sends_nothing_twice(still: Scene) -> None:
    system, user, books = still.pipeline.system, signer(still), MemoryBooks()
    stopped = open_relayer(system, books, start=lambda job: None)
    assert hand_in(stopped, still, user.body()) == ""
    (order,) = books.load_open()
    assert hand_in(stopped, still, user.body(3 * USD)) == "owner_busy"
    count = sent_by(stopped, still)
    again = open_relayer(system, books)
    again.look()
    assert books.find(order.id) == order.become(Standing.BROUGHT, order.tx_hash)
    assert sent_by(again, still) == count and not books.load_open()


def test_relayer__stopped_before_it_sent__sends_after_a_restart_unless_it_is_too_late(still: Scene) -> None:
    system, books = still.pipeline.system, MemoryBooks()
    relayer = open_relayer(system, books)
    orders: list[RelayedOrder] = []
    for _ in range(2):
        user, kept = signer(still), Spiteful(_stop)
        with pytest.raises(Stopped):
            hand_in(open_relayer(system, kept), still, user.body())
        orders += kept.load_open()
    waiting, late = orders[0], replace(orders[1], valid_before=1)
    books.keep(waiting)
    books.keep(late)
    relayer.look()
    found = [books.find(order.id) for order in orders]
    assert [order and order.standing for order in found] == [Standing.BROUGHT, Standing.FAILED]


def test_relayer__gas_is_far_dearer_after_a_restart__waits_until_it_costs_no_more_than_is_counted(
    still: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fee is of the time when the order came, and what may be lost in a day counts what it cost then."""
    books, user, kept = MemoryBooks(), signer(still), Spiteful(_stop)
    with pytest.raises(Stopped):
        hand_in(open_relayer(still.pipeline.system, kept), still, user.body())
    (order,) = kept.load_open()
    books.keep(order)
    relayer, price = open_relayer(still.pipeline.system, books), user.client.gas_price()
    count = sent_by(relayer, still)
    with monkeypatch.context() as patch:
        patch.setattr(user.client, "gas_price", lambda: 2 * price + order.risk_wei // order.gas)
        for _ in range(2):
            relayer.look()
            assert books.load_open() == [order] and sent_by(relayer, still) == count
    relayer.look()
    found = books.find(order.id)
    assert found is not None and found.standing is Standing.BROUGHT


def test_relayer__mined_in_vain_while_it_was_stopped__sends_nothing_again(still: Scene) -> None:
    system, user = still.pipeline.system, signer(still)
    books = Spiteful(lambda order: take_back(still, user, order))
    stopped = open_relayer(system, books, start=lambda job: None)
    assert hand_in(stopped, still, user.body()) == ""
    (order,) = books.load_open()
    count = sent_by(stopped, still)
    open_relayer(system, books).look()
    found = books.find(order.id)
    assert found is not None and found.standing is Standing.FAILED
    assert sent_by(stopped, still) == count


class Away(MemoryBooks):
    """Books in a database that does not answer for a while."""

    is_away = False

    def keep(self, order: RelayedOrder) -> None:
        if self.is_away:
            raise DatabaseFailed("the books", "away")
        super().keep(order)


def test_relayer__books_are_away_for_a_while__goes_on_with_its_orders(still: Scene) -> None:
    system, user, books = still.pipeline.system, signer(still), Away()
    assert hand_in(open_relayer(system, books, start=lambda job: None), still, user.body()) == ""
    (order,) = books.load_open()
    again, books.is_away = open_relayer(system, books), True
    again.look()
    assert books.find(order.id) == order
    books.is_away = False
    again.look()
    found = books.find(order.id)
    assert found is not None and found.standing is Standing.BROUGHT


def test_relayer__another_chain_does_not_answer__takes_orders_of_this_one(still: Scene) -> None:
    relayer = open_relayer(still.pipeline.system)
    for _ in range(CHECKED_AT_ONCE):
        relayer._checks[BSC].acquire()
    assert hand_in(relayer, still, signer(still).body()) == ""
    for _ in range(CHECKED_AT_ONCE):
        relayer._checks[POLYGON].acquire()
    assert hand_in(relayer, still, signer(still).body()) == "busy"


def test_relayer__another_owner_has_signed_the_same_order__says_so(still: Scene) -> None:
    relayer, user, other = open_relayer(still.pipeline.system), signer(still), signer(still)
    order = user.order()
    assert hand_in(relayer, still, other.body(order=order)) == ""
    assert hand_in(relayer, still, user.body(order=order)) == "wrong_order"
    assert hand_in(relayer, still, user.body(order=replace(order, deadline=order.deadline + 1))) == ""


class Stopped(BaseException):
    """The process ends here."""


def _stop(order: RelayedOrder) -> None:
    raise Stopped
