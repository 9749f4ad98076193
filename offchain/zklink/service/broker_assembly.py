"""Puts a broker that runs alone together from its settings: chains, database, key, terms. Never starts anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from zklink.broker.broker import Broker
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.watcher import L1Watcher
from zklink.node.watch import ChainWatch, Watch
from zklink.protocol.ids import ChainId, TokenId
from zklink.service.assembly import build_policy, by_chain, check_chains, connect, load_key, read_deployment
from zklink.service.clock import SteadyClock
from zklink.service.settings.broker import AloneBrokerSettings
from zklink.service.wiring import build_broker
from zklink.storage.database import Database, open_database
from zklink.storage.fills import SqlFillBooks

Place = tuple[ChainId, TokenId]


@dataclass(frozen=True, slots=True)
class BrokerAssembly:
    """A broker's parts. `tokens` are those that it fills, with their contract on each chain; `targets` in layer-2
    units.
    """

    deployment: Deployment
    database: Database
    bridges: Mapping[ChainId, BridgeClient]
    watches: Mapping[ChainId, Watch]
    broker: Broker
    key: LocalAccount
    tokens: Mapping[Place, TokenClient]
    targets: Mapping[Place, int]
    clock: SteadyClock

    def symbol(self, token: TokenId) -> str:
        """How a token is called."""
        return next(plan.symbol for plan in self.deployment.tokens if plan.token_id == token)

    def name(self, chain: ChainId) -> str:
        """How a chain is called."""
        return self.deployment.chains[chain].name


def assemble_broker(settings: AloneBrokerSettings, place: str) -> BrokerAssembly:
    """The parts of a broker; `place` names the settings in errors. Raises SettingsInvalid, KeyFileInvalid,
    DeploymentRefused, HistoryDisagrees, WrongChain, RpcUnavailable, and what `open_database` raises.
    """
    deployment = read_deployment(settings.deployment)
    check_chains(settings.chains, deployment, place)
    policy = build_policy(settings.tokens, deployment, place, "tokens")
    plans = {plan.symbol: plan for plan in deployment.tokens}
    targets = {
        (chain, plans[symbol].token_id): target
        for symbol, terms in settings.tokens.items()
        for chain, target in by_chain(terms.targets, deployment, place, f"tokens.{symbol}.targets").items()
    }
    key = load_key(settings.keys.broker, settings.keys.passphrase_file)
    database = open_database(settings.database.url.get_secret_value(), deployment.deployment_hash)
    try:
        clients = connect(settings.chains, deployment, database)
        bridges = deployment.bridges(clients)
        books = SqlFillBooks(database)
        return BrokerAssembly(
            deployment,
            database,
            bridges,
            {
                chain: ChainWatch(
                    bridge, L1Watcher(bridge, deployment.chains[chain].from_block, deployment.deployment_hash)
                )
                for chain, bridge in bridges.items()
            },
            build_broker(deployment, bridges, key, settings.keys.repay_to, policy, books),
            key,
            {
                (chain, plans[symbol].token_id): TokenClient(clients[chain], plans[symbol].contracts[chain])
                for symbol in settings.tokens
                for chain in plans[symbol].contracts
            },
            targets,
            SteadyClock(),
        )
    except BaseException:
        database.close()
        raise
