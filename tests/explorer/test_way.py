"""A swap's steps: what is done, what is waited for, what comes."""

from typing import Any

import pytest

from tests.explorer.busy import Busy
from zklink.explorer.way import Step, list_steps
from zklink.schema.api.operations import BlockInfo, BlockOnChain
from zklink.schema.api.transfers import ReceiptInfo, Transfer, WaitInfo

WAIT = WaitInfo(
    waits_for="", who_can_act=[], what_they_can_do="", refund_after=None, freeze_from=None, over_by=None,
    retry_after_seconds=None,
)  # fmt: skip


def make_transfer(**changes: Any) -> Transfer:
    values: dict[str, Any] = {
        "id": "2-1", "state": "sealed", "is_final": False, "wait": WAIT, "tx_hash": "0x", "source": 2, "request_id": 1,
        "token_in": 1, "asset_in": "", "amount": "5", "operator_fee": "0", "destination": 3, "token_out": 7,
        "asset_out": "", "via": 0, "min_out": "0", "fill_fee": "0", "deadline": 9, "queued_at": 1, "recipient": "",
        "refund_to": "", "block": 1, "amount_out": "4", "refund_reason": "", "receipts": [],
    }  # fmt: skip
    return Transfer(**values | changes)


def make_block(is_proven: bool = False, **there: str) -> BlockInfo:
    chains = [BlockOnChain(chain=id, status=there.get(f"on_{id}", "sealed")) for id in (1, 2, 3, 4)]  # type: ignore[arg-type]
    return BlockInfo(
        number=1, lane="swap", timestamp=2, commitment="0x", root="0", is_proven=is_proven, requests=[], operations=[],
        chains=chains,
    )  # fmt: skip


def receipt(how: Any, chain: int) -> ReceiptInfo:
    return ReceiptInfo(how=how, chain=chain, tx_hash="0x", l1_block=7, receiver="", amount="4")


def states(steps: list[Step]) -> list[tuple[str, str]]:
    return [(step.title.split(" ")[0], step.state) for step in steps]


@pytest.mark.parametrize(
    ("transfer", "block", "expected"),
    [
        (
            make_transfer(state="seen", block=None),
            None,
            "Asked now, Decided todo, Proven todo, Accepted todo, Imported todo, Executed todo, Arrival todo",
        ),
        (
            make_transfer(state="queued", block=None),
            None,
            "Asked done, Decided now, Proven todo, Accepted todo, Imported todo, Executed todo, Arrival todo",
        ),
        (
            make_transfer(state="stopped", block=None),
            None,
            "Asked done, Decided bad, Proven todo, Accepted todo, Imported todo, Executed todo, Arrival todo",
        ),
        (
            make_transfer(),
            make_block(),
            "Asked done, Decided done, Proven now, Accepted todo, Imported todo, Executed todo, Arrival todo",
        ),
        (
            make_transfer(),
            make_block(True, on_4="accepted"),
            "Asked done, Decided done, Proven done, Accepted done, Imported now, Executed todo, Arrival todo",
        ),
        (
            make_transfer(),
            make_block(True, on_4="executed", on_3="executed"),
            "Asked done, Decided done, Proven done, Accepted done, Imported done, Executed done, Arrival now",
        ),
        (
            make_transfer(receipts=[receipt("fill", 3)]),
            make_block(True),
            "Asked done, Decided done, Paid done, Proven done, Accepted now, Imported todo, Executed todo",
        ),
        (
            make_transfer(receipts=[receipt("owe", 3)]),
            make_block(True, on_4="executed", on_3="executed"),
            "Asked done, Decided done, Proven done, Accepted done, Imported done, Executed done, Owed: now",
        ),
        (
            make_transfer(refund_reason="too little", receipts=[receipt("refund", 2)]),
            make_block(True, on_4="executed", on_2="executed"),
            "Asked done, Decided done, Proven done, Accepted done, Imported done, Executed done, Refund done",
        ),
        (make_transfer(block=None, receipts=[receipt("cancel", 2)]), None, "Asked done, Cancelled done"),
        (
            make_transfer(destination=4),
            make_block(True, on_4="accepted"),
            "Asked done, Decided done, Proven done, Accepted done, Executed now, Arrival todo",
        ),
    ],
)
def test_list_steps__of_a_state__what_is_done_and_waited_for(
    transfer: Transfer, block: BlockInfo | None, expected: str
) -> None:
    found = ", ".join(f"{title} {state}" for title, state in states(list_steps(transfer, block, 4)))
    assert found == expected


def test_list_steps__of_real_swaps__are_done_when_they_are_final(busy: Busy) -> None:
    client = busy.scene.client
    for key, word in ((busy.arrived, "Arrived"), (busy.refunded, "Refunded")):
        text = client.get(f"/requests/{key[0]}-{key[1]}").text
        assert (word in text, 'class="todo"' in text, 'class="now"' in text) == (True, False, False)
    text = client.get(f"/requests/{busy.filled[0]}-{busy.filled[1]}").text
    assert "Paid ahead by a broker" in text and "Arrived" in text and "What it waits for" not in text
    text = client.get(f"/transfers/{busy.tx_hash(busy.waiting)}").text
    assert text.count('class="now"') == 1
    assert "What it waits for" in text and "confirmations on polygon" in text
