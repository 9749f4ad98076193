"""The life of a swap, by its transaction or its address."""

from collections.abc import Mapping, Sequence
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.answers.waiting import Names, describe_wait
from zklink.api.names import name_token
from zklink.api.sources import Sources
from zklink.history.transfer_record import FINAL_STATES, MoneyReceipt, TransferRecord, TransferState
from zklink.protocol.ids import ChainId
from zklink.schema.api import transfers
from zklink.schema.api.scalars import read_cursor, read_owner, read_tx_hash, show_cursor, show_tx_hash
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, BlockStatus

UNKNOWN_SECONDS: Final = 5
"""When to ask again for a transaction that no chain has shown."""

ORDER: Final = tuple(TransferState)
"""From the least advanced state to the final ones."""


def answer_transfer(sources: Sources, request: transfers.TransferRequest) -> transfers.TransferAnswer:
    records = sources.history.transfers_by_hash(read_tx_hash("tx_hash", request.tx_hash))
    if request.chain is not None:
        records = [record for record in records if record.request.source == request.chain]
    found = [describe_transfer(sources, record) for record in records]
    states = [transfer.state for transfer in found]
    waits = [transfer.wait.retry_after_seconds or 0 for transfer in found if not transfer.is_final]
    return transfers.TransferAnswer(
        tx_hash=show_tx_hash(read_tx_hash("tx_hash", request.tx_hash)),
        state=min(states, key=lambda name: ORDER.index(TransferState(name)), default="unknown"),
        is_final=bool(found) and not waits,
        retry_after_seconds=min(waits) if waits else None if found else UNKNOWN_SECONDS,
        transfers=found,
    )


def answer_transfers(sources: Sources, request: transfers.TransfersRequest) -> transfers.Transfers:
    owner, before = read_owner("address", request.address), read_cursor(request.cursor)
    page = sources.history.transfers_of(owner, before, request.limit)
    found = [describe_transfer(sources, record) for record in page.entries]
    return transfers.Transfers(transfers=found, next=show_cursor(page.next))


def find_state(sources: Sources, record: TransferRecord) -> TransferState:
    """The state of a swap as the chains are now."""
    is_frozen = sources.live.is_frozen(record.request.source)
    return record.state(sources.history.counters(), sources.primary, is_frozen)


def describe_transfer(sources: Sources, record: TransferRecord) -> transfers.Transfer:
    """One swap with its state and what it waits for."""
    request, deployment = record.request, sources.deployment
    state = find_state(sources, record)
    source, payer = sources.profiles[request.source], sources.profiles[record.paying_chain]
    names = Names(
        source.name,
        sources.profiles[sources.primary].name,
        payer.name,
        source.confirmations,
        max(1, round(min(source.block_time_seconds, payer.block_time_seconds))),
        record.paying_chain in deployment.programs,
        request.source in deployment.programs,
    )
    return transfers.Transfer(
        id=f"{request.source}-{request.request_id}",
        state=state.value,
        is_final=state in FINAL_STATES,
        wait=describe_wait(record, state, _is_consumed(sources, record), names),
        tx_hash=show_tx_hash(record.tx_hash),
        source=request.source,
        request_id=request.request_id,
        token_in=request.token_in,
        asset_in=name_token(deployment.deployment_hash, request.token_in),
        amount=str(request.amount),
        operator_fee=str(request.operator_fee),
        destination=request.destination,
        token_out=request.token_out,
        asset_out=name_token(deployment.deployment_hash, request.token_out),
        via=request.via,
        min_out=str(request.min_out),
        fill_fee=str(request.fill_fee),
        deadline=request.deadline,
        queued_at=request.queued_at,
        recipient=_name_owner(sources, request.destination, request.recipient),
        refund_to=_name_owner(sources, request.source, request.refund_to),
        block=record.block,
        amount_out=None if record.payout is None or record.is_refund else str(record.payout.amount),
        refund_reason="" if record.refund_reason is None else record.refund_reason.value,
        receipts=list(map(_describe_receipt, _order(record.receipts))),
    )


def _name_owner(sources: Sources, chain: ChainId, owner: bytes) -> str:
    """An owner on a chain in CAIP-10; a destination that the deployment does not have is chain 0."""
    place = sources.deployment.places.get(chain)
    return f"eip155:0:0x{owner.hex()}" if place is None else f"{place.caip2}:{place.show_address(owner)}"


def _is_consumed(sources: Sources, record: TransferRecord) -> bool:
    if record.block is None:
        return False
    counters = sources.history.counters().get(record.request.source, GENESIS_COUNTERS)
    return counters.status(record.block) is not BlockStatus.SEALED


def _order(receipts: Sequence[MoneyReceipt]) -> list[MoneyReceipt]:
    return sorted(receipts, key=lambda receipt: (receipt.chain, receipt.l1_block))


def _describe_receipt(receipt: MoneyReceipt) -> transfers.ReceiptInfo:
    return transfers.ReceiptInfo(
        how=receipt.how.value,
        chain=receipt.chain,
        tx_hash=show_tx_hash(receipt.tx_hash),
        l1_block=receipt.l1_block,
        receiver=receipt.receiver,
        amount=str(receipt.amount),
    )


ANSWERS: Final[Mapping[str, Answerer]] = {
    "transfer": Answerer(answer_transfer),
    "transfers": Answerer(answer_transfers),
}
