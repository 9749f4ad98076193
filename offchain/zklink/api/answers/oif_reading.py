"""Signed orders of the Open Intents Framework, read: takes a request, gives what a relayer looks at, or says what is
malformed. Asks nobody, and believes nothing of it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import SwapOrder
from zklink.l1.contracts.entry import Relay
from zklink.protocol.errors import RelayRefused, RequestRefused
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.relayer.records import SignedSwap, Way
from zklink.schema.api import oif, oif_signed
from zklink.schema.api.scalars import read_bytes, read_units

TIME_LIMIT: Final = 2**40
_L1_LIMIT: Final = 2**128
_WORD_LIMIT: Final = 2**256
_SIGNATURE_BYTES: Final = 65


def read_signed_order(request: oif.OifOrderRequest) -> SignedSwap:
    """Raises RelayRefused."""
    kind = request.order.get("type")
    if kind not in (oif_signed.AUTHORIZATION, oif_signed.ESCROW):
        raise RelayRefused("order_type", f"signed orders are of type {oif_signed.AUTHORIZATION} or {oif_signed.ESCROW}")
    read = _read_authorization if kind == oif_signed.AUTHORIZATION else _read_permit2
    try:
        signature = msgspec.convert(request.signature, oif_signed.Signature)
        return read(request.order, read_bytes("signature", signature, _SIGNATURE_BYTES))
    except (msgspec.ValidationError, RequestRefused) as error:
        raise RelayRefused("malformed", str(error)) from error


def _read_authorization(given: Mapping[str, Any], signature: bytes) -> SignedSwap:
    order = msgspec.convert(given, oif_signed.AuthorizationOrder)
    domain, message, words = order.payload.domain, order.payload.message, order.metadata.swap
    return SignedSwap(
        way=Way.AUTHORIZATION,
        chain=ChainId(order.metadata.chain),
        order=_read_swap(words),
        relay=_read_relay(words),
        owner=to_checksum_address(message.owner),
        domain=msgspec.to_builtins(domain),
        token=domain.verifyingContract,
        entry=message.to,
        value=read_units("value", message.value, _WORD_LIMIT),
        nonce=read_bytes("nonce", message.nonce, 32),
        valid_before=read_units("validBefore", message.valid_before, TIME_LIMIT),
        signature=signature,
    )


def _read_permit2(given: Mapping[str, Any], signature: bytes) -> SignedSwap:
    order = msgspec.convert(given, oif_signed.Permit2Order)
    message = order.payload.message
    return SignedSwap(
        way=Way.PERMIT2,
        chain=ChainId(order.metadata.chain),
        order=_read_swap(message.witness),
        relay=_read_relay(message.witness),
        owner=to_checksum_address(order.metadata.owner),
        domain=msgspec.to_builtins(order.payload.domain),
        token=message.permitted.token,
        entry=message.spender,
        value=read_units("amount", message.permitted.amount, _WORD_LIMIT),
        nonce=read_units("nonce", message.nonce, _WORD_LIMIT).to_bytes(32, "big"),
        valid_before=read_units("deadline", message.deadline, TIME_LIMIT) + 1,
        signature=signature,
    )


def _read_swap(words: oif_signed.SwapWords) -> SwapOrder:
    return SwapOrder(
        token_in=TokenId(words.token_in),
        l1_amount=read_units("l1Amount", words.l1_amount, _L1_LIMIT),
        destination=ChainId(words.destination),
        token_out=TokenId(words.token_out),
        min_out=Amount(read_units("minOut", words.min_out)),
        operator_fee=Amount(read_units("operatorFee", words.operator_fee)),
        fill_fee=Amount(read_units("fillFee", words.fill_fee)),
        recipient=read_bytes("recipient", words.recipient, 32),
        deadline=read_units("deadline", words.deadline, TIME_LIMIT),
        refund_to=to_checksum_address(words.refund_to),
        via=TokenId(words.via),
    )


def _read_relay(words: oif_signed.SwapWords) -> Relay:
    return Relay(read_units("relayerFee", words.relayer_fee, _L1_LIMIT), to_checksum_address(words.relayer))
