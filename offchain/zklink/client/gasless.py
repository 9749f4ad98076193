"""A swap that somebody else sends: its user signs an authorization of EIP-3009 and needs none of the chain's coin.

Takes a quote with a relayer's terms and a wallet; hands the signed order to the node, and gives the transaction that
brought it once the chain itself shows it. What is signed is good for one entry, whose code was looked at, one relayer,
one order and a few minutes: a node can bring it or leave it, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from zklink.client.contract_calls import TOKEN
from zklink.client.entry_check import find_entry
from zklink.client.following import Sent
from zklink.client.layer2_keys import sign_checked
from zklink.client.orders import ChainToken, check_recipient, find_token
from zklink.client.patience import Patience
from zklink.client.permits import find_domains
from zklink.client.quotes import Quote
from zklink.client.session import Place, Session
from zklink.client.swaps import build_order
from zklink.client.wallet import Wallet
from zklink.l1.contracts.bridge_structs import SwapOrder, universal_address
from zklink.l1.contracts.entry import EntryPlace, Relay, TypedData, build_authorization_data
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import (
    CallReverted,
    OrderNotBrought,
    PermitNotOffered,
    RelayFeeHigh,
    RelayRefused,
    TokensShort,
    ZkLinkError,
)
from zklink.protocol.ids import FEE_DENOMINATOR
from zklink.schema.api.oif import OifOrderById, OifOrderRequest, OifOrderResponse
from zklink.schema.api.oif_signed import (
    AuthorizationDomain,
    AuthorizationMessage,
    AuthorizationMetadata,
    AuthorizationOrder,
    AuthorizationPayload,
    SwapWords,
)

GREATEST_FEE_BPS: Final = 500
"""What a relayer may take of the amount, in 1/10,000, unless the caller says otherwise."""
BROUGHT_SECONDS: Final = 300.0
"""How long the relayer's transaction is waited for."""
AUTHORIZED_SECONDS: Final = 600
"""How long the authorization is good."""
ENTERED: Final = keccak256(b"Entered(address,uint8,uint64,address,uint256,uint256,address)")
USED: Final = keccak256(b"AuthorizationUsed(address,bytes32)")
_NONCE_STATE: Final = "authorizationState(address,bytes32)"
_DOMAIN: Final = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}


@dataclass(frozen=True, slots=True)
class _Signed:
    """An order that was signed, on its way."""

    place: Place
    entry: EntryPlace
    token: str
    owner: str
    order_id: bytes
    valid_before: int


async def send_gasless(
    session: Session,
    wallet: Wallet,
    quote: Quote,
    recipient: str | None,
    seconds: int | None,
    greatest_fee: int | None,
    brought_seconds: float,
) -> Sent:
    """See `AsyncClient.swap`; `greatest_fee` is in layer-2 units."""
    quote.check_possible()
    if quote.relayer is None:
        raise RelayRefused("relay_off", "the node offers no relayer for this token on this chain")
    place = await session.place(quote.source)
    await place.rpc.check_chain_id()
    entry, token = await find_entry(place), await find_token(place, session, quote.token_in)
    bound = quote.amount_in * GREATEST_FEE_BPS // FEE_DENOMINATOR if greatest_fee is None else greatest_fee
    if quote.relayer_fee > bound * token.scale:
        raise RelayFeeHigh(quote.relayer_fee, bound * token.scale)
    now = (await place.rpc.head()).timestamp
    to = universal_address(recipient or wallet.address)
    order = build_order(quote, token, to, now, seconds, wallet.address)
    await check_recipient(session, order.destination, order.recipient)
    relay, valid_before = Relay(quote.relayer_fee, quote.relayer), now + AUTHORIZED_SECONDS
    await _check_balance(place, token, wallet.address, order.l1_amount + relay.relayer_fee)
    domain = await _find_domain(place, token.address)
    data = build_authorization_data(entry, domain, order, wallet.address, relay, valid_before)
    nonce: bytes = data.message["nonce"]
    await _check_offered(place, token.address, wallet.address, nonce)
    signature = await session.transport.work(lambda: sign_checked(wallet.signer, _spell(data)))
    request = _build_request(place, data, order, relay, signature)
    try:
        answer: OifOrderResponse = await session.caller.ask("oif_submit", request)
    except ZkLinkError as error:  # the node may have it: no answer of its choice may say that nothing was signed
        raise OrderNotBrought(place.name, nonce, valid_before, f"handed in: {error}") from error
    if answer.status != "received":
        raise RelayRefused(answer.code, answer.message)
    signed = _Signed(place, entry, token.address, wallet.address, nonce, valid_before)
    return await _wait_brought(session, signed, brought_seconds)


