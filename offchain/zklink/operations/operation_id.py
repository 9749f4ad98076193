"""The ids of signed operations, signed orders and matches of two orders. Pure."""

from typing import Any

from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import FieldOutOfRange
from zklink.protocol.ids import AMOUNT_BITS, AMOUNT_LIMIT

OperationId = bytes
"""Identifies a signed operation or a match in one deployment: 32 bytes."""


def compute_id(operation: Signed[Any] | OrderMatch, domain: int) -> OperationId:
    """The id of an operation or match. Raises the errors of its message: FieldOutOfRange, FeeNotPackable,
    WrongAddressLength.
    """
    if isinstance(operation, OrderMatch):
        amount = 0 if operation.amount_a is None else operation.amount_a
        if not 0 <= amount < AMOUNT_LIMIT:
            raise FieldOutOfRange("order match", "amount_a", amount, AMOUNT_BITS)
        orders = operation.maker, operation.taker
        return keccak_words(*(compute_order_id(order, domain) for order in orders), amount)
    return int(operation.operation.message(domain)).to_bytes(32, "big")


def compute_order_id(order: Signed[Order], domain: int) -> OperationId:
    """The id of a signed order. Raises FieldOutOfRange."""
    return order.operation.message(domain).to_bytes(32, "big")
