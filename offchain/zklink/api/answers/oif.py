"""Quotes in the shape of the Open Intents Framework, made from our own: the user's own transaction to the bridge, or
what the user signs for the node's relayer, whose fee is then a part of the amount.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from zklink.api.answers.answerer import Answerer
from zklink.api.answers.quotes import Plan, compute_quote
from zklink.api.names import decode_interop, encode_interop
from zklink.api.sources import Sources
from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, SwapOrder, universal_address
from zklink.l1.contracts.entry import Relay
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import AMOUNT_LIMIT, Amount, ChainId, TokenId
from zklink.relayer.spelling import UnsignedSwap, spell_authorization, spell_permit2
from zklink.schema.api import oif, oif_signed
from zklink.schema.api.scalars import read_units
from zklink.schema.api.trading import QuoteAnswer

QUOTE_SECONDS: Final = 60
"""For how long a quote's transaction is meant to be sent."""

DEADLINE_SECONDS: Final = 7_200
"""The deadline of a quote's swap, from now: later than that its block refunds it."""

SLIPPAGE_BPS: Final = 50
"""What a quote's `min_out` leaves the market, where the caller names no amount."""

GAS: Final = 400_000
"""More than a call of `swap` takes."""

SIGNED_SECONDS: Final = 600
"""How long what is signed can be brought, from the quote on."""

SIGNED_TYPES: Final = frozenset({oif_signed.AUTHORIZATION, oif_signed.ESCROW})
TYPES: Final = (oif.USER_OPEN, oif_signed.AUTHORIZATION, oif_signed.ESCROW)
Opened = oif.OifUserOpen | oif.OifAuthorization | oif.OifEscrow

NO_COIN: Final = "0x0000000000000000000000000000000000000000"
"""Another name that callers have for a chain's own coin."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, read: all that one quote is made from. `l1_amount` is in units of the token's contract, `scale` of it
    to a layer-2 unit; `least` is the output that is asked for, in layer-2 units, 0 for none.
    """

    source: ChainId
    token_in: TokenId
    l1_amount: int
    scale: int
    destination: ChainId
    token_out: TokenId
    least: int
    user: str
    receiver: str

    def plan(self, l1_amount: int) -> Plan:
        return Plan(
            self.source, self.token_in, l1_amount // self.scale, self.destination, self.token_out, None, 0, 0, 0
        )


def answer_oif_quotes(sources: Sources, request: oif.OifQuoteRequest) -> oif.OifQuotes:
    asked, wanted = _read(sources, request), frozenset(request.supported_types)
    own = _build_user_open(sources, asked) if oif.USER_OPEN in wanted else None
    return oif.OifQuotes(quotes=[*([] if own is None else [own]), *_list_signed(sources, asked, wanted)])


def _build_user_open(sources: Sources, asked: _Asked) -> oif.OifQuote | None:
    """The user's own transaction; none if the swap would be refunded."""
    priced = _price(sources, asked, asked.l1_amount)
    if priced is None:
        return None
    quote, order = priced
    place = sources.contracts(asked.source)
    required = oif.OifAllowance(
        token=name_asset(sources, asked.source, asked.token_in),
        user=encode_interop(place.evm_chain_id, asked.user),
        spender=encode_interop(place.evm_chain_id, place.bridge),
        required=quote.l1_amount,
    )
    transaction = oif.OifTx(
        to=encode_interop(place.evm_chain_id, place.bridge),
        data=f"0x{sources.bridges[asked.source].encode('swap', order.abi(asked.user)).data.hex()}",
        gas_required=str(GAS),
        value=quote.value_wei,
    )
    checks = oif.OifChecks(allowances=[] if _is_native(sources, asked) else [required])
    return _describe(sources, asked, quote, order, oif.OifUserOpen(open_intent_tx=transaction, checks=checks), {})