async def _wait_brought(session: Session, signed: _Signed, seconds: float) -> Sent:
    """The transaction that brought an order, by the chain's own receipt. Raises OrderNotBrought."""
    patience, state = Patience(session.transport, seconds), "handed in"
    while True:
        try:
            told = await session.api.oif_order(OifOrderById(id=f"0x{signed.order_id.hex()}"))
            state = told.settlement.data.get("state", told.status)
            tx_hash = told.settlement.data.get("opened_by")
            if tx_hash is not None and await _has_entered(signed, tx_hash):
                return Sent(signed.place.name, tx_hash)
        except ZkLinkError as error:
            state = f"not to be seen: {error}"
        if state == "failed" or patience.is_over:
            raise OrderNotBrought(signed.place.name, signed.order_id, signed.valid_before, state)
        await patience.tick(session.poll_seconds)


async def _has_entered(signed: _Signed, tx_hash: str) -> bool:
    """Whether this transaction brought exactly this order: the entry shows its owner, the token its nonce."""
    mined = await signed.place.rpc.receipt(tx_hash)
    owner = bytes(12) + bytes.fromhex(signed.owner.removeprefix("0x"))
    wanted = {(signed.entry.entry, (ENTERED, owner)), (signed.token, (USED, owner, signed.order_id))}
    return mined is not None and all(
        any(log[0] == place and log[1][: len(topics)] == topics for log in mined.logs) for place, topics in wanted
    )


async def _check_balance(place: Place, token: ChainToken, owner: str, total: int) -> None:
    (found,) = await place.rpc.read(token.address, TOKEN["balanceOf"], "uint256", owner)
    if found < total:
        raise TokensShort(place.name, token.address, owner, total, found)


async def _check_offered(place: Place, token: str, owner: str, nonce: bytes) -> None:
    """Raise PermitNotOffered unless the token knows authorizations."""
    try:
        await place.rpc.read(token, _NONCE_STATE, "bool", owner, nonce)
    except CallReverted as error:
        raise PermitNotOffered(place.name, token, f"no authorizations of EIP-3009 ({error.reason})") from error


async def _find_domain(place: Place, token: str) -> Mapping[str, Any]:
    found = next((domain for domain in await find_domains(place, token) if domain.keys() == _DOMAIN.keys()), None)
    if found is None:
        raise PermitNotOffered(place.name, token, "its domain is none of those known")
    return found


def _spell(data: TypedData) -> dict[str, Any]:
    """As `eth_signTypedData_v4` takes it."""
    ((primary, fields),) = data.types.items()
    return {
        "types": {"EIP712Domain": [{"name": n, "type": k} for n, k in _DOMAIN.items()], primary: fields},
        "primaryType": primary,
        "domain": dict(data.domain),
        "message": {**data.message, "nonce": f"0x{data.message['nonce'].hex()}"},
    }


def _build_request(place: Place, data: TypedData, order: SwapOrder, relay: Relay, signature: bytes) -> OifOrderRequest:
    message = data.message
    signed = AuthorizationOrder(
        type="oif-3009-v0",
        payload=AuthorizationPayload(
            signature_type="eip712",
            domain=AuthorizationDomain(**data.domain),
            primary_type="ReceiveWithAuthorization",
            message=AuthorizationMessage(
                owner=message["from"],
                to=message["to"],
                value=str(message["value"]),
                valid_after="0",
                valid_before=str(message["validBefore"]),
                nonce=f"0x{message['nonce'].hex()}",
            ),
        ),
        metadata=AuthorizationMetadata(
            chain=place.id,
            swap=SwapWords(
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
            ),
        ),
    )
    return OifOrderRequest(order=msgspec.to_builtins(signed), signature=f"0x{signature.hex()}")
