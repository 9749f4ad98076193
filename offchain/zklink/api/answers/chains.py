"""Chains, tokens, pools, the deployment, the node itself, and whom users have to trust."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.names import find_coin_type, name_account, name_token
from zklink.api.sources import Sources
from zklink.l1.contracts.bridge_structs import GroupMembers
from zklink.l1.deployment.records import GroupPlan, TokenPlan
from zklink.protocol.facts import Group
from zklink.protocol.ids import (
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    GROUP_DELAY_SECONDS,
    OPERATOR_ACCOUNT,
    SILENCE_SECONDS,
    ChainId,
    Lane,
)
from zklink.schema.api import chains
from zklink.schema.api.refusals import REFUSALS, ErrorRow, ErrorTable
from zklink.schema.api.scalars import NoRequest, show_bytes
from zklink.sequencer.lifecycle import GENESIS_COUNTERS
from zklink.state.genesis_state import Genesis


def answer_status(sources: Sources, request: NoRequest) -> chains.NodeStatus:
    node = sources.node
    return chains.NodeStatus(
        is_ready=sources.is_ready,
        is_devnet=sources.is_devnet,
        is_frozen=node.is_frozen,
        block=node.sequencer.height,
        timestamp=node.now,
        waiting_operations=len(node.sequencer.intake.queue),
        resting_orders=len(node.sequencer.intake.book),
    )


def answer_deployment(sources: Sources, request: NoRequest) -> chains.Deployment:
    deployment, parameters = sources.deployment, sources.node.sequencer.parameters
    return chains.Deployment(
        deployment_hash=show_bytes(deployment.deployment_hash),
        account_domain=str(parameters.domain(Lane.ACCOUNT)),
        primary=deployment.primary,
        preset=deployment.preset.name,
        token_limit=deployment.preset.token_limit,
        account_limit=deployment.preset.account_limit,
        genesis_root=str(compute_genesis_root(deployment.genesis)),
        operator_account=name_account(deployment.deployment_hash, OPERATOR_ACCOUNT),
        fee_tokens=sorted(parameters.terms.prices or (0,)),
    )


@cache
def compute_genesis_root(genesis: Genesis) -> int:
    """The state root of block 0, computed once."""
    return genesis.root


def answer_chains(sources: Sources, request: NoRequest) -> chains.Chains:
    return chains.Chains(chains=[describe_chain(sources, chain) for chain in sorted(sources.profiles)])


def describe_chain(sources: Sources, chain: ChainId) -> chains.ChainInfo:
    """One chain, and how far it is."""
    profile, place = sources.profiles[chain], sources.place(chain)
    head, live = sources.live.head(chain), sources.live.chain(chain)
    counters = sources.history.counters().get(chain, GENESIS_COUNTERS)
    return chains.ChainInfo(
        chain=chain,
        caip2=place.caip2,
        name=profile.name,
        native_symbol=profile.native_symbol,
        native_asset=place.name_coin(find_coin_type(profile.native_symbol)),
        is_primary=chain == sources.primary,
        status="unknown" if live is None else "frozen" if live.is_frozen else "live",
        confirmations=profile.confirmations,
        block_time_ms=round(profile.block_time_seconds * 1000),
        head_block=None if head is None else head.number,
        head_timestamp=None if head is None else head.timestamp,
        accepted_block=counters.accepted,
        executed_block=counters.executed,
        contracts=place.addresses,
        address_format=int(place.table_entry.address_format),
        genesis=str(place.table_entry.evm_chain_id),
    )


def answer_tokens(sources: Sources, request: NoRequest) -> chains.Tokens:
    plans = sorted(sources.deployment.tokens, key=lambda plan: plan.token_id)
    return chains.Tokens(tokens=[_describe_token(sources, plan) for plan in plans])


def _describe_token(sources: Sources, plan: TokenPlan) -> chains.TokenInfo:
    places = [_describe_contract(sources, plan, chain) for chain in sorted(plan.contracts)]
    return chains.TokenInfo(
        token=plan.token_id,
        asset=name_token(sources.deployment.deployment_hash, plan.token_id),
        symbol=plan.symbol,
        decimals=plan.layer2_decimals,
        contracts=places,
    )


def _describe_contract(sources: Sources, plan: TokenPlan, chain: ChainId) -> chains.TokenContract:
    address, live = plan.contracts[chain], sources.live.chain(chain)
    token = None if live is None else live.tokens.get(plan.token_id)
    return chains.TokenContract(
        chain=chain,
        asset=sources.name_asset(chain, address),
        address=address,
        is_native=sources.is_coin(plan, chain),
        is_paused=None if token is None else token.is_paused,
        l1_per_unit=str(0 if token is None else token.scale),
        minimum=str(plan.minimum if token is None else token.minimum),
        cap=str(plan.cap if token is None else token.cap),
    )


def answer_pools(sources: Sources, request: NoRequest) -> chains.Pools:
    sequencer = sources.node.sequencer
    pools = [
        chains.PoolInfo(
            token_a=lower,
            token_b=higher,
            reserve_a=str(pool.reserve_lower),
            reserve_b=str(pool.reserve_higher),
            fee_bps=pool.fee,
            share_token=pool.lp_token,
            shares=str(pool.lp_supply),
        )
        for (lower, higher), pool in sequencer.state.pools()
        if not pool.is_empty
    ]
    return chains.Pools(block=sequencer.height, pools=pools)


def answer_trust(sources: Sources, request: NoRequest) -> chains.Trust:
    deployment = sources.deployment
    hashes = deployment.vk_hashes
    keys = {"swap": hashes.swap, "account": hashes.account, "exit": hashes.exit}
    live = sources.live.chain(sources.primary)
    return chains.Trust(
        deployment_hash=show_bytes(deployment.deployment_hash),
        verification_keys={name: show_bytes(value) for name, value in keys.items()},
        has_development_keys=live is None or live.has_development_keys,
        validators=_describe_group(sources, Group.VALIDATORS, deployment.validators),
        watchers=_describe_group(sources, Group.WATCHERS, deployment.watchers),
        governor=deployment.governor,
        confirmations={str(chain): profile.confirmations for chain, profile in sorted(sources.profiles.items())},
        caps={str(plan.token_id): _describe_caps(sources, plan) for plan in deployment.tokens},
        freeze_after_seconds=EXPIRY_SECONDS,
        freeze_delay_seconds=FREEZE_DELAY_SECONDS,
        silence_seconds=SILENCE_SECONDS,
        group_delay_seconds=GROUP_DELAY_SECONDS,
        is_audited=sources.is_audited,
    )


def _describe_caps(sources: Sources, plan: TokenPlan) -> dict[str, str]:
    return {str(chain): _describe_contract(sources, plan, chain).cap for chain in sorted(plan.contracts)}


def _describe_group(sources: Sources, group: Group, planned: GroupPlan) -> chains.GroupInfo:
    live = sources.live.chain(sources.primary)
    members = GroupMembers(planned.members, planned.threshold) if live is None else live.groups.members[group]
    coming = None if live is None else live.groups.coming
    is_coming = coming is not None and coming.group is group
    return chains.GroupInfo(
        members=list(members.members),
        threshold=members.threshold,
        is_live=live is not None,
        coming=list(coming.signers.members) if coming is not None and is_coming else [],
        coming_from=coming.announced_at + GROUP_DELAY_SECONDS if coming is not None and is_coming else None,
    )


def answer_errors(sources: Sources, request: NoRequest) -> ErrorTable:
    return ErrorTable(
        errors=[
            ErrorRow(
                code=row.code,
                status=row.status,
                number=row.number,
                when=row.when,
                what_to_do=row.do,
                retries=row.retries,
            )
            for row in REFUSALS.values()
        ]
    )


ANSWERS: Final[Mapping[str, Answerer]] = {
    "status": Answerer(answer_status),
    "deployment": Answerer(answer_deployment),
    "chains": Answerer(answer_chains),
    "tokens": Answerer(answer_tokens),
    "pools": Answerer(answer_pools, on_node=True),
    "trust": Answerer(answer_trust),
    "errors": Answerer(answer_errors),
}
