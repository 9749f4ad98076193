"""What a wallet can sign for an entry contract, so that somebody else brings its swap: an authorization of EIP-3009
where the token takes those, else a transfer by Permit2 where the owner has allowed Permit2 the token.

Takes an order and where it goes; gives what is signed, what is posted to a node, and whether a transaction of the chain
brought exactly this order. Only asks the chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from zklink.client.chain_rpc import Mined
from zklink.client.contract_calls import ENTRY, TOKEN, WORD_BYTES, encode_call
from zklink.client.permits import find_domains
from zklink.client.session import Place
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, SwapOrder
from zklink.l1.contracts.entry import (
    EntryPlace,
    Relay,
    TypedData,
    build_authorization_data,
    build_permit2_data,
    compute_order_nonce,
)
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import CallReverted, PermitNotOffered
from zklink.schema.api import oif_signed
from zklink.schema.api.oif import OifOrderRequest

ENTERED: Final = keccak256(b"Entered(address,uint8,uint64,address,uint256,uint256,address)")
USED: Final = keccak256(b"AuthorizationUsed(address,bytes32)")
_NONCE_STATE: Final = "authorizationState(address,bytes32)"
_DOMAIN: Final = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
_NAMED_WORDS: Final = 11 + 2 + 1
"""The words of a call that name the order, the relay and the owner."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A swap of `owner` for the entry of a chain, good before `valid_before` (UNIX seconds)."""

    place: Place
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


@dataclass(frozen=True, slots=True)
class AuthorizationWay:
    """The owner signs for the token itself, over the token's `domain`."""

    wanted: Wanted
    domain: Mapping[str, Any]

    def build_data(self) -> dict[str, Any]:
        """What the owner signs, as `eth_signTypedData_v4` takes it."""
        return _spell(self._data())

    def build_request(self, signature: bytes) -> OifOrderRequest:
        """What a node takes."""
        message, wanted = self._data().message, self.wanted
        signed = oif_signed.AuthorizationOrder(
            type="oif-3009-v0",
            payload=oif_signed.AuthorizationPayload(
                signature_type="eip712",
                domain=oif_signed.AuthorizationDomain(**self.domain),
                primary_type="ReceiveWithAuthorization",
                message=oif_signed.AuthorizationMessage(
                    owner=message["from"],
                    to=message["to"],
                    value=str(message["value"]),
                    valid_after="0",
                    valid_before=str(message["validBefore"]),
                    nonce=f"0x{message['nonce'].hex()}",
                ),
            ),
            metadata=oif_signed.AuthorizationMetadata(chain=wanted.place.id, swap=_spell_order(wanted)),
        )
        return OifOrderRequest(order=msgspec.to_builtins(signed), signature=f"0x{signature.hex()}")

    async def is_brought_by(self, tx_hash: str) -> bool:
        """Whether this transaction brought the order: the entry shows its owner, the token its nonce."""
        mined, owner = await self.wanted.place.rpc.receipt(tx_hash), _word(self.wanted.owner)
        return _has_entered(mined, self.wanted) and _shows(mined, self.wanted.token, USED, owner, self.wanted.id)

    def _data(self) -> TypedData:
        wanted = self.wanted
        return build_authorization_data(
            wanted.entry, self.domain, wanted.order, wanted.owner, wanted.relay, wanted.valid_before
        )


@dataclass(frozen=True, slots=True)
class Permit2Way:
    """The owner signs for Permit2, with the order as witness and the order's hash as nonce."""

    wanted: Wanted

    def build_data(self) -> dict[str, Any]:
        """What the owner signs, as `eth_signTypedData_v4` takes it."""
        return _spell(self._data())

    def build_request(self, signature: bytes) -> OifOrderRequest:
        """What a node takes."""
        data, wanted = self._data(), self.wanted
        permitted = data.message["permitted"]
        signed = oif_signed.Permit2Order(
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
                    witness=_spell_order(wanted),
                ),
            ),
            metadata=oif_signed.Permit2Metadata(chain=wanted.place.id, owner=wanted.owner),
        )
        return OifOrderRequest(order=msgspec.to_builtins(signed), signature=f"0x{signature.hex()}")

    async def is_brought_by(self, tx_hash: str) -> bool:
        """Whether this transaction brought the order: it is a call of the entry with it, and the entry shows its owner.
        Permit2 itself shows nothing.
        """
        wanted = self.wanted
        sent = await wanted.place.rpc.sent_call(tx_hash)
        nothing: tuple[object, ...] = (0, 0, b"")
        arguments = wanted.order.abi(wanted.owner), wanted.relay.abi(), wanted.owner, nothing, NO_ADDRESS
        size = 4 + _NAMED_WORDS * WORD_BYTES
        if sent is None or sent[0] != wanted.entry.entry:
            return False
        is_this = sent[1][:size] == encode_call(ENTRY["swap_with_permit2"], *arguments)[:size]
        return is_this and _has_entered(await wanted.place.rpc.receipt(tx_hash), wanted)

    def _data(self) -> TypedData:
        wanted = self.wanted
        nonce = int.from_bytes(wanted.id, "big")
        return build_permit2_data(
            wanted.entry, wanted.token, wanted.order, wanted.owner, wanted.relay, nonce, wanted.valid_before - 1
        )


SignedWay = AuthorizationWay | Permit2Way


async def choose_way(wanted: Wanted) -> SignedWay:
    """The way that token, chain and owner allow; nothing has to be sent for it. Raises PermitNotOffered."""
    refusal = "its domain is none of those known"
    try:
        await wanted.place.rpc.read(wanted.token, _NONCE_STATE, "bool", wanted.owner, wanted.id)
        domains = await find_domains(wanted.place, wanted.token)
        domain = next((domain for domain in domains if domain.keys() == _DOMAIN.keys()), None)
        if domain is not None:
            return AuthorizationWay(wanted, domain)
    except CallReverted as error:
        refusal = f"no authorizations of EIP-3009 ({error.reason or 'no reason given'})"
    if wanted.entry.permit2 == NO_ADDRESS:
        raise PermitNotOffered(wanted.place.name, wanted.token, f"{refusal}, and this chain's entry knows no Permit2")
    arguments = wanted.owner, wanted.entry.permit2
    (allowed,) = await wanted.place.rpc.read(wanted.token, TOKEN["allowance"], "uint256", *arguments)
    if allowed < wanted.total:
        raise PermitNotOffered(
            wanted.place.name,
            wanted.token,
            f"{refusal}, and its owner lets Permit2 ({wanted.entry.permit2}) take {allowed} of the {wanted.total}",
        )
    return Permit2Way(wanted)


def _has_entered(mined: Mined | None, wanted: Wanted) -> bool:
    return _shows(mined, wanted.entry.entry, ENTERED, _word(wanted.owner))


def _shows(mined: Mined | None, contract: str, *topics: bytes) -> bool:
    return mined is not None and any(log[0] == contract and log[1][: len(topics)] == topics for log in mined.logs)


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def _spell(data: TypedData) -> dict[str, Any]:
    primary = next(iter(data.types))
    used = [{"name": name, "type": kind} for name, kind in _DOMAIN.items() if name in data.domain]
    return {
        "types": {"EIP712Domain": used, **data.types},
        "primaryType": primary,
        "domain": dict(data.domain),
        "message": _show_bytes(data.message),
    }


def _show_bytes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _show_bytes(member) for name, member in value.items()}
    return f"0x{value.hex()}" if isinstance(value, bytes) else value


def _spell_order(wanted: Wanted) -> oif_signed.SwapWords:
    order, relay = wanted.order, wanted.relay
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
