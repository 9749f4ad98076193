"""Signed operations as typed JSON: the forms of `zklink.schema.operations`, made from the operations themselves.

Takes the dataclasses of `zklink.operations`; gives a structure for each, signed and unsigned, and the union of them, by
which requests are checked and documents made. Never checks a signature.
"""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, defstruct, to_builtins

from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.primitives.field import R as FIELD_MODULUS
from zklink.protocol.errors import MalformedOperation, RequestRefused
from zklink.protocol.ids import AMOUNT_LIMIT
from zklink.schema.api.scalars import (
    AccountNumber,
    Answer,
    BlockId,
    Bytes32,
    Cursor,
    Hex,
    Limit,
    Request,
    Units,
    read_bytes,
    read_units,
)
from zklink.schema.operations import BYTE_FIELDS, TYPES, decode_operation

SCALAR_FIELDS = frozenset({"public_key_hash"})
"""Fields that are elements of the circuits' field; every other number is below AMOUNT_LIMIT."""

Pair = Annotated[list[Units], Meta(min_length=2, max_length=2, description="A point of the curve: x, y.")]
Triple = Annotated[list[Units], Meta(min_length=3, max_length=3, description="A signature: r8.x, r8.y, s.")]


def _define(name: str, type_: type, is_signed: bool) -> type[Struct]:
    """The structure of one kind of operation."""
    members: list[Any] = [(field.name, Bytes32 if field.name in BYTE_FIELDS else Units) for field in fields(type_)]
    if is_signed:
        members += [("public_key", Pair), ("signature", Triple)]
    made = defstruct(
        ("Signed" if is_signed else "Unsigned") + name,
        members,
        tag=name,
        tag_field="type",
        frozen=True,
        forbid_unknown_fields=True,
    )
    made.__doc__ = f"{name}{' with its signature' if is_signed else ''}: numbers are decimal strings."
    return made


_SIGNED = {name: _define(name, type_, True) for name, type_ in TYPES.items()}
_UNSIGNED = {name: _define(name, type_, False) for name, type_ in TYPES.items() if type_ is not Order}
"""Those that pay a fee of their own; an order pays by its rate."""

if TYPE_CHECKING:
    SignedOperation = Any
    UnsignedOperation = Any
    SignedOrder = Any
else:
    SignedOrder = _SIGNED["Order"]

    class SignedOrderMatch(
        Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="OrderMatch", tag_field="type"
    ):
        """Two signed orders that somebody has paired. Without `amount_a` they trade as much as they can."""

        maker: SignedOrder
        taker: SignedOrder
        amount_a: Units | None

    SignedOperation = None
    for _made in (*_SIGNED.values(), SignedOrderMatch):
        SignedOperation = _made if SignedOperation is None else SignedOperation | _made
    UnsignedOperation = None
    for _made in _UNSIGNED.values():
        UnsignedOperation = _made if UnsignedOperation is None else UnsignedOperation | _made

OperationState = Annotated[
    Literal["unknown", "waiting", "resting", "sealed", "accepted", "executed", "dropped"],
    Meta(
        description=(
            "unknown: never seen, or forgotten in a restart before a block took it. waiting: for a block. resting: an"
            " order in the book. accepted: by the primary. executed: on every chain. dropped: it became impossible."
        )
    ),
]


class SubmitRequest(Request):
    """A signed operation, a signed order, or a match. `consent` is the owner's signature of a change of key."""

    operation: SignedOperation
    consent: Hex = "0x"


class Submitted(Answer):
    """The operator has taken it: it waits for a block, or rests in the book."""

    id: Bytes32


class OperationRequest(Request):
    """An operation by its id."""

    id: Bytes32


class OperationInfo(Answer):
    """What is known of one signed operation."""

    id: Bytes32
    state: OperationState
    kind: Annotated[str, Meta(description="Its type; empty while unknown.")]
    account: AccountNumber | None
    nonce: int | None
    block: BlockId | None
    reason: Annotated[str, Meta(description="Why it was dropped.")]


class OperationsRequest(Request):
    """The operations of an account, or of all."""

    account: AccountNumber | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class Operations(Answer):
    """A page, the newest first."""

    operations: list[OperationInfo]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


class BlocksRequest(Request):
    """A page of blocks."""

    cursor: Cursor | None = None
    limit: Limit = 20


class BlockRequest(Request):
    """A block by its number."""

    number: BlockId


class BlockOnChain(Answer):
    """How far a block is on one chain."""

    chain: int
    status: Literal["sealed", "accepted", "executed"]


class RequestRef(Answer):
    """A request of a chain's queue."""

    chain: int
    request_id: int


class BlockInfo(Answer):
    """One sealed block."""

    number: BlockId
    lane: Literal["swap", "account"]
    timestamp: int
    commitment: Bytes32
    root: Annotated[Units, Meta(description="The state root after it.")]
    is_proven: Annotated[bool, Meta(description="Whether this node has a proof, or a chain has accepted it.")]
    requests: list[RequestRef]
    operations: list[Bytes32]
    chains: list[BlockOnChain]


class Blocks(Answer):
    """A page, the newest first."""

    blocks: list[BlockInfo]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


def read_signed(operation: Any) -> Signed[Any] | OrderMatch:
    """The operation that a request holds. Raises RequestRefused."""
    try:
        return decode_operation(to_builtins(operation))
    except MalformedOperation as error:
        raise RequestRefused("invalid_request", str(error), {"field": "operation"}) from error


def read_unsigned(operation: Any) -> Any:
    """An operation without a signature. Raises RequestRefused."""
    given = to_builtins(operation)
    type_ = TYPES[given.pop("type")]
    return type_(**{name: _read_field(name, text) for name, text in given.items()})


def _read_field(name: str, text: str) -> int | bytes:
    if name in BYTE_FIELDS:
        return read_bytes(name, text, 32)
    return read_units(name, text, FIELD_MODULUS if name in SCALAR_FIELDS else AMOUNT_LIMIT)
