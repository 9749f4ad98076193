"""Quotes in the shape of the Open Intents Framework, made from our own: the user's own transaction to the bridge."""

from collections.abc import Mapping
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.answers.quotes import Plan, compute_quote
from zklink.api.names import decode_interop, encode_interop
from zklink.api.sources import Sources
from zklink.l1.contracts.bridge_structs import NATIVE, SwapOrder, universal_address
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import AMOUNT_LIMIT, Amount, ChainId, TokenId
from zklink.schema.api import oif
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

NO_COIN: Final = "0x0000000000000000000000000000000000000000"
"""Another name that callers have for a chain's own coin."""


def answer_oif_quotes(sources: Sources, request: oif.OifQuoteRequest) -> oif.OifQuotes:
    source, side, user = _read_input(sources, request)
    destination, token_out, receiver = _read_output(sources, request)
    live = sources.live.chain(source)
    scale_in = live.tokens[side[0]].scale if live is not None and side[0] in live.tokens else 0
    if not scale_in:
        raise RequestRefused("not_ready", "the node has not asked the source for its tokens yet")
    plan = Plan(source, side[0], side[1] // scale_in, destination, token_out, None, 0, 0, 0)
    if plan.amount * scale_in != side[1] or not plan.amount < AMOUNT_LIMIT:
        raise _refuse(f"the amount must be a multiple of {scale_in} and below {AMOUNT_LIMIT} of it")
    quote = compute_quote(sources, plan)
    asked = _read_least(sources, request, destination, token_out)
    if not quote.is_possible or asked > int(quote.amount_out):
        return oif.OifQuotes(quotes=[])
    least = asked or int(quote.amount_out) * (10_000 - SLIPPAGE_BPS) // 10_000
    return oif.OifQuotes(quotes=[_build(sources, plan, quote, least, user, receiver)])


def _build(sources: Sources, plan: Plan, quote: QuoteAnswer, least: int, user: str, receiver: str) -> oif.OifQuote:
    now, place = sources.node.now, sources.place(plan.source)
    evm_chain_id = place.evm_chain_id
    order = SwapOrder(
        token_in=plan.token_in,
        l1_amount=int(quote.l1_amount),
        destination=plan.destination,
        token_out=plan.token_out,
        min_out=Amount(least),
        operator_fee=Amount(0),
        fill_fee=Amount(0),
        recipient=universal_address(receiver),
        deadline=now + DEADLINE_SECONDS,
        refund_to=user,
        via=TokenId(quote.via),
    )
    asset_in, asset_out = (
        name_asset(sources, plan.source, plan.token_in),
        name_asset(sources, plan.destination, plan.token_out),
    )
    required = [
        oif.OifAllowance(
            token=asset_in,
            user=encode_interop(evm_chain_id, user),
            spender=encode_interop(evm_chain_id, place.bridge),
            required=quote.l1_amount,
        )
    ]
    there = sources.place(plan.destination).evm_chain_id
    out = oif.OifPreviewOutput(
        receiver=encode_interop(there, receiver),
        asset=asset_out,
        amount=str(int(quote.amount_out) * find_scale(sources, plan.destination, plan.token_out)),
    )
    return oif.OifQuote(
        order=oif.OifUserOpen(
            type="oif-user-open-v0",
            open_intent_tx=oif.OifTx(
                to=encode_interop(evm_chain_id, place.bridge),
                data=f"0x{sources.bridges[plan.source].encode('swap', order.abi(user)).data.hex()}",
                gas_required=str(GAS),
                value=quote.value_wei,
            ),
            checks=oif.OifChecks(allowances=[] if _is_native(sources, plan) else required),
        ),
        valid_until=now + QUOTE_SECONDS,
        eta=quote.expected_seconds,
        quote_id=f"{quote.block}-{now}",
        provider="zklink",
        preview=oif.OifPreview(
            inputs=[
                oif.OifPreviewInput(user=encode_interop(evm_chain_id, user), asset=asset_in, amount=quote.l1_amount)
            ],
            outputs=[out],
        ),
        failure_handling="refund-automatic",
        partial_fill=False,
        metadata={"min_out": str(least), "via": str(quote.via), "deadline": str(order.deadline)},
    )


def _read_input(sources: Sources, request: oif.OifQuoteRequest) -> tuple[ChainId, tuple[TokenId, int], str]:
    """(source, (token, amount in L1 units), the user's address)."""
    intent = request.intent
    if intent.swap_type != "exact-input":
        raise _refuse("only exact-input swaps are served")
    if len(intent.inputs) != 1 or len(intent.outputs) != 1:
        raise _refuse("one input and one output are served")
    if oif.USER_OPEN not in request.supported_types:
        raise _refuse(f"supportedTypes must hold {oif.USER_OPEN}")
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
    if evm_chain_id != sources.place(destination).evm_chain_id:
        raise _refuse("the receiver must be on the chain of the output's asset")
    if wanted.calldata not in (None, "", "0x"):
        raise _refuse("the receiver is paid, not called: no calldata")
    return destination, token, receiver


def _read_least(sources: Sources, request: oif.OifQuoteRequest, destination: ChainId, token: TokenId) -> int:
    """The least output that is asked for, in layer-2 units; 0 for none."""
    wanted = request.intent.outputs[0].amount
    if wanted is None:
        return 0
    return -(-read_units("outputs[0].amount", wanted, 2**256) // (find_scale(sources, destination, token) or 1))


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
    return encode_interop(sources.place(chain).evm_chain_id, address)


def _is_native(sources: Sources, plan: Plan) -> bool:
    token = sources.find_token(plan.token_in)
    return token is not None and token.contracts.get(plan.source) == NATIVE


def _refuse(message: str) -> RequestRefused:
    return RequestRefused("order_refused", message)


ANSWERS: Final[Mapping[str, Answerer]] = {"oif_quotes": Answerer(answer_oif_quotes, on_node=True)}
