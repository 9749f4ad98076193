"""Puts a whole node together from its settings: chains, database, signers, provers, broker. Never starts anything.

A setting that does not fit the deployment is named like any other mistake.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.files import read_file
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.places import ChainDeployment
from zklink.l1.deployment.records import Deployment, VkHashes
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.nodes import connect_nodes
from zklink.l1.transport.roster import PoolPolicy
from zklink.l1.transport.submission_log import UNLOGGED, SubmissionLog
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.ports import BlockProver
from zklink.protocol.errors import DeploymentRefused, FileUnreadable, KeyFileInvalid, SettingsInvalid
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, TokenId
from zklink.prover.circuit_artifacts import open_circuit
from zklink.recovery.connect import check_bridge, check_file
from zklink.relayer.relayer import Relayer
from zklink.relayer.terms import RelayTerms
from zklink.sequencer.fee_terms import PoolTerms, Terms
from zklink.service.clock import SteadyClock
from zklink.service.evm_link import NodeKeys
from zklink.service.programs import check_programs, connect_programs
from zklink.service.proving.engine import STATEMENTS
from zklink.service.proving.pool import ProofPool
from zklink.service.settings.model import ChainSettings, FillSettings, NodeSettings
from zklink.service.signing.asking import find_signers
from zklink.service.wiring import NO_PROGRAMS, Programs, build_groups, build_parts
from zklink.storage.checkpoints import SqlCheckpoints
from zklink.storage.database import Database, open_database
from zklink.storage.fills import SqlFillBooks
from zklink.storage.history import SqlHistory
from zklink.storage.journal import SqlJournal
from zklink.storage.proof_jobs import SqlProofJobs
from zklink.storage.relays import SqlRelayBooks
from zklink.storage.signer_words import SqlSignerJournal
from zklink.storage.submissions import SqlSubmissionLog

KEPT_EVENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Assembly:
    """A node's parts, and what they stand on. `pool` is None if something else proves."""

    deployment: Deployment
    database: Database
    clients: Mapping[ChainId, ChainClient]
    parts: NodeParts
    config: NodeConfig
    pool: ProofPool | None
    clock: SteadyClock
    fill_policy: FillPolicy | None = None
    relayer: Relayer | None = None
    programs: Programs = field(default_factory=lambda: NO_PROGRAMS)


def assemble(settings: NodeSettings, place: str, prover: BlockProver | None = None) -> Assembly:
    """The parts of a node; `place` names the settings in errors. Without `prover` the node has a pool of provers.

    Raises SettingsInvalid, KeyFileInvalid, DeploymentRefused, HistoryDisagrees, WrongChain, RpcUnavailable, and what
    `open_database` raises.
    """
    deployment = read_deployment(settings.deployment)
    terms, policy = _build_terms(settings, deployment, place), _build_policy(settings, deployment, place)
    keys, relay_terms = _load_keys(settings), _build_relay_terms(settings, deployment, place)
    clock = SteadyClock()
    check_chains(settings.chains, deployment, place)
    check_programs(settings.programs, deployment, place)
    programs = connect_programs(settings.programs, deployment)
    database = open_database(settings.database.url.get_secret_value(), deployment.deployment_hash)
    try:
        clients = connect(settings.chains, deployment, database)
        config = _build_config(settings)
        pool = None if prover else _open_pool(settings, deployment, database, clock)
        parts = build_parts(
            deployment,
            clients,
            keys,
            prover or pool,  # type: ignore[arg-type]  # one of them is there
            SqlJournal(database),
            terms,
            policy,
            groups=build_groups(
                deployment,
                clients,
                keys.validators,
                keys.watchers,
                lambda address: SqlSignerJournal(database, address),
                elsewhere=find_signers(settings.signers, deployment),
                programs=programs,
            ),
            books=SqlFillBooks(database),
            checkpoints=SqlCheckpoints(database),
            told_up_to=_find_told(database, deployment) if settings.http.api else None,
            programs=programs,
        )
        relayer = None if relay_terms is None else _open_relayer(settings, deployment, clients, relay_terms, database)
    except BaseException:
        database.close()
        raise
    return Assembly(deployment, database, clients, parts, config, pool, clock, policy, relayer, programs)