def _list_signed(sources: Sources, asked: _Asked, wanted: frozenset[str]) -> Iterator[oif.OifQuote]:
    """What the user signs: for a token that takes authorizations, and for Permit2 where the entry knows it."""
    priced = _price_signed(sources, asked) if wanted & SIGNED_TYPES else None
    if sources.relayer is None or priced is None:
        return
    quote, swap = priced
    domain = sources.relayer.domains.find(asked.source, asked.token_in)
    shown = {"relayer_fee": str(swap.relay.relayer_fee), "valid_before": str(swap.valid_before)}
    if oif_signed.AUTHORIZATION in wanted and domain is not None:
        order = spell_authorization(swap, domain)
        opened = oif.OifAuthorization(msgspec.to_builtins(order.payload), msgspec.to_builtins(order.metadata))
        yield _describe(sources, asked, quote, swap.order, opened, shown)
    if oif_signed.ESCROW in wanted and swap.entry.permit2 != NO_ADDRESS:
        escrow = spell_permit2(swap)
        held = oif.OifEscrow(msgspec.to_builtins(escrow.payload), msgspec.to_builtins(escrow.metadata))
        yield _describe(sources, asked, quote, swap.order, held, shown)


def _price(sources: Sources, asked: _Asked, l1_amount: int) -> tuple[QuoteAnswer, SwapOrder] | None:
    """What this much would give now, and the order of it; None if it would be refunded."""
    quote = compute_quote(sources, asked.plan(l1_amount))
    if not quote.is_possible or asked.least > int(quote.amount_out):
        return None
    order = SwapOrder(
        token_in=asked.token_in,
        l1_amount=int(quote.l1_amount),
        destination=asked.destination,
        token_out=asked.token_out,
        min_out=Amount(asked.least or int(quote.amount_out) * (10_000 - SLIPPAGE_BPS) // 10_000),
        operator_fee=Amount(0),
        fill_fee=Amount(0),
        recipient=universal_address(asked.receiver),
        deadline=sources.node.now + DEADLINE_SECONDS,
        refund_to=asked.user,
        via=TokenId(quote.via),
    )
    return quote, order


def _price_signed(sources: Sources, asked: _Asked) -> tuple[QuoteAnswer, UnsignedSwap] | None:
    """The same with the relayer's fee out of the amount; None where the relayer serves no such token."""
    if sources.relayer is None:
        return None
    offer = compute_quote(sources, asked.plan(asked.l1_amount)).relay
    net = 0 if offer is None else (asked.l1_amount - int(offer.fee)) // asked.scale * asked.scale
    priced = _price(sources, asked, net) if net > 0 else None
    if offer is None or priced is None:
        return None
    quote, order = priced
    return quote, UnsignedSwap(
        chain=asked.source,
        entry=sources.relayer.entry(asked.source),
        token=sources.deployment.token(asked.token_in).contracts[asked.source],
        owner=asked.user,
        order=order,
        relay=Relay(asked.l1_amount - net, offer.relayer),
        valid_before=sources.node.now + SIGNED_SECONDS,
    )


def _describe(
    sources: Sources, asked: _Asked, quote: QuoteAnswer, order: SwapOrder, opened: Opened, further: Mapping[str, str]
) -> oif.OifQuote:
    here, there = sources.contracts(asked.source).evm_chain_id, sources.contracts(asked.destination).evm_chain_id
    brought = oif.OifPreviewInput(
        user=encode_interop(here, asked.user),
        asset=name_asset(sources, asked.source, asked.token_in),
        amount=str(asked.l1_amount),
    )
    out = oif.OifPreviewOutput(
        receiver=encode_interop(there, asked.receiver),
        asset=name_asset(sources, asked.destination, asked.token_out),
        amount=str(int(quote.amount_out) * find_scale(sources, asked.destination, asked.token_out)),
    )
    shown = {"min_out": str(order.min_out), "via": str(order.via), "deadline": str(order.deadline)}
    return oif.OifQuote(
        order=opened,
        valid_until=sources.node.now + QUOTE_SECONDS,
        eta=quote.expected_seconds,
        quote_id=f"{quote.block}-{sources.node.now}",
        provider="zklink",
        preview=oif.OifPreview(inputs=[brought], outputs=[out]),
        failure_handling="refund-automatic",
        partial_fill=False,
        metadata={**shown, **further},
    )


def _read(sources: Sources, request: oif.OifQuoteRequest) -> _Asked:
    """Raises RequestRefused."""
    source, (token_in, l1_amount), user = _read_input(sources, request)
    destination, token_out, receiver = _read_output(sources, request)
    scale = find_scale(sources, source, token_in)
    if not scale or not find_scale(sources, destination, token_out):
        raise RequestRefused("not_ready", "the node has not asked both chains for their tokens yet")
    if l1_amount % scale or not l1_amount // scale < AMOUNT_LIMIT:
        raise _refuse(f"the amount must be a multiple of {scale} and below {AMOUNT_LIMIT} of it")
    least = _read_least(sources, request, destination, token_out)
    return _Asked(source, token_in, l1_amount, scale, destination, token_out, least, user, receiver)


def _read_input(sources: Sources, request: oif.OifQuoteRequest) -> tuple[ChainId, tuple[TokenId, int], str]:
    """(source, (token, amount in L1 units), the user's address)."""
    intent = request.intent
    if intent.swap_type != "exact-input":
        raise _refuse("only exact-input swaps are served")
    if len(intent.inputs) != 1 or len(intent.outputs) != 1:
        raise _refuse("one input and one output are served")
    if not set(TYPES) & set(request.supported_types):
        raise _refuse(f"supportedTypes must hold one of {', '.join(TYPES)}")
    given = intent.inputs[0]
    if given.amount is None:
        raise _refuse("the input must have an amount")
    _, user = decode_interop("inputs[0].user", given.user)
    source, token = _find_asset(sources, "inputs[0].asset", given.asset)
    return source, (token, read_units("inputs[0].amount", given.amount, 2**256)), user


def _read_output(sources: Sources, request: oif.OifQuoteRequest) -> tuple[ChainId, TokenId, str]:
    """(destination, token, the receiver's address)."""
    wanted = request.intent.outputs[0]
    destination, token = _find_asset(sources, "outputs[0].asset", wanted.asset)
    evm_chain_id, receiver = decode_interop("outputs[0].receiver", wanted.receiver)
    if evm_chain_id != sources.contracts(destination).evm_chain_id:
        raise _refuse("the receiver must be on the chain of the output's asset")
    if wanted.calldata not in (None, "", "0x"):
        raise _refuse("the receiver is paid, not called: no calldata")
    return destination, token, receiver


def _read_least(sources: Sources, request: oif.OifQuoteRequest, destination: ChainId, token: TokenId) -> int:
    """The least output that is asked for, in layer-2 units; 0 for none."""
    wanted = request.intent.outputs[0].amount
    if wanted is None:
        return 0
    return -(-read_units("outputs[0].amount", wanted, 2**256) // find_scale(sources, destination, token))


def _find_asset(sources: Sources, field: str, text: str) -> tuple[ChainId, TokenId]:
    evm_chain_id, address = decode_interop(field, text)
    wanted = NATIVE if address == NO_COIN else address
    for chain, place in sources.deployment.chains.items():
        if place.evm_chain_id == evm_chain_id:
            for plan in sources.deployment.tokens:
                if plan.contracts.get(chain) == wanted:
                    return chain, plan.token_id
    raise RequestRefused("order_refused", f"{field} is no token of this deployment", {"field": field})


def find_scale(sources: Sources, chain: ChainId, token: TokenId) -> int:
    live = sources.live.chain(chain)
    return live.tokens[token].scale if live is not None and token in live.tokens else 0


def name_asset(sources: Sources, chain: ChainId, token: TokenId) -> str:
    plan = sources.find_token(token)
    address = NO_COIN if plan is None else plan.contracts[chain]
    return encode_interop(sources.contracts(chain).evm_chain_id, address)


def _is_native(sources: Sources, asked: _Asked) -> bool:
    token = sources.find_token(asked.token_in)
    return token is not None and token.contracts.get(asked.source) == NATIVE


def _refuse(message: str) -> RequestRefused:
    return RequestRefused("order_refused", message)


ANSWERS: Final[Mapping[str, Answerer]] = {"oif_quotes": Answerer(answer_oif_quotes, on_node=True)}
