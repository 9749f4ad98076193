"""Puts a node together: takes a deployment, a client per chain, keys and a prover, gives the parts that `Node` drives.
Never starts anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from eth_account.signers.local import LocalAccount

from zklink.broker.broker import Broker
from zklink.broker.policy import FillPolicy
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.l1.watcher import L1Watcher
from zklink.node.parts import NodeParts
from zklink.node.ports import BlockProver
from zklink.node.watch import ChainWatch
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.relayer.committee import LocalCommittee
from zklink.relayer.member import CommitteeMember
from zklink.relayer.relayer import Relayer
from zklink.sequencer.decision import ImportPolicy
from zklink.sequencer.fee_terms import Terms
from zklink.sequencer.journal import Journal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import BridgeGate, Submitter
from zklink.service.adapters import BridgeAcceptances, BridgeDestination, BridgeFillPort, ChainConsents


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """The keys of a node by role. The validator commits, proves and executes. The committee here is a local one, with
    all keys in this process.
    """

    validator: LocalAccount
    relayer: LocalAccount
    broker: LocalAccount
    committee: tuple[LocalAccount, ...]


def build_parts(
    deployment: Deployment,
    clients: Mapping[ChainId, ChainClient],
    keys: NodeKeys,
    prover: BlockProver,
    journal: Journal,
    terms: Terms,
    fill_policy: FillPolicy | None = None,
    import_policy: ImportPolicy | None = None,
) -> NodeParts:
    """All parts of a node that plays every role itself, on these fee terms; without `fill_policy` it has no broker."""
    bridges = deployment.bridges(clients)
    chains = tuple(sorted(bridges))
    parameters = Parameters(deployment.preset, deployment.deployment_hash, deployment.primary, chains, terms)
    sequencer = Sequencer(parameters, deployment.genesis.state(), journal)
    start = {chain: deployment.chains[chain].from_block for chain in bridges}

    sources = {chain: BridgeAcceptances(bridge, start[chain]) for chain, bridge in bridges.items()}
    members = [CommitteeMember(account, sources, deployment.deployment_hash) for account in keys.committee]
    committee = LocalCommittee(members, deployment.threshold)

    def is_needed(source: ChainId, after: BlockNumber, number: BlockNumber) -> bool:
        """Acknowledgements of the primary are always waited for, those of others only for blocks that concern them."""
        blocks = sequencer.blocks(after, number - after)
        return source == deployment.primary or any(block.is_concerned(source) for block in blocks)

    profiles = {chain: bridge.client.profile for chain, bridge in bridges.items()}
    return NodeParts(
        profiles=profiles,
        sequencer=sequencer,
        prover=prover,
        watches={
            chain: ChainWatch(
                bridge,
                L1Watcher(bridge, start[chain], deployment.deployment_hash),
                partial(committee.watch, chain),
            )
            for chain, bridge in bridges.items()
        },
        submitters={
            chain: Submitter(BridgeGate(bridge, keys.validator), import_policy) for chain, bridge in bridges.items()
        },
        relayer=Relayer(
            committee,
            {chain: BridgeDestination(bridge, keys.relayer) for chain, bridge in bridges.items()},
            deployment.primary,
            is_needed,
        ),
        broker=None
        if fill_policy is None
        else Broker(
            parameters.deployment_hash,
            {chain: BridgeFillPort(bridge, keys.broker, start[chain]) for chain, bridge in bridges.items()},
            replace(fill_policy, excluded=fill_policy.excluded | {universal_address(keys.broker.address)}),
            {chain: profile.confirmations for chain, profile in profiles.items()},
        ),
        consents={
            chain: ChainConsents(bridges[chain], registry, deployment.deployment_hash)
            for chain, registry in deployment.key_registries(clients).items()
        },
    )