def read_deployment(path: Path) -> Deployment:
    """A published deployment. Raises FileUnreadable, and DeploymentRefused, which names the file."""
    text = read_file(path)
    try:
        deployment = Deployment.from_json(text)
        check_file(deployment)
    except DeploymentRefused as error:
        raise DeploymentRefused(f"{path}: {error.reason}; give the file that `ape run deploy` published") from error
    return deployment


def connect(
    chains: Mapping[str, ChainSettings], deployment: Deployment, database: Database
) -> dict[ChainId, ChainClient]:
    """A client per chain of the deployment, whose transactions outlive a restart; each bridge is the deployment's."""
    clients = {}
    for chain, found in deployment.chains.items():
        client = connect_chain(found, chains[found.name], SqlSubmissionLog(database, chain))
        client.check_chain_id()
        check_bridge(BridgeClient(client, found.bridge), deployment)
        clients[chain] = client
    return clients


def connect_chain(place: ChainDeployment, own: ChainSettings, kept: SubmissionLog = UNLOGGED) -> ChainClient:
    """A client of one chain of the deployment; its nodes are not asked anything yet."""
    profile = ChainProfile(
        place.name,
        place.chain_id,
        place.evm_chain_id,
        own.block_time_seconds,
        own.confirmations,
        own.native_symbol,
        own.is_local,
    )
    nodes = [node.get_secret_value() for node in own.nodes]
    w3 = connect_nodes(profile, nodes, policy=PoolPolicy(own.quorum))
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return ChainClient(profile, w3, kept=kept)


def load_key(path: Path, passphrase_file: Path | None) -> LocalAccount:
    """An account from a file: a private key in hex, or a keystore. Raises FileUnreadable, KeyFileInvalid; no text shows
    the content.
    """
    try:
        text = read_file(path).strip()
        if text.startswith("{"):
            passphrase = "" if passphrase_file is None else read_file(passphrase_file).strip()
            text = Account.decrypt(json.loads(text), passphrase).hex()
        account: LocalAccount = Account.from_key(text)
        return account
    except FileUnreadable as error:
        if error.position is None:
            raise
        raise KeyFileInvalid(str(path)) from None
    except (ValueError, KeyError, TypeError):
        raise KeyFileInvalid(str(path)) from None


def _load_keys(settings: NodeSettings) -> NodeKeys:
    keys = settings.keys
    sequencer = load_key(keys.sequencer, keys.passphrase_file)
    broker = sequencer if keys.broker is None else load_key(keys.broker, keys.passphrase_file)
    groups = [
        tuple(sorted((load_key(file, keys.passphrase_file) for file in files), key=lambda key: int(key.address, 16)))
        for files in (keys.validators, keys.watchers)
    ]
    return NodeKeys(sequencer, broker, groups[0], groups[1])


def check_chains(chains: Mapping[str, ChainSettings], deployment: Deployment, place: str) -> None:
    """Raise SettingsInvalid unless the settings have just the deployment's chains."""
    names = {chain.name for chain in deployment.chains.values()}
    for name in chains:
        if name not in names:
            raise SettingsInvalid(place, f"chains.{name}", f"the deployment has {', '.join(sorted(names))}")
    for name in sorted(names - set(chains)):
        raise SettingsInvalid(place, f"chains.{name}", "the deployment has this chain, and no node of it is given")


def _find_token(symbol: str, deployment: Deployment, place: str, key: str) -> TokenId:
    found = {token.symbol: token.token_id for token in deployment.tokens}
    if symbol not in found:
        raise SettingsInvalid(place, f"{key}.{symbol}", f"the deployment's tokens are {', '.join(sorted(found))}")
    return found[symbol]


def _build_terms(settings: NodeSettings, deployment: Deployment, place: str) -> Terms:
    fees = settings.fees
    prices = {_find_token(symbol, deployment, place, "fees.prices"): price for symbol, price in fees.prices.items()}
    tokens = frozenset(token.token_id for token in deployment.tokens)
    return Terms(prices or None, PoolTerms(fees.pools_are_open, fees.greatest_pool_fee, tokens))


