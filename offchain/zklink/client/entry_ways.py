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
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.permits import takes_authorizations
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import CallReverted, PermitNotOffered
from zklink.relayer.spelling import (
    UnsignedSwap,
    spell_authorization,
    spell_for_wallet,
    spell_permit2,
)
from zklink.schema.api.oif import OifOrderRequest

ENTERED: Final = keccak256(b"Entered(address,uint8,uint64,address,uint256,uint256,address)")
USED: Final = keccak256(b"AuthorizationUsed(address,bytes32)")
_NONCE_STATE: Final = "authorizationState(address,bytes32)"
_NAMED_WORDS: Final = 11 + 2 + 1
"""The words of a call that name the order, the relay and the owner."""


@dataclass(frozen=True, slots=True)
class AuthorizationWay:
    """The owner signs for the token itself, over the token's `domain`."""

    place: Place
    swap: UnsignedSwap
    domain: Mapping[str, Any]

    def build_data(self) -> dict[str, Any]:
        """What the owner signs, as `eth_signTypedData_v4` takes it."""
        return spell_for_wallet(self.swap.build_authorization(self.domain))

    def build_request(self, signature: bytes) -> OifOrderRequest:
        """What a node takes."""
        return _build_request(spell_authorization(self.swap, self.domain), signature)

    async def is_brought_by(self, tx_hash: str) -> bool:
        """Whether this transaction brought the order: the entry shows its owner, the token its nonce."""
        mined, owner = await self.place.rpc.receipt(tx_hash), _word(self.swap.owner)
        return _has_entered(mined, self.swap) and _shows(mined, self.swap.token, USED, owner, self.swap.id)


@dataclass(frozen=True, slots=True)
class Permit2Way:
    """The owner signs for Permit2, with the order as witness and the order's hash as nonce."""

    place: Place
    swap: UnsignedSwap

    def build_data(self) -> dict[str, Any]:
        """What the owner signs, as `eth_signTypedData_v4` takes it."""
        return spell_for_wallet(self.swap.build_permit2())

    def build_request(self, signature: bytes) -> OifOrderRequest:
        """What a node takes."""
        return _build_request(spell_permit2(self.swap), signature)

    async def is_brought_by(self, tx_hash: str) -> bool:
        """Whether this transaction brought the order: it is a call of the entry with it, and the entry shows its owner.
        Permit2 itself shows nothing.
        """
        swap = self.swap
        sent = await self.place.rpc.sent_call(tx_hash)
        nothing: tuple[object, ...] = (0, 0, b"")
        arguments = swap.order.abi(swap.owner), swap.relay.abi(), swap.owner, nothing, NO_ADDRESS
        size = 4 + _NAMED_WORDS * WORD_BYTES
        if sent is None or sent[0] != swap.entry.entry:
            return False
        is_this = sent[1][:size] == encode_call(ENTRY["swap_with_permit2"], *arguments)[:size]
        return is_this and _has_entered(await self.place.rpc.receipt(tx_hash), swap)


SignedWay = AuthorizationWay | Permit2Way


async def choose_way(place: Place, swap: UnsignedSwap) -> SignedWay:
    """The way that token, chain and owner allow; nothing has to be sent for it. Raises PermitNotOffered."""
    refusal, permit2 = "its domain is none of those known", swap.entry.permit2
    try:
        await place.rpc.read(swap.token, _NONCE_STATE, "bool", swap.owner, swap.id)
        domains = await find_domains(place, swap.token)
        chain_id = place.rpc.evm_chain_id
        domain = next((domain for domain in domains if takes_authorizations(domain, chain_id, swap.token)), None)
        if domain is not None:
            return AuthorizationWay(place, swap, domain)
    except CallReverted as error:
        refusal = f"no authorizations of EIP-3009 ({error.reason or 'no reason given'})"
    if permit2 == NO_ADDRESS:
        raise PermitNotOffered(place.name, swap.token, f"{refusal}, and this chain's entry knows no Permit2")
    (allowed,) = await place.rpc.read(swap.token, TOKEN["allowance"], "uint256", swap.owner, permit2)
    if allowed < swap.total:
        raise PermitNotOffered(
            place.name,
            swap.token,
            f"{refusal}, and its owner lets Permit2 ({permit2}) take {allowed} of the {swap.total}",
        )
    return Permit2Way(place, swap)


def _build_request(order: msgspec.Struct, signature: bytes) -> OifOrderRequest:
    return OifOrderRequest(order=msgspec.to_builtins(order), signature=f"0x{signature.hex()}")


def _has_entered(mined: Mined | None, swap: UnsignedSwap) -> bool:
    return _shows(mined, swap.entry.entry, ENTERED, _word(swap.owner))


def _shows(mined: Mined | None, contract: str, *topics: bytes) -> bool:
    return mined is not None and any(log[0] == contract and log[1][: len(topics)] == topics for log in mined.logs)


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))
