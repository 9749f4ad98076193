"""Orders in the shape of the Open Intents Framework: signed ones, which the node's relayer brings to their chain, and
what became of any, the user's own transactions among them.
"""

from collections.abc import Mapping
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.answers.oif import find_scale, name_asset
from zklink.api.answers.oif_reading import read_signed_order
from zklink.api.answers.transfers import describe_transfer
from zklink.api.sources import Sources
from zklink.protocol.errors import RelayRefused, RequestRefused
from zklink.protocol.ids import ChainId, TokenId
from zklink.relayer.records import RelayedOrder, Standing
from zklink.schema.api import oif
from zklink.schema.api.scalars import read_bytes, show_bytes
from zklink.schema.api.transfers import Transfer, TransferStateName

OFF: Final = (
    f"this node brings no signed orders: ask for a quote of type {oif.USER_OPEN}, send its transaction, and look the"
    " order up by the transaction's hash"
)

STATUSES: Final[Mapping[TransferStateName, str]] = {
    "unknown": "created",
    "seen": "created",
    "queued": "pending",
    "stopped": "pending",
    "sealed": "pending",
    "accepted": "pending",
    "imported": "pending",
    "executed": "pending",
    "owed": "executed",
    "arrived": "finalized",
    "refunded": "refunded",
    "cancelled": "refunded",
}
"""Our states in the framework's words; only a receipt makes an order `finalized`."""


def answer_oif_submit(sources: Sources, request: oif.OifOrderRequest) -> oif.OifOrderResponse:
    try:
        if sources.relayer is None:
            raise RelayRefused("relay_off", OFF)
        order = sources.relayer.bring(read_signed_order(request))
    except RelayRefused as error:
        return oif.OifOrderResponse(status="rejected", message=error.detail, code=error.code)  # type: ignore[arg-type]
    return oif.OifOrderResponse(
        status="received", message="look it up at /v1/orders/{id}", order_id=show_bytes(order.id)
    )


def answer_oif_order(sources: Sources, request: oif.OifOrderById) -> oif.OifOrder:
    id = read_bytes("id", request.id, 32)
    relayed = None if sources.relayer is None else sources.relayer.books.find(id)
    tx_hash = id if relayed is None else relayed.tx_hash
    records = () if tx_hash is None else sources.history.transfers_by_hash(tx_hash)
    if not records and relayed is None:
        raise RequestRefused("not_found", "no chain has shown a swap of this transaction", {"id": request.id})
    if not records:
        return _describe_relayed(sources, relayed)  # type: ignore[arg-type]
    transfer = describe_transfer(sources, records[0])
    data = {"state": str(transfer.state)}
    return oif.OifOrder(
        id=request.id.lower(),
        status=STATUSES[transfer.state],  # type: ignore[arg-type]
        created_at=transfer.queued_at,
        updated_at=transfer.queued_at,
        input_amounts=[_show_amount(sources, transfer.source, transfer.token_in, transfer.amount)],
        output_amounts=_list_outputs(sources, transfer),
        settlement=oif.OifSettlement(type="escrow", data=data if relayed is None else data | _show_opening(relayed)),
        fill_transaction=_find_fill(transfer),
    )


def _describe_relayed(sources: Sources, order: RelayedOrder) -> oif.OifOrder:
    """An order that no chain shows yet, or that nobody brought in time."""
    asset = name_asset(sources, order.chain, order.token_in)
    return oif.OifOrder(
        id=show_bytes(order.id),
        status="failed" if order.standing is Standing.FAILED else "created",
        created_at=order.taken_at,
        updated_at=order.taken_at,
        input_amounts=[oif.OifAmount(asset=asset, amount=str(order.l1_amount))],
        output_amounts=[],
        settlement=oif.OifSettlement(type="escrow", data={"state": order.standing.value, **_show_opening(order)}),
    )


def _show_opening(order: RelayedOrder) -> dict[str, str]:
    """The transaction that opens a signed order, once it is known which one does."""
    if order.tx_hash is None or order.standing is not Standing.BROUGHT:
        return {}
    return {"opened_by": show_bytes(order.tx_hash)}


def _list_outputs(sources: Sources, transfer: Transfer) -> list[oif.OifAmount]:
    if transfer.amount_out is None:
        return []
    return [_show_amount(sources, transfer.destination, transfer.token_out, transfer.amount_out)]


def _show_amount(sources: Sources, chain: int, token: int, amount: str) -> oif.OifAmount:
    scale = find_scale(sources, ChainId(chain), TokenId(token)) or 1
    return oif.OifAmount(asset=name_asset(sources, ChainId(chain), TokenId(token)), amount=str(int(amount) * scale))


def _find_fill(transfer: Transfer) -> dict[str, str] | None:
    shown = next((receipt for receipt in transfer.receipts if receipt.how in ("fill", "pay")), None)
    return None if shown is None else {"chain": str(shown.chain), "hash": shown.tx_hash, "how": shown.how}


ANSWERS: Final[Mapping[str, Answerer]] = {
    "oif_submit": Answerer(answer_oif_submit, asks_chains=True),
    "oif_order": Answerer(answer_oif_order),
}
