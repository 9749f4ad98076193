"""Signed operations: handing them in, what became of them, their fees; and blocks."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from zklink.api.answers.answerer import Answerer
from zklink.api.sources import Sources
from zklink.history.read_model import BlockEntry, OperationEntry
from zklink.protocol.errors import MalformedOperation, RequestRefused, SequencerReplaying, ZkLinkError
from zklink.protocol.ids import AccountId, BlockNumber, Lane, TokenId
from zklink.schema.api import operations, trading
from zklink.schema.api.scalars import read_bytes, read_cursor, read_units, show_bytes, show_cursor
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, BlockStatus, Counters

CONSENT_BYTES: Final = 65


def answer_submit(sources: Sources, request: operations.SubmitRequest) -> operations.Submitted:
    operation = operations.read_signed(request.operation)
    consent = read_bytes("consent", request.consent)
    if len(consent) not in (0, CONSENT_BYTES):
        raise RequestRefused("invalid_request", f"consent must be {CONSENT_BYTES} bytes or empty", {"field": "consent"})
    try:
        return operations.Submitted(id=show_bytes(sources.node.submit(operation, consent)))
    except ZkLinkError as error:
        raise describe_refusal(error) from error


def describe_refusal(error: ZkLinkError) -> RequestRefused:
    """The operator's refusal, with the error's own name and data."""
    if isinstance(error, SequencerReplaying):
        return RequestRefused("not_ready", str(error))
    if isinstance(error, MalformedOperation):
        return RequestRefused("invalid_request", str(error), {"field": "operation"})
    details = {"error": type(error).__name__}
    if is_dataclass(error):
        details |= {field.name: _show(getattr(error, field.name)) for field in fields(error)}
    return RequestRefused("operation_refused", str(error), details)


def _show(value: Any) -> str:
    return show_bytes(value) if isinstance(value, bytes) else str(value)


def answer_operation(sources: Sources, request: operations.OperationRequest) -> operations.OperationInfo:
    id = read_bytes("id", request.id, 32)
    entry = sources.history.operation(id)
    return _describe_unknown(id) if entry is None else describe_operation(sources, entry)


def answer_operations(sources: Sources, request: operations.OperationsRequest) -> operations.Operations:
    account = None if request.account is None else AccountId(request.account)
    page = sources.history.operations(account, read_cursor(request.cursor), request.limit)
    found = [describe_operation(sources, entry) for entry in page.entries]
    return operations.Operations(operations=found, next=show_cursor(page.next))


def _describe_unknown(id: bytes) -> operations.OperationInfo:
    return operations.OperationInfo(
        id=show_bytes(id), state="unknown", kind="", account=None, nonce=None, block=None, reason=""
    )


def describe_operation(sources: Sources, entry: OperationEntry) -> operations.OperationInfo:
    """One operation with its state."""
    return operations.OperationInfo(
        id=show_bytes(entry.id),
        state=_find_state(sources, entry),
        kind=entry.kind,
        account=entry.account,
        nonce=entry.nonce,
        block=entry.block,
        reason=entry.reason,
    )


def _find_state(sources: Sources, entry: OperationEntry) -> Any:
    if entry.reason:
        return "dropped"
    if entry.block is None:
        return "resting" if entry.kind == "Order" else "waiting"
    counters = _read_counters(sources)
    if all(there.executed >= entry.block for there in counters.values()):
        return "executed"
    return "accepted" if counters[sources.primary].accepted >= entry.block else "sealed"


def _read_counters(sources: Sources) -> dict[int, Counters]:
    known = sources.history.counters()
    return {chain: known.get(chain, GENESIS_COUNTERS) for chain in sorted(sources.profiles)}


def answer_blocks(sources: Sources, request: operations.BlocksRequest) -> operations.Blocks:
    page = sources.history.blocks(read_cursor(request.cursor), request.limit)
    found = [describe_block(sources, entry) for entry in page.entries]
    return operations.Blocks(blocks=found, next=show_cursor(page.next))


def answer_block(sources: Sources, request: operations.BlockRequest) -> operations.BlockInfo:
    entry = sources.history.block(BlockNumber(request.number))
    if entry is None:
        raise RequestRefused("not_found", f"there is no block {request.number}", {"number": str(request.number)})
    return describe_block(sources, entry)


def describe_block(sources: Sources, entry: BlockEntry) -> operations.BlockInfo:
    """One block, and how far it is on every chain."""
    counters = _read_counters(sources)
    return operations.BlockInfo(
        number=entry.number,
        lane="swap" if entry.lane is Lane.SWAP else "account",
        timestamp=entry.timestamp,
        commitment=show_bytes(entry.commitment),
        root=str(entry.root),
        is_proven=entry.is_proven or counters[sources.primary].status(entry.number) is not BlockStatus.SEALED,
        requests=[operations.RequestRef(chain=chain, request_id=id) for chain, id in entry.requests],
        operations=list(map(show_bytes, entry.operations)),
        chains=[
            operations.BlockOnChain(chain=chain, status=there.status(entry.number).name.lower())  # type: ignore[arg-type]
            for chain, there in counters.items()
        ],
    )


def answer_fees(sources: Sources, request: trading.FeesRequest) -> trading.FeesAnswer:
    operation = operations.read_unsigned(request.operation)
    if sources.find_token(operation.fee_token) is None:
        raise RequestRefused("invalid_request", "the fee's token is none of this deployment", {"field": "operation"})
    try:
        least = sources.node.sequencer.compute_least_fee(operation)
    except ZkLinkError as error:
        raise describe_refusal(error) from error
    return trading.FeesAnswer(least_fee=str(least), fee_token=operation.fee_token)


def answer_fee_rate(sources: Sources, request: trading.FeeRateRequest) -> trading.FeeRateAnswer:
    amount = read_units("amount_buy", request.amount_buy)
    try:
        terms = sources.node.sequencer.parameters.terms
        return trading.FeeRateAnswer(least_fee_rate=terms.compute_fee_rate(TokenId(request.token_buy), amount))
    except ZkLinkError as error:
        raise describe_refusal(error) from error


ANSWERS: Final[Mapping[str, Answerer]] = {
    "submit": Answerer(answer_submit, on_node=True),
    "operation": Answerer(answer_operation),
    "operations": Answerer(answer_operations),
    "blocks": Answerer(answer_blocks),
    "block": Answerer(answer_block),
    "fees": Answerer(answer_fees, on_node=True),
    "fee_rate": Answerer(answer_fee_rate),
}