def _build_policy(settings: NodeSettings, deployment: Deployment, place: str) -> FillPolicy | None:
    return build_policy(settings.broker.tokens, deployment, place, "broker.tokens") if settings.broker.enabled else None


def build_policy(tokens: Mapping[str, FillSettings], deployment: Deployment, place: str, key: str) -> FillPolicy:
    """A broker's terms. Raises SettingsInvalid for tokens and chains that the deployment does not have."""
    policies = {}
    for symbol, terms in tokens.items():
        policies[_find_token(symbol, deployment, place, key)] = TokenPolicy(
            tuple(Tier(Amount(tier.limit), tier.extra_confirmations) for tier in terms.tiers),
            Amount(terms.minimum_fee),
            terms.minimum_rate,
            by_chain(terms.coin_prices, deployment, place, f"{key}.{symbol}.coin_prices"),
            None if terms.most_open is None else Amount(terms.most_open),
        )
    return FillPolicy(policies)


def _build_relay_terms(settings: NodeSettings, deployment: Deployment, place: str) -> RelayTerms | None:
    own = settings.relay
    if not own.enabled:
        return None
    prices = {
        _find_token(symbol, deployment, place, "relay.tokens"): by_chain(
            token.coin_prices, deployment, place, f"relay.tokens.{symbol}.coin_prices"
        )
        for symbol, token in own.tokens.items()
    }
    return RelayTerms(prices, own.greatest_loss_wei, own.most_open)


def _open_relayer(
    settings: NodeSettings,
    deployment: Deployment,
    clients: Mapping[ChainId, ChainClient],
    terms: RelayTerms,
    database: Database,
) -> Relayer:
    keys = settings.keys
    assert keys.relayer is not None  # the settings ask for it
    account = load_key(keys.relayer, keys.passphrase_file)
    return Relayer(deployment, clients, account, terms, SqlRelayBooks(database))


def by_chain(values: Mapping[str, int], deployment: Deployment, place: str, key: str) -> dict[ChainId, int]:
    """Values by the chains' names as values by their ids. Raises SettingsInvalid."""
    found = {chain.name: chain.chain_id for chain in deployment.places.values()}
    for name in values:
        if name not in found:
            raise SettingsInvalid(place, f"{key}.{name}", f"the deployment's chains are {', '.join(sorted(found))}")
    return {found[name]: value for name, value in values.items()}


def _build_config(settings: NodeSettings) -> NodeConfig:
    pace = settings.pace
    return NodeConfig(
        proofs_at_once=max(1, settings.prover.processes),
        longest_idle_seconds=pace.longest_idle_seconds,
        fill_retry_seconds=pace.fill_retry_seconds,
        heartbeat_seconds=pace.heartbeat_seconds,
        kept_blocks=pace.kept_blocks,
        checkpoint_blocks=pace.checkpoint_blocks,
        kept_events=KEPT_EVENTS,
    )


def _find_told(database: Database, deployment: Deployment) -> BlockNumber:
    """The last block of the history that the API shows."""
    newest = SqlHistory(database, deployment.deployment_hash).blocks(None, 1).entries
    return newest[0].number if newest else BlockNumber(0)


def _open_pool(settings: NodeSettings, deployment: Deployment, database: Database, clock: SteadyClock) -> ProofPool:
    keys = {lane: open_circuit(deployment.preset, STATEMENTS[lane], settings.prover.keys).vk for lane in Lane}
    found = VkHashes(keys[Lane.SWAP].hash(), keys[Lane.ACCOUNT].hash(), deployment.vk_hashes.exit)
    if found != deployment.vk_hashes:
        raise DeploymentRefused("its verification keys are not those that this node proves with")
    own = settings.prover
    jobs = SqlProofJobs(database)
    return ProofPool(jobs, keys, deployment.preset.name, own.lease_seconds, clock, own.processes > 0)
