"""Puts a broker that runs alone together from its settings: chains, database, key, terms. Never starts anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from zklink.broker.broker import Broker
from zklink.l1.deployment.records import Deployment
from zklink.node.outside_broker import OutsideChain
from zklink.protocol.ids import ChainId, TokenId
from zklink.recovery.chains_read import ChainsRead
from zklink.service.assembly import build_policy, by_chain, check_chains, connect, load_key, read_deployment
from zklink.service.chain_link import ChainLink, Store
from zklink.service.clock import SteadyClock
from zklink.service.evm_link import NodeKeys
from zklink.service.programs import check_programs, connect_programs
from zklink.service.settings.broker import AloneBrokerSettings
from zklink.service.wiring import link_chains, open_broker
from zklink.storage.database import Database, open_database
from zklink.storage.fills import SqlFillBooks

Place = tuple[ChainId, TokenId]


@dataclass(frozen=True, slots=True)
class BrokerAssembly:
    """A broker's parts. `stores` are the tokens that it fills, on each chain that has them; `targets` in layer-2 units.
    `read` gives the primary's history.
    """

    deployment: Deployment
    database: Database
    links: Mapping[ChainId, ChainLink]
    read: ChainsRead
    broker: Broker
    stores: Mapping[Place, Store]
    targets: Mapping[Place, int]
    clock: SteadyClock

    def chains(self) -> dict[ChainId, OutsideChain]:
        """The chains as the broker looks at them, from their first request on."""
        return {
            chain: OutsideChain(link.profile, link.watch(None), link.standing()) for chain, link in self.links.items()
        }

    def symbol(self, token: TokenId) -> str:
        """How a token is called."""
        return next(plan.symbol for plan in self.deployment.tokens if plan.token_id == token)

    def name(self, chain: ChainId) -> str:
        """How a chain is called."""
        return self.deployment.places[chain].name


def assemble_broker(settings: AloneBrokerSettings, place: str) -> BrokerAssembly:
    """The parts of a broker; `place` names the settings in errors. Raises SettingsInvalid, KeyFileInvalid,
    DeploymentRefused, HistoryDisagrees, WrongChain, RpcUnavailable, ExtraMissing, and what `open_database` raises.
    """
    deployment = read_deployment(settings.deployment)
    check_chains(settings.chains, deployment, place)
    check_programs(settings.programs, deployment, place)
    policy = build_policy(settings.tokens, deployment, place, "tokens")
    plans = {plan.symbol: plan for plan in deployment.tokens}
    targets = {
        (chain, plans[symbol].token_id): target
        for symbol, terms in settings.tokens.items()
        for chain, target in by_chain(terms.targets, deployment, place, f"tokens.{symbol}.targets").items()
    }
    key = load_key(settings.keys.broker, settings.keys.passphrase_file)
    programs = connect_programs(settings.programs, deployment)
    database = open_database(settings.database.url.get_secret_value(), deployment.deployment_hash)
    try:
        bridges = deployment.bridges(connect(settings.chains, deployment, database))
        links = link_chains(deployment, bridges, NodeKeys(key, key, (), (), settings.keys.repay_to), programs)
        return BrokerAssembly(
            deployment,
            database,
            links,
            ChainsRead(deployment, bridges),
            open_broker(deployment, links, policy, SqlFillBooks(database)),
            {
                (chain, plans[symbol].token_id): links[chain].store(plans[symbol])
                for symbol in settings.tokens
                for chain in plans[symbol].contracts
            },
            targets,
            SteadyClock(),
        )
    except BaseException:
        database.close()
        raise
