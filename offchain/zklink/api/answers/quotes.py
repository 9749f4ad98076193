"""What a swap would give if the next block took it, or why not. Nothing is kept or promised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.answers.routes import Route, find_best
from zklink.api.sources import Sources
from zklink.broker.policy import TokenPolicy
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import FEE_DENOMINATOR, ChainId, TokenId
from zklink.schema.api import trading
from zklink.schema.api.scalars import read_units

EXPLANATIONS: Final = {
    "": "",
    "source_unknown": "the deployment has no such source chain",
    "destination_unknown": "the deployment has no such destination chain",
    "source_frozen": "the source takes no requests any more",
    "destination_frozen": "the destination imports nothing any more",
    "token_not_on_source": "the token to bring is not registered on the source",
    "token_not_on_destination": "the token to get is not registered on the destination",
    "token_paused": "the governor has paused the token on the source",
    "below_minimum": "the amount is less than the token's minimum on the source",
    "above_cap": "the bridge on the source would hold more of the token than its cap",
    "fee_above_amount": "the operator fee leaves nothing of the amount",
    "no_pool": "no pool leads from one token to the other",
    "bad_route": "the token between has no pools with both tokens, or is one of them",
    "no_output": "the amount is too small for any output",
    "below_min_out": "the output is less than min_out and the fill fee",
    "reserve_too_small": "the destination does not hold the output",
}
"""Every reason for which a swap is refused or refunded, in words."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A quote's request, read."""

    source: ChainId
    token_in: TokenId
    amount: int
    destination: ChainId
    token_out: TokenId
    via: TokenId | None
    min_out: int
    operator_fee: int
    fill_fee: int

    @classmethod
    def read(cls, request: trading.QuoteRequest) -> "Plan":
        """Raises RequestRefused."""
        return cls(
            source=ChainId(request.source),
            token_in=TokenId(request.token_in),
            amount=read_units("amount", request.amount),
            destination=ChainId(request.destination),
            token_out=TokenId(request.token_out),
            via=None if request.via is None else TokenId(request.via),
            min_out=read_units("min_out", request.min_out),
            operator_fee=read_units("operator_fee", request.operator_fee),
            fill_fee=read_units("fill_fee", request.fill_fee),
        )

    @property
    def net(self) -> int:
        """What is traded, in layer-2 units."""
        return max(self.amount - self.operator_fee, 0)


def answer_quote(sources: Sources, request: trading.QuoteRequest) -> trading.QuoteAnswer:
    return compute_quote(sources, Plan.read(request))


def compute_quote(sources: Sources, plan: Plan) -> trading.QuoteAnswer:
    """The quote of a plan. Only for the node's thread. Raises RequestRefused before the source was read."""
    if plan.source in sources.profiles and sources.live.chain(plan.source) is None:
        raise RequestRefused("not_ready", "the source has not been asked for its tokens and prices yet")
    route = _find_route(sources, plan)
    why_not = next(_find_reasons(sources, plan, route), "")
    sequencer, reserve = sources.node.sequencer, _read_reserve(sources, plan)
    price, l1_amount, is_native = _read_door(sources, plan)
    out = 0 if route is None else route.out
    terms = _find_terms(sources, plan)
    return trading.QuoteAnswer(
        is_possible=not why_not,
        why_not=why_not,  # type: ignore[arg-type]
        explanation=EXPLANATIONS[why_not],
        amount_in=str(plan.amount),
        l1_amount=str(l1_amount),
        value_wei=str(price + l1_amount * is_native),
        amount_out=str(out),
        via=0 if route is None else route.via,
        legs=_describe_legs(route),
        fees=list(_list_fees(plan, route, price, _compute_fill_floor(terms, out))),
        price_impact_bps=0 if route is None else route.impact_bps,
        reserve=str(reserve),
        expected_seconds=_estimate(sources, plan),
        fill_seconds=_estimate_fill(sources, plan, terms, out),
        block=sequencer.height,
        as_of=sources.node.now,
        relay=_find_relay(sources, plan, price),
    )


def _find_relay(sources: Sources, plan: Plan, price: int) -> trading.RelayOffer | None:
    """What this node's relayer takes for the swap now, where it serves its token."""
    live = sources.live.chain(plan.source)
    if sources.relayer is None or live is None or plan.token_in not in live.tokens:
        return None
    fee = sources.relayer.quote(plan.source, plan.token_in, live.gas_price_wei, price)
    if fee is None:
        return None
    return trading.RelayOffer(relayer=sources.relayer.address, fee=str(fee * live.tokens[plan.token_in].scale))


def _find_route(sources: Sources, plan: Plan) -> Route | None:
    state = sources.node.sequencer.state
    known = [sources.find_token(token) for token in (plan.token_in, plan.token_out, plan.via) if token]
    if None in known:
        return None
    return find_best(state, plan.token_in, plan.token_out, plan.net, plan.via)


