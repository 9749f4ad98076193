"""Signed operations and matches as JSON values, and back without loss: the form in which they are journalled and handed
in.

An operation is an object with its kind's name and its fields: numbers are decimal strings (they exceed 2^53), bytes are
hexadecimal with 0x. A change of key carries its owner's `consent` beside it. Never checks an operation.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signed
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.babyjubjub import Point
from zklink.primitives.eddsa import Signature
from zklink.protocol.errors import MalformedOperation

Json = dict[str, Any]

TYPES: Final[Mapping[str, type]] = {
    type_.__name__: type_
    for type_ in (
        Transfer,
        Withdraw,
        ForcedExit,
        ChangePubKey,
        ClaimFees,
        CreatePool,
        AddLiquidity,
        RemoveLiquidity,
        PoolSwap,
        Order,
    )
}
MATCH: Final = OrderMatch.__name__
BYTE_FIELDS: Final = frozenset({"recipient"})
"""Fields that are 32 bytes; every other one is a number."""


def encode_operation(operation: Signed[Any] | OrderMatch) -> Json:
    """A JSON object that `decode_operation` reads back as an equal one."""
    if isinstance(operation, OrderMatch):
        amount = None if operation.amount_a is None else str(operation.amount_a)
        sides = {"maker": encode_operation(operation.maker), "taker": encode_operation(operation.taker)}
        return {"type": MATCH, **sides, "amount_a": amount}
    signed, signature = operation.operation, operation.signature
    values = {field.name: _encode_field(getattr(signed, field.name)) for field in fields(signed)}
    return {
        "type": type(signed).__name__,
        **values,
        "public_key": _encode_point(operation.public_key),
        "signature": [*_encode_point(signature.r8), str(signature.s)],
    }


def decode_operation(data: Json) -> Signed[Any] | OrderMatch:
    """Read the JSON of `encode_operation`; MalformedOperation for anything else."""
    try:
        if data["type"] != MATCH:
            return _decode_signed(data)
        maker, taker = _decode_signed(data["maker"]), _decode_signed(data["taker"])
        if not (isinstance(maker.operation, Order) and isinstance(taker.operation, Order)):
            raise ValueError("a match is of two orders")
        _check_names(data, {"maker", "taker", "amount_a"})
        return OrderMatch(maker, taker, None if data["amount_a"] is None else _decode_number(data["amount_a"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedOperation(f"{type(error).__name__}: {error}") from error


def _decode_signed(data: Json) -> Signed[Any]:
    type_ = TYPES[data["type"]]
    names = {field.name for field in fields(type_)}
    _check_names(data, {*names, "public_key", "signature"})
    operation = type_(**{name: _decode_field(name, data[name]) for name in names})
    key_x, key_y = data["public_key"]
    r_x, r_y, s = data["signature"]
    return Signed(operation, _decode_point(key_x, key_y), Signature(_decode_point(r_x, r_y), _decode_number(s)))


def _check_names(data: Json, expected: set[str]) -> None:
    if data.keys() != {"type", *expected}:
        raise ValueError(f"its fields are {', '.join(sorted(expected))}")


def _encode_field(value: int | bytes) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(int(value))


def _decode_field(name: str, text: str) -> Any:
    if name not in BYTE_FIELDS:
        return _decode_number(text)
    if not text.startswith("0x"):
        raise ValueError(f"{name} is hexadecimal, with 0x")
    return bytes.fromhex(text[2:])


def _encode_point(point: Point) -> list[str]:
    return [str(point.x), str(point.y)]


def _decode_point(x: str, y: str) -> Point:
    return Point(_decode_number(x), _decode_number(y))


def _decode_number(text: str) -> Any:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is not a number")
    return int(text)
