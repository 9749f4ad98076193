"""Puts a node together: takes a deployment, a client per chain, keys and a prover, gives the parts that `Node` drives.
Never starts anything.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.broker.books import FORGETFUL, FillBooks
from zklink.broker.broker import Broker
from zklink.broker.policy import FillPolicy
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.node.parts import NodeParts
from zklink.node.ports import BlockProver, CheckpointStore
from zklink.protocol.facts import Group
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import ImportPolicy
from zklink.sequencer.fee_terms import Terms
from zklink.sequencer.journal import Journal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Submitter
from zklink.service.chain_link import ChainLink, ProgramChain
from zklink.service.evm_link import EvmLink, NodeKeys
from zklink.service.restoring import choose_checkpoint, place_of
from zklink.signers import signer
from zklink.signers.bridge_reader import BridgeReader
from zklink.signers.groups import ValidatorGroup, WatcherGroup
from zklink.signers.journal import MemorySignerJournal, SignerJournal
from zklink.signers.ports import ChainReader, ValidatorPort, WatcherPort
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher

Programs = Mapping[ChainId, ProgramChain]
"""The chains of a deployment whose bridge is a program (`service/program_link.py`)."""
NO_PROGRAMS: Final[Programs] = MappingProxyType({})


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
    programs: Programs = NO_PROGRAMS,
) -> LocalGroups:
    """Both groups, with the signers `elsewhere`; the primary says who is a member, and how many must sign. No other
    chain is asked: one that is away would hold up every seal. While a chain has other members, it refuses what too few
    of them have signed and lags, which `zklink watch` says (docs/govern.md). `journal_of` gives a signer's journal by
    its address, `clock` the world's time in UNIX seconds. `programs` are the chains whose bridge is a program. Raises
    CallRefused, RpcUnavailable.
    """
    bridges = deployment.bridges(clients)

    def read_chains() -> dict[ChainId, ChainReader]:
        contracts = {chain: BridgeReader(bridge, deployment.primary) for chain, bridge in bridges.items()}
        return {**contracts, **{chain: link.reader() for chain, link in programs.items()}}

    known = signer.Deployment(deployment.deployment_hash, deployment.primary, read_start(deployment, clients))
    groups = bridges[deployment.primary].groups
    return LocalGroups(
        ValidatorGroup(
            [
                *(Validator(key, known, read_chains(), journal_of(key.address), clock) for key in validators),
                *elsewhere[0],
            ],
            read_members=lambda: (groups.members(Group.VALIDATORS),),
        ),
        WatcherGroup(
            [*(Watcher(key, known, read_chains(), journal_of(key.address), clock) for key in watchers), *elsewhere[1]],
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
    programs: Programs = NO_PROGRAMS,
) -> NodeParts:
    """All parts of a node that plays every role itself, on these fee terms; without `fill_policy` it has no broker.
    Without `groups` it has new signers, which remember nothing. `books` are where the broker's fills outlive a restart.
    With `checkpoints` the node goes on from the newest that holds (see `choose_checkpoint`). `programs` are the chains
    whose bridge is a program, each with who pays there.
    """
    bridges = deployment.bridges(clients)
    links = link_chains(deployment, bridges, keys, programs)
    chains = tuple(sorted(links))
    unpayable = {entry.chain_id: entry.bridge for entry in deployment.table}
    formats = {entry.chain_id: entry.address_format for entry in deployment.table}
    place = (deployment.preset, deployment.deployment_hash, deployment.primary, chains)
    parameters = Parameters(*place, terms, unpayable, formats)
    groups = groups or build_groups(deployment, clients, keys.validators, keys.watchers, programs=programs)
    found = None
    if checkpoints is not None:
        standings = {chain: link.standing() for chain, link in links.items()}
        found = choose_checkpoint(checkpoints, parameters, journal, standings, told_up_to)
    return NodeParts(
        profiles={chain: link.profile for chain, link in links.items()},
        sequencer=Sequencer(parameters, deployment.genesis.state(), journal, checkpoint=found),
        prover=prover,
        watches={chain: link.watch(None if found is None else place_of(found, chain)) for chain, link in links.items()},
        submitters={chain: Submitter(link.gate(), import_policy) for chain, link in links.items()},
        validators=groups.validators,
        watchers=groups.watchers,
        broker=None if fill_policy is None else open_broker(deployment, links, fill_policy, books),
        started_at=read_start(deployment, clients),
        checkpoints=checkpoints,
    )


def link_chains(
    deployment: Deployment,
    bridges: Mapping[ChainId, BridgeClient],
    keys: NodeKeys | None,
    programs: Programs = NO_PROGRAMS,
) -> dict[ChainId, ChainLink]:
    """Every chain by what its bridge is, ascending: the one place where that decides. Without keys nothing is sent."""
    links: dict[ChainId, ChainLink] = {k: EvmLink(deployment, bridge, keys) for k, bridge in bridges.items()}
    links |= programs
    return {chain: links[chain] for chain in sorted(links)}


def open_broker(
    deployment: Deployment, links: Mapping[ChainId, ChainLink], policy: FillPolicy, books: FillBooks
) -> Broker:
    """A broker on these chains. Raises what `books.load` raises."""
    ports = {chain: link.fill_port() for chain, link in links.items()}
    mine = frozenset[bytes]().union(*(link.broker_names() for link in links.values()))
    confirmations = {chain: link.profile.confirmations for chain, link in links.items()}
    own = replace(policy, excluded=policy.excluded | mine)
    return Broker(deployment.deployment_hash, ports, own, confirmations, books)
