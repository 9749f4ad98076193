"""What an owner signs so that a relayer brings its swap, spelled: for its wallet (`eth_signTypedData_v4`), and as an
order of the Open Intents Framework, whose payload holds the same. Takes an order and where it goes; asks nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zklink.l1.contracts.bridge_structs import SwapOrder
from zklink.l1.contracts.entry import (
    EntryPlace,
    Relay,
    TypedData,
    build_authorization_data,
    build_permit2_data,
    compute_order_nonce,
)
from zklink.l1.contracts.permits import AUTHORIZATION_DOMAIN
from zklink.protocol.ids import ChainId
from zklink.schema.api import oif_signed


@dataclass(frozen=True, slots=True)
class UnsignedSwap:
    """A swap of `owner` for the entry of a chain, good before `valid_before` (UNIX seconds). `token` is the contract of
    the order's token.
    """

    chain: ChainId
    entry: EntryPlace
    token: str
    owner: str
    order: SwapOrder
    relay: Relay
    valid_before: int

    @property
    def total(self) -> int:
        """What the owner gives, in the token's L1 units."""
        return self.order.l1_amount + self.relay.relayer_fee

    @property
    def id(self) -> bytes:
        """The order's hash at this entry: the nonce of whatever is signed for it."""
        return compute_order_nonce(self.entry, self.order, self.owner, self.relay)

    def build_authorization(self, domain: Mapping[str, Any]) -> TypedData:
        """What is signed for the token, over the token's own domain."""
        return build_authorization_data(self.entry, domain, self.order, self.owner, self.relay, self.valid_before)

    def build_permit2(self) -> TypedData:
        """What is signed for Permit2. Its last second is the one before `valid_before`."""
        nonce, end = int.from_bytes(self.id, "big"), self.valid_before - 1
        return build_permit2_data(self.entry, self.token, self.order, self.owner, self.relay, nonce, end)


def spell_authorization(swap: UnsignedSwap, domain: Mapping[str, Any]) -> oif_signed.AuthorizationOrder:
    """The order of type `oif-3009-v0`."""
    data = swap.build_authorization(domain)
    message = data.message
    return oif_signed.AuthorizationOrder(
        type="oif-3009-v0",
        payload=oif_signed.AuthorizationPayload(
            signature_type="eip712",
            domain=oif_signed.AuthorizationDomain(**domain),
            primary_type="ReceiveWithAuthorization",
            message=oif_signed.AuthorizationMessage(
                owner=message["from"],
                to=message["to"],
                value=str(message["value"]),
                valid_after="0",
                valid_before=str(message["validBefore"]),
                nonce=f"0x{message['nonce'].hex()}",
            ),
            types=_list_types(data),
        ),
        metadata=oif_signed.AuthorizationMetadata(chain=swap.chain, swap=_spell_swap(swap)),
    )


def spell_permit2(swap: UnsignedSwap) -> oif_signed.Permit2Order:
    """The order of type `oif-escrow-v0`."""
    data = swap.build_permit2()
    permitted = data.message["permitted"]
    return oif_signed.Permit2Order(
        type="oif-escrow-v0",
        payload=oif_signed.Permit2Payload(
            signature_type="eip712",
            domain=oif_signed.Permit2Domain(**data.domain),
            primary_type="PermitWitnessTransferFrom",
            message=oif_signed.Permit2Message(
                permitted=oif_signed.Permissions(token=permitted["token"], amount=str(permitted["amount"])),
                spender=data.message["spender"],
                nonce=str(data.message["nonce"]),
                deadline=str(data.message["deadline"]),
                witness=_spell_swap(swap),
            ),
            types=_list_types(data),
        ),
        metadata=oif_signed.Permit2Metadata(chain=swap.chain, owner=swap.owner),
    )


def spell_for_wallet(data: TypedData) -> dict[str, Any]:
    """What is signed, as `eth_signTypedData_v4` takes it."""
    return {
        "types": _list_types(data),
        "primaryType": next(iter(data.types)),
        "domain": dict(data.domain),
        "message": _show_bytes(data.message),
    }


def _list_types(data: TypedData) -> dict[str, list[dict[str, str]]]:
    used = [{"name": name, "type": kind} for name, kind in AUTHORIZATION_DOMAIN.items() if name in data.domain]
    return {"EIP712Domain": used, **data.types}


def _show_bytes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _show_bytes(member) for name, member in value.items()}
    return f"0x{value.hex()}" if isinstance(value, bytes) else value


def _spell_swap(swap: UnsignedSwap) -> oif_signed.SwapWords:
    order, relay = swap.order, swap.relay
    return oif_signed.SwapWords(
        token_in=order.token_in,
        l1_amount=str(order.l1_amount),
        destination=order.destination,
        token_out=order.token_out,
        via=order.via,
        min_out=str(order.min_out),
        operator_fee=str(order.operator_fee),
        fill_fee=str(order.fill_fee),
        recipient=f"0x{order.recipient.hex()}",
        refund_to=str(order.refund_to),
        deadline=str(order.deadline),
        relayer_fee=str(relay.relayer_fee),
        relayer=relay.relayer,
    )
