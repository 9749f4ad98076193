"""Signed operations through the API: handed in, refused with their cause, waiting, in a block; orders in the book."""

from dataclasses import replace
from typing import Any

from tests.api.scene import Scene
from tests.scenarios.liquidity import FOREVER
from tests.scenarios.pipeline import POLYGON
from zklink.devnet.roles import layer2_key
from zklink.devnet.tokens import BTC, USDC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.registries import sign_key_change
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.order import Order
from zklink.operations.signed import Signable
from zklink.operations.transfer import Transfer
from zklink.protocol.ids import Amount, Nonce, OrderSlot
from zklink.protocol.signing import compute_public_key_hash
from zklink.schema.operations import encode_operation

USD = 10**6


class Owner:
    """The pools' provider, who has an account with a key and some dollars."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.pipeline = scene, scene.pipeline
        self.account = scene.pipeline.account(scene.pipeline.system.world.roles.provider)
        self.key = layer2_key(scene.pipeline.system.world.roles.provider)

    def transfer(self, amount: int = USD, **changes: Any) -> Transfer:
        recipient = universal_address(self.pipeline.system.world.roles.depositor.address)
        fee = Amount(self.pipeline.node.sequencer.parameters.terms.compute_least(10, USDC))
        made = Transfer(
            account=self.account,
            nonce=self.pipeline.nonce(self.account),
            valid_until=FOREVER,
            recipient=recipient,
            token=USDC,
            amount=Amount(amount),
            fee=fee,
        )
        return replace(made, **changes)

    def order(self, sell: tuple[Any, int], buy: tuple[Any, int], slot: int = 0) -> Order:
        rate = self.pipeline.node.sequencer.parameters.terms.compute_fee_rate(buy[0], buy[1])
        terms = Nonce(1), FOREVER, sell[0], buy[0], Amount(sell[1]), Amount(buy[1]), rate
        return Order(self.account, OrderSlot(slot), *terms)

    def encode(self, operation: Signable) -> dict[str, Any]:
        return encode_operation(self.pipeline.sign(operation, self.key))

    def submit(self, operation: Signable, **more: Any) -> tuple[int, Any]:
        response = self.scene.client.post("/v1/operations", json={"operation": self.encode(operation), **more})
        return response.status_code, response.json()


def test_submit__transfer__waits_and_is_executed_in_its_block(scene: Scene) -> None:
    owner = Owner(scene)
    status, answer = owner.submit(owner.transfer())
    assert status == 200
    operation = scene.get(f"/v1/operations/{answer['id']}")
    assert (operation["state"], operation["kind"], operation["account"]) == ("waiting", "Transfer", owner.account)
    nonces = scene.get(f"/v1/accounts/{owner.account}/nonce")
    assert nonces["next_nonce"] == nonces["nonce"] + 1
    assert scene.get("/v1/status")["waiting_operations"] == 1
    states: list[str] = []
    while states[-1:] != ["executed"]:
        scene.round()
        states.append(scene.get(f"/v1/operations/{answer['id']}")["state"])
    depositor = scene.pipeline.system.world.roles.depositor.address
    (account,) = scene.get("/v1/accounts", owner=depositor)["accounts"]
    assert {balance["token"]: balance["amount"] for balance in account["balances"]} == {USDC: str(USD)}
    block = scene.get(f"/v1/operations/{answer['id']}")["block"]
    assert scene.get(f"/v1/blocks/{block}")["operations"] == [answer["id"]]
    newest = scene.get("/v1/operations", account=owner.account, limit=1)["operations"][0]
    assert newest["id"] == answer["id"]


def test_submit__refused__the_error_of_the_package_with_its_data(scene: Scene) -> None:
    owner = Owner(scene)
    for operation, expected, field in (
        (owner.transfer(nonce=Nonce(999)), "WrongNonce", "expected"),
        (owner.transfer(amount=10**30), "BalanceTooSmall", "token"),
        (owner.transfer(fee=Amount(0)), "FeeTooLow", "least"),
        (owner.transfer(valid_until=5), "OperationExpired", "valid_until"),
    ):
        status, answer = owner.submit(operation)
        details = answer["error"]["details"]
        assert (status, answer["error"]["code"], details["error"]) == (422, "operation_refused", expected)
        assert field in details, details
    assert scene.get("/v1/status")["waiting_operations"] == 0


def test_submit__signature_of_another_key__refused(scene: Scene) -> None:
    owner = Owner(scene)
    owner.key = layer2_key(scene.pipeline.system.world.roles.depositor)
    status, answer = owner.submit(owner.transfer())
    assert (status, answer["error"]["code"]) == (422, "operation_refused")


def test_submit__twice__refused_as_pending_over_json_rpc_too(scene: Scene) -> None:
    owner = Owner(scene)
    transfer = owner.transfer()
    assert owner.submit(transfer)[0] == 200
    refused = scene.rpc("submit", {"operation": owner.encode(transfer)})["error"]
    assert (refused["code"], refused["data"]["details"]["error"]) == (-32020, "AlreadyPending")


def test_submit__unknown_field_missing_field_wrong_number__invalid_request(scene: Scene) -> None:
    owner = Owner(scene)
    good = owner.encode(owner.transfer())
    without = {name: value for name, value in good.items() if name != "amount"}
    for bad in ({**good, "colour": "1"}, without, {**good, "amount": "-1"}, {**good, "signature": ["1", "2"]}):
        response = scene.client.post("/v1/operations", json={"operation": bad})
        assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_request")


def test_submit__change_of_key__takes_the_owners_consent(scene: Scene) -> None:
    pipeline, owner = scene.pipeline, scene.pipeline.system.world.roles.depositor
    pipeline.deposit(POLYGON, USDC, 100 * USD, owner)
    pipeline.run_until(lambda: bool(scene.get("/v1/accounts", owner=owner.address)["accounts"]))
    account, key = pipeline.account(owner), layer2_key(owner)
    key_hash, hash = compute_public_key_hash(key.public_key), pipeline.system.deployment.deployment_hash
    chain, fee = pipeline.system.deployment.primary, pipeline.fee(ChangePubKey)
    change = ChangePubKey(account, Nonce(0), FOREVER, key_hash, chain, fee, USDC)
    consent = f"0x{sign_key_change(owner, hash, account, Nonce(0), key_hash, FOREVER).hex()}"
    encoded = encode_operation(pipeline.sign(change, key))

    def submit(consent: str) -> Any:
        return scene.client.post("/v1/operations", json={"operation": encoded, "consent": consent})

    assert submit("0x").json()["error"]["details"]["error"] == "ConsentMissing"
    assert submit("0x1234").json()["error"]["code"] == "invalid_request"
    assert submit(consent).status_code == 200
    pipeline.finish()
    assert scene.get(f"/v1/accounts/{account}")["has_key"]


def test_order_book__orders_of_two_sides__levels_best_first(scene: Scene) -> None:
    owner = Owner(scene)
    for slot, (sell, buy) in enumerate(
        [((USDC, 20 * USD), (BTC, 10**5)), ((USDC, 20 * USD), (BTC, 10**5)), ((USDC, 20 * USD), (BTC, 2 * 10**5))]
    ):
        status, answer = owner.submit(owner.order(sell, buy, slot))
        assert status == 200, answer
        assert scene.get(f"/v1/operations/{answer['id']}")["state"] == "resting"
    book = scene.get(f"/v1/order-book/{BTC}/{USDC}")
    assert book["asks"] == []
    assert [(level["orders"], level["amount"]) for level in book["bids"]] == [(2, str(40 * USD)), (1, str(20 * USD))]
    assert (book["bids"][0]["base_units"], book["bids"][0]["quote_units"]) == ("1", "200")
    turned = scene.get(f"/v1/order-book/{USDC}/{BTC}")
    assert [level["orders"] for level in turned["asks"]] == [2, 1] and turned["bids"] == []
    assert (turned["asks"][0]["base_units"], turned["asks"][0]["quote_units"]) == ("200", "1")
    orders = scene.get(f"/v1/accounts/{owner.account}")["orders"]
    assert [(order["slot"], order["filled"]) for order in orders] == [(0, "0"), (1, "0"), (2, "0")]


def test_fees__of_an_operation_and_of_an_order__those_that_the_operator_takes(scene: Scene) -> None:
    owner = Owner(scene)
    encoded = owner.encode(owner.transfer(fee=Amount(0)))
    unsigned = {name: value for name, value in encoded.items() if name not in ("public_key", "signature")}
    told = scene.client.post("/v1/fees", json={"operation": unsigned}).json()
    assert told["fee_token"] == USDC
    assert owner.submit(owner.transfer(fee=Amount(int(told["least_fee"]))))[0] == 200
    assert int(told["least_fee"]) > 0
    order = owner.encode(owner.order((USDC, 20 * USD), (BTC, 10**5)))
    unsigned = {name: value for name, value in order.items() if name not in ("public_key", "signature")}
    refused = scene.client.post("/v1/fees", json={"operation": unsigned}).json()
    assert refused["error"]["code"] == "invalid_request"  # an order has a rate
    rate = scene.get("/v1/fee-rate", token_buy=USDC, amount_buy=str(100 * USD))["least_fee_rate"]
    assert rate == scene.pipeline.node.sequencer.parameters.terms.compute_fee_rate(USDC, 100 * USD) > 0
    assert scene.refuse("/v1/fee-rate", token_buy=60_000, amount_buy="1") == (422, "operation_refused")
