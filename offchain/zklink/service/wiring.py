"""Puts a node together: takes a deployment, a client per chain, keys and a prover, gives the parts that `Node` drives.
Never starts anything.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from zklink.broker.books import FORGETFUL, FillBooks
from zklink.broker.broker import Broker
from zklink.broker.policy import FillPolicy
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.l1.watcher import L1Watcher
from zklink.node.parts import NodeParts
from zklink.node.ports import BlockProver, CheckpointStore
from zklink.node.watch import ChainWatch
from zklink.protocol.facts import Group
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import ImportPolicy
from zklink.sequencer.fee_terms import Terms
from zklink.sequencer.journal import Journal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import HistoryGate, Submitter
from zklink.service.adapters import BridgeFillPort
from zklink.service.restoring import choose_checkpoint, place_of
from zklink.signers import signer
from zklink.signers.bridge_reader import BridgeReader
from zklink.signers.groups import ValidatorGroup, WatcherGroup
from zklink.signers.journal import MemorySignerJournal, SignerJournal
from zklink.signers.ports import ValidatorPort, WatcherPort
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """The keys of a node by role. The sequencer sends blocks to the chains. Both groups are local ones here, with all
    keys in this process. The broker's fills are repaid at `repay_to`, which is its alone; by default its own address.
    """

    sequencer: LocalAccount
    broker: LocalAccount
    validators: tuple[LocalAccount, ...]
    watchers: tuple[LocalAccount, ...]
    repay_to: str | None = None


@dataclass(frozen=True, slots=True)
class LocalGroups:
    """Both groups, with signers of this process and of others."""

    validators: ValidatorGroup
    watchers: WatcherGroup


def forget_signers(address: str) -> SignerJournal:
    """A journal that lives as long as the signer of this address: for local networks."""
    return MemorySignerJournal()


def build_groups(
    deployment: Deployment,
    clients: Mapping[ChainId, ChainClient],
    validators: tuple[LocalAccount, ...],
    watchers: tuple[LocalAccount, ...],
    journal_of: Callable[[str], SignerJournal] = forget_signers,
    clock: Callable[[], float] = time.time,
    elsewhere: tuple[Sequence[ValidatorPort], Sequence[WatcherPort]] = ((), ()),
) -> LocalGroups:
    """Both groups, with the signers `elsewhere`; the primary says who is a member, and how many must sign. `journal_of`
    gives a signer's journal by its address, `clock` the world's time in UNIX seconds. Raises CallRefused,
    RpcUnavailable.
    """
    bridges = deployment.bridges(clients)
    chains = {chain: BridgeReader(bridge, deployment.primary) for chain, bridge in bridges.items()}
    known = signer.Deployment(deployment.deployment_hash, deployment.primary, read_start(deployment, clients))
    groups = bridges[deployment.primary].groups
    return LocalGroups(
        ValidatorGroup(
            [*(Validator(key, known, chains, journal_of(key.address), clock) for key in validators), *elsewhere[0]],
            read_members=lambda: (groups.members(Group.VALIDATORS),),
        ),
        WatcherGroup(
            [*(Watcher(key, known, chains, journal_of(key.address), clock) for key in watchers), *elsewhere[1]],
            read_members=lambda: (groups.members(Group.WATCHERS),),
        ),
    )


def read_start(deployment: Deployment, clients: Mapping[ChainId, ChainClient]) -> int:
    """When the primary's contracts were deployed, in UNIX seconds."""
    primary = deployment.primary
    return clients[primary].block(deployment.chains[primary].from_block).timestamp


def build_parts(
    deployment: Deployment,
    clients: Mapping[ChainId, ChainClient],
    keys: NodeKeys,
    prover: BlockProver,
    journal: Journal,
    terms: Terms,
    fill_policy: FillPolicy | None = None,
    import_policy: ImportPolicy | None = None,
    groups: LocalGroups | None = None,
    books: FillBooks = FORGETFUL,
    checkpoints: CheckpointStore | None = None,
    told_up_to: BlockNumber | None = None,
) -> NodeParts:
    """All parts of a node that plays every role itself, on these fee terms; without `fill_policy` it has no broker.
    Without `groups` it has new signers, which remember nothing. `books` are where the broker's fills outlive a restart.
    With `checkpoints` the node goes on from the newest that holds (see `choose_checkpoint`).
    """
    bridges = deployment.bridges(clients)
    chains = tuple(sorted(bridges))
    unpayable = {entry.chain_id: entry.bridge for entry in deployment.table}
    formats = {entry.chain_id: entry.address_format for entry in deployment.table}
    place = (deployment.preset, deployment.deployment_hash, deployment.primary, chains)
    parameters = Parameters(*place, terms, unpayable, formats)
    groups = groups or build_groups(deployment, clients, keys.validators, keys.watchers)
    start = {chain: deployment.chains[chain].from_block for chain in bridges}
    found = None if checkpoints is None else choose_checkpoint(checkpoints, parameters, journal, bridges, told_up_to)
    places = {chain: None if found is None else place_of(found, chain) for chain in bridges}
    return NodeParts(
        profiles={chain: bridge.client.profile for chain, bridge in bridges.items()},
        sequencer=Sequencer(parameters, deployment.genesis.state(), journal, checkpoint=found),
        prover=prover,
        watches={
            chain: ChainWatch(bridge, L1Watcher(bridge, start[chain], deployment.deployment_hash, places[chain]))
            for chain, bridge in bridges.items()
        },
        submitters={
            chain: Submitter(HistoryGate(bridge, keys.sequencer), import_policy) for chain, bridge in bridges.items()
        },
        validators=groups.validators,
        watchers=groups.watchers,
        broker=None
        if fill_policy is None
        else build_broker(deployment, bridges, keys.broker, keys.repay_to, fill_policy, books),
        started_at=read_start(deployment, clients),
        checkpoints=checkpoints,
    )


def build_broker(
    deployment: Deployment,
    bridges: Mapping[ChainId, BridgeClient],
    key: LocalAccount,
    repay_to: str | None,
    policy: FillPolicy,
    books: FillBooks,
) -> Broker:
    """A broker, of a node or alone. Raises what `books.load` raises."""
    repaid = repay_to or key.address
    ports = {
        chain: BridgeFillPort(bridge, key, deployment.chains[chain].from_block, repaid)
        for chain, bridge in bridges.items()
    }
    mine = {universal_address(address) for address in (key.address, repaid)}
    confirmations = {chain: bridge.client.profile.confirmations for chain, bridge in bridges.items()}
    own = replace(policy, excluded=policy.excluded | mine)
    return Broker(deployment.deployment_hash, ports, own, confirmations, books)
