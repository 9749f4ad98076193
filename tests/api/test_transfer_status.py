"""The status of a swap by the hash of its transaction alone, from the first glimpse to the receipt of the money."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.scenarios.pipeline import AVALANCHE, BSC, POLYGON
from zklink.api.answers.waiting import Names, describe_wait
from zklink.devnet.tokens import BTC, USDC
from zklink.history.transfer_record import TransferState
from zklink.transition.swap import compute_out

USD = 10**6


def test_transfer__hash_that_no_chain_shows__unknown_and_when_to_ask_again(scene: Scene) -> None:
    found = scene.get(f"/v1/transfers/0x{'ab' * 32}")
    assert (found["state"], found["is_final"], found["transfers"]) == ("unknown", False, [])
    assert found["retry_after_seconds"] > 0


def test_transfer__swap_to_another_chain__every_state_and_arrived_only_with_the_receipt(scene: Scene) -> None:
    key = scene.pipeline.swap(POLYGON, USDC, 1_000 * USD, (BSC, BTC))
    scene.read()
    tx_hash = scene.tx_hash(key)
    states = scene.follow(tx_hash, "arrived")
    assert states[:2] == ["seen", "queued"] or states[:2] == ["seen", "sealed"]
    assert states[-2:] == ["executed", "arrived"]
    answer = scene.get(f"/v1/transfers/{tx_hash}")
    transfer = answer["transfers"][0]
    pool = scene.pipeline.pool(USDC, BTC)
    out = compute_out(1_000 * USD, *pool.oriented(USDC, BTC), pool.fee)
    assert (transfer["amount_out"], transfer["refund_reason"]) == (str(out), "")
    paid = transfer["receipts"][0]
    assert (paid["how"], paid["chain"], paid["amount"]) == ("pay", BSC, str(out * 10**10))
    assert answer["is_final"] and answer["retry_after_seconds"] is None
    assert transfer["wait"]["waits_for"] == "" and transfer["wait"]["who_can_act"] == []
    assert transfer["recipient"].startswith("eip155:56:0x")


def test_transfer__every_state_before_the_end__says_what_it_waits_for_and_until_when(scene: Scene) -> None:
    key = scene.pipeline.swap(POLYGON, USDC, 1_000 * USD, (BSC, BTC))
    scene.read()
    tx_hash = scene.tx_hash(key)
    seen: set[str] = set()
    while (answer := scene.get(f"/v1/transfers/{tx_hash}"))["state"] != "arrived":
        transfer = answer["transfers"][0]
        wait, seen = transfer["wait"], seen | {transfer["state"]}
        assert wait["waits_for"] and wait["who_can_act"] and wait["what_they_can_do"]
        assert answer["retry_after_seconds"] >= 1
        if transfer["block"] is None:
            assert wait["refund_after"] == transfer["deadline"]
            assert wait["over_by"] == wait["freeze_from"] + 86_400 == transfer["queued_at"] + 4 * 86_400
        scene.round()
    assert len(seen) >= 3


def test_transfer__a_broker_fills__arrived_before_the_block_is_executed(scene: Scene) -> None:
    scene.pipeline.approve_broker((POLYGON, USDC))
    key = scene.pipeline.swap(BSC, USDC, 50 * USD, (POLYGON, USDC), fill_fee=USD)
    scene.read()
    states = scene.follow(scene.tx_hash(key), "arrived")
    assert "executed" not in states
    receipts = scene.get(f"/v1/transfers/{scene.tx_hash(key)}")["transfers"][0]["receipts"]
    assert receipts[0]["how"] == "fill"
    assert receipts[0]["amount"] == str(49 * USD)


def test_transfer__below_min_out__refunded_with_the_reason_and_a_receipt_of_the_source(scene: Scene) -> None:
    key = scene.pipeline.swap(POLYGON, USDC, 100 * USD, (BSC, BTC), min_out=10**12)
    scene.read()
    scene.follow(scene.tx_hash(key), "refunded")
    transfer = scene.get(f"/v1/transfers/{scene.tx_hash(key)}")["transfers"][0]
    assert transfer["refund_reason"] == "the output is less than min_out and the fill fee"
    assert (transfer["amount_out"], transfer["receipts"][0]["how"]) == (None, "refund")
    assert transfer["receipts"][0]["chain"] == POLYGON


def test_transfer__primary_halted__waits_for_it_by_name(scene: Scene) -> None:
    scene.pipeline.halt(AVALANCHE)
    key = scene.pipeline.swap(POLYGON, USDC, 100 * USD, (BSC, BTC))
    scene.read()
    scene.follow(scene.tx_hash(key), "sealed")
    scene.round(4)
    wait = scene.get(f"/v1/transfers/{scene.tx_hash(key)}")["transfers"][0]["wait"]
    assert "avalanche" in wait["waits_for"] and "operator" in wait["who_can_act"]


def test_transfer__removed_by_a_reorganisation__unknown_again(scene: Scene) -> None:
    scene.pipeline.system.world[POLYGON].mine(40)
    key = scene.pipeline.swap(POLYGON, USDC, 100 * USD, (BSC, BTC))
    scene.read()
    tx_hash = scene.tx_hash(key)
    assert scene.get(f"/v1/transfers/{tx_hash}")["state"] == "seen"
    scene.pipeline.system.world[POLYGON].reorg(1, [])
    scene.pipeline.system.world[POLYGON].mine()
    scene.read()
    assert scene.get(f"/v1/transfers/{tx_hash}")["state"] == "unknown"


def test_transfers__of_an_address__newest_first_in_pages(scene: Scene) -> None:
    for amount in (10, 20, 30):
        scene.pipeline.swap(POLYGON, USDC, amount * USD, (BSC, USDC))
    scene.round(6)
    address = scene.pipeline.system.world.roles.recipient.address
    first = scene.get("/v1/transfers", address=address, limit=2)
    second = scene.get("/v1/transfers", address=f"eip155:56:{address}", limit=2, cursor=first["next"])
    amounts = [transfer["amount"] for page in (first, second) for transfer in page["transfers"]]
    assert amounts == [str(amount * USD) for amount in (30, 20, 10)]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("is_program", "said"), [(True, "finality on source"), (False, "2 confirmations on source")], ids=["program", "evm"]
)
def test_wait__what_is_seen__waits_for_what_counts_on_its_chain(is_program: bool, said: str) -> None:
    record: Any = SimpleNamespace(request=SimpleNamespace(queued_at=1, deadline=2), block=None)
    names = Names("source", "primary", "payer", 2, 1, is_from_program=is_program)
    assert describe_wait(record, TransferState.SEEN, False, names).waits_for == said
