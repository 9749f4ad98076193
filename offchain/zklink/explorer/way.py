"""A swap's way as steps, each with the chain where it happens: what is done, what it waits for, what comes. Pure."""

from dataclasses import dataclass
from typing import Final

from zklink.schema.api.operations import BlockInfo
from zklink.schema.api.transfers import ReceiptInfo, Transfer

DONE, NOW, TODO, BAD = "done", "now", "todo", "bad"

WORDS_OF_HOW: Final = {
    "fill": "A broker has paid",
    "pay": "The bridge has paid",
    "refund": "The bridge has paid it back",
    "owe": "The transfer failed: the bridge owes it",
    "cancel": "Cancelled after a freeze, and paid back",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `state` is done, now, todo or bad; `chain` is None on layer 2; `receipt` is what shows it."""

    title: str
    state: str
    chain: int | None
    note: str = ""
    receipt: ReceiptInfo | None = None


def list_steps(transfer: Transfer, block: BlockInfo | None, primary: int) -> list[Step]:
    """The steps of a swap in their order. `block` is the one that decides it, None before."""
    payer = transfer.source if transfer.refund_reason else transfer.destination
    paid = {receipt.how: receipt for receipt in transfer.receipts}
    steps = [_ask(transfer)]
    if "cancel" in paid:
        return [*steps, Step("Cancelled and paid back", DONE, transfer.source, receipt=paid["cancel"])]
    steps.append(_decide(transfer))
    if "fill" in paid:
        steps.append(Step("Paid ahead by a broker", DONE, transfer.destination, _SETTLES, paid["fill"]))
    steps += _settle(block, primary, payer)
    if "fill" not in paid:
        steps.append(_pay(transfer, payer))
    return _mark_now(steps)


_SETTLES: Final = "The recipient has the money; what follows repays the broker."


def _ask(transfer: Transfer) -> Step:
    state = NOW if transfer.state == "seen" else DONE
    return Step("Asked", state, transfer.source, "Its transaction needs confirmations." if state == NOW else "")


def _decide(transfer: Transfer) -> Step:
    if transfer.block is None:
        return Step("Decided by a block", BAD if transfer.state == "stopped" else TODO, None)
    said = f"Refunded: {transfer.refund_reason}." if transfer.refund_reason else "The outcome is fixed."
    return Step("Decided by a block", DONE, None, said)


def _settle(block: BlockInfo | None, primary: int, payer: int) -> list[Step]:
    """Proof and acceptance on the primary, import and execution on the chain that pays."""
    there = {} if block is None else {place.chain: place.status for place in block.chains}
    is_proven = block is not None and block.is_proven
    steps = [
        Step("Proven", DONE if is_proven else TODO, None),
        Step("Accepted for good", _reached(there.get(primary), "accepted", "executed"), primary),
    ]
    if payer != primary:
        steps.append(Step("Imported", _reached(there.get(payer), "accepted", "executed"), payer))
    return [*steps, Step("Executed", _reached(there.get(payer), "executed"), payer)]


def _reached(status: str | None, *enough: str) -> str:
    return DONE if status in enough else TODO


def _pay(transfer: Transfer, payer: int) -> Step:
    title = "Refund shown by a receipt" if transfer.refund_reason else "Arrival shown by a receipt"
    receipt = next(iter(transfer.receipts), None)
    if receipt is None:
        return Step(title, TODO, payer)
    if receipt.how == "owe":
        return Step("Owed: the receiver pulls it", NOW, payer, WORDS_OF_HOW["owe"], receipt)
    return Step(title, DONE, payer, receipt=receipt)


def _mark_now(steps: list[Step]) -> list[Step]:
    """The first step that is still to come is the one that is waited for, unless one is marked already."""
    if any(step.state in (NOW, BAD) for step in steps):
        return steps
    at = next((place for place, step in enumerate(steps) if step.state == TODO), None)
    if at is None:
        return steps
    step = steps[at]
    return [*steps[:at], Step(step.title, NOW, step.chain, step.note, step.receipt), *steps[at + 1 :]]
