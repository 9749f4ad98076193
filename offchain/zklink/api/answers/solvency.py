"""Reserves against liabilities: the state's side from the node, the chains' side as they last said."""

from collections.abc import Iterator, Mapping
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.sources import Sources
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.ids import NO_TOKEN, TokenId
from zklink.schema.api.chains import HoldingInfo, Solvency, TokenReserves
from zklink.schema.api.scalars import NoRequest


def answer_solvency(sources: Sources, request: NoRequest) -> Solvency:
    tokens = [_describe(sources, plan) for plan in sorted(sources.deployment.tokens, key=lambda plan: plan.token_id)]
    return Solvency(
        block=sources.node.sequencer.height,
        is_solvent=all(holding.is_solvent for token in tokens for holding in token.holdings),
        tokens=tokens,
    )


def _describe(sources: Sources, plan: TokenPlan) -> TokenReserves:
    state = sources.node.sequencer.state
    row = state.token(plan.token_id)
    pools = sum(
        _count_side(plan.token_id, pool_id, (p.reserve_lower, p.reserve_higher)) for pool_id, p in state.pools()
    )
    total, fees = sum(row.reserves), 0 if plan.token_id == NO_TOKEN else row.fees
    return TokenReserves(
        token=plan.token_id,
        reserves=str(total),
        pools=str(pools),
        fees=str(fees),
        accounts=str(total - pools - fees),
        holdings=list(_list_holdings(sources, plan)),
    )


def _count_side(token: TokenId, pool_id: tuple[TokenId, TokenId], reserves: tuple[int, int]) -> int:
    return sum(reserve for side, reserve in zip(pool_id, reserves, strict=True) if side == token)


def _list_holdings(sources: Sources, plan: TokenPlan) -> Iterator[HoldingInfo]:
    row = sources.node.sequencer.state.token(plan.token_id)
    for chain, address in sorted(plan.contracts.items()):
        live = sources.live.chain(chain)
        token = None if live is None else live.tokens.get(plan.token_id)
        if live is None or token is None:
            continue
        surplus = token.balance - token.pending - token.fees_wei - token.custody * token.scale
        yield HoldingInfo(
            chain=chain,
            asset=sources.name_asset(chain, address),
            balance=str(token.balance),
            pending=str(token.pending),
            door_fees=str(token.fees_wei),
            custody=str(token.custody),
            reserve=str(row.reserve(chain)),
            surplus=str(surplus),
            is_solvent=surplus >= 0,
            at_block=live.head.number,
        )


ANSWERS: Final[Mapping[str, Answerer]] = {"solvency": Answerer(answer_solvency, on_node=True)}