def _find_reasons(sources: Sources, plan: Plan, route: Route | None) -> Iterator[str]:
    """Why the swap would be refused at the door, and then why a block would refund it."""
    if plan.source not in sources.profiles:
        yield "source_unknown"
    if plan.destination not in sources.profiles:
        yield "destination_unknown"
    if sources.live.is_frozen(plan.source) or sources.node.is_frozen:
        yield "source_frozen"
    if sources.live.is_frozen(plan.destination):
        yield "destination_frozen"
    for token_id, chain, reason in (
        (plan.token_in, plan.source, "token_not_on_source"),
        (plan.token_out, plan.destination, "token_not_on_destination"),
    ):
        token = sources.find_token(token_id)
        if token is None or chain not in token.contracts:
            yield reason
    yield from _find_limits(sources, plan)
    if plan.operator_fee >= plan.amount:
        yield "fee_above_amount"
    if route is None:
        yield "bad_route" if plan.via else "no_pool"
    elif not route.out:
        yield "no_output"
    elif route.out < plan.min_out + plan.fill_fee:
        yield "below_min_out"
    elif route.out > _read_reserve(sources, plan):
        yield "reserve_too_small"


def _find_limits(sources: Sources, plan: Plan) -> Iterator[str]:
    planned, live = sources.find_token(plan.token_in), sources.live.chain(plan.source)
    if planned is None:
        return
    token = None if live is None else live.tokens.get(plan.token_in)
    if token is not None and token.is_paused:
        yield "token_paused"
    if plan.amount < (planned.minimum if token is None else token.minimum):
        yield "below_minimum"
    cap, custody = (planned.cap, 0) if token is None else (token.cap, token.custody)
    if custody + plan.amount > cap:
        yield "above_cap"


def _read_reserve(sources: Sources, plan: Plan) -> int:
    if sources.find_token(plan.token_out) is None:
        return 0
    return sources.node.sequencer.state.token(plan.token_out).reserve(plan.destination)


def _read_door(sources: Sources, plan: Plan) -> tuple[int, int, bool]:
    """(native fee in wei, the amount in L1 units, whether it is the chain's own coin); 0 for what is not known yet."""
    live, token = sources.live.chain(plan.source), sources.find_token(plan.token_in)
    scale = live.tokens[plan.token_in].scale if live is not None and plan.token_in in live.tokens else 0
    is_native = token is not None and sources.is_coin(token, plan.source)
    return 0 if live is None else live.prices_wei.get(plan.destination, 0), plan.amount * scale, is_native


def _describe_legs(route: Route | None) -> list[trading.Leg]:
    return [
        trading.Leg(
            token_in=trade.token_in,
            token_out=trade.token_out,
            reserve_in=str(trade.reserve_in),
            reserve_out=str(trade.reserve_out),
            fee_bps=trade.fee_bps,
            amount_in=str(trade.amount_in),
            amount_out=str(trade.amount_out),
        )
        for trade in (route.trades if route is not None else ())
    ]


def _list_fees(plan: Plan, route: Route | None, price: int, fill_floor: int) -> Iterator[trading.FeeItem]:
    yield trading.FeeItem(
        kind="native",
        unit="wei",
        amount=str(price),
        floor=str(price),
        paid="in the source's coin, with the transaction",
    )
    yield trading.FeeItem(
        kind="operator", unit=f"token:{plan.token_in}", amount=str(plan.operator_fee), floor="0", paid="of the amount"
    )
    yield trading.FeeItem(
        kind="fill",
        unit=f"token:{plan.token_out}",
        amount=str(plan.fill_fee),
        floor=str(fill_floor),
        paid="of the output, to the broker who pays at once; nobody takes it if none does",
    )
    for trade in route.trades if route is not None else ():
        fee = -(-trade.amount_in * trade.fee_bps // FEE_DENOMINATOR)
        yield trading.FeeItem(
            kind="pool",
            unit=f"token:{trade.token_in}",
            amount=str(fee),
            floor=str(fee),
            paid="stays in the pool, for its providers",
        )


def _find_terms(sources: Sources, plan: Plan) -> TokenPolicy | None:
    return None if sources.fill_policy is None else sources.fill_policy.tokens.get(plan.token_out)


def _compute_fill_floor(terms: TokenPolicy | None, out: int) -> int:
    return 0 if terms is None else max(terms.minimum_fee, out * terms.minimum_rate // FEE_DENOMINATOR)


def _estimate(sources: Sources, plan: Plan) -> int:
    """Seconds until a block pays: the source's confirmations, the block's proof, its acceptance, and its import."""
    try:
        source, primary, there = (sources.profiles[chain] for chain in (plan.source, sources.primary, plan.destination))
    except KeyError:
        return 0
    seconds = source.confirmations * source.block_time_seconds + sources.proof_seconds
    seconds += primary.confirmations * primary.block_time_seconds
    return round(seconds + 2 * there.block_time_seconds)


def _estimate_fill(sources: Sources, plan: Plan, terms: TokenPolicy | None, out: int) -> int | None:
    """Seconds until this node's broker pays, if the fee is enough for it and the amount not too large; else None."""
    floor = _compute_fill_floor(terms, out)
    is_served = terms is not None and 0 < floor <= plan.fill_fee < out
    if not is_served or terms is None or plan.source not in sources.profiles:
        return None
    tier = next((tier for tier in terms.tiers if out <= tier.limit), None)
    if tier is None:
        return None
    if tier.extra_confirmations:
        return _estimate(sources, plan)
    profile = sources.profiles[plan.source]
    return round((profile.confirmations + 2) * profile.block_time_seconds)


ANSWERS: Final[Mapping[str, Answerer]] = {"quote": Answerer(answer_quote, on_node=True)}
