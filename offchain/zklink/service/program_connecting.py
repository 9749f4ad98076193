"""Connects to the chains whose bridge is a program: takes settings and a deployment, gives links. Only for a deployment
with such chains: it needs the extra `solana`.
"""

from collections.abc import Mapping

from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.roster import PoolPolicy
from zklink.protocol.ids import ChainId
from zklink.service.program_link import ProgramLink
from zklink.service.settings.model import FillingProgramSettings, PayingProgramSettings, ProgramSettings
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.pool import SolanaPool
from zklink.solana.keys import load_keypair


def connect_programs(settings: Mapping[str, ProgramSettings], deployment: Deployment) -> dict[ChainId, ProgramLink]:
    """A link per program of the deployment, each checked to be the deployment's. Raises KeyFileInvalid, FileUnreadable,
    WrongChain, HistoryDisagrees, RpcUnavailable.
    """
    links = {chain: _link(deployment, chain, settings[place.name]) for chain, place in deployment.programs.items()}
    for link in links.values():
        link.check()
    return links


def _link(deployment: Deployment, chain: ChainId, own: ProgramSettings) -> ProgramLink:
    place = deployment.programs[chain]
    profile = ChainProfile(place.name, chain, 0, own.block_time_seconds, 1, own.native_symbol, own.is_local)
    urls = [node.get_secret_value() for node in own.nodes]
    pool = SolanaPool(place.name, urls, place.genesis_number, PoolPolicy(own.quorum))
    payer = broker = None
    price = 0
    if isinstance(own, PayingProgramSettings):
        payer, price = load_keypair(own.payer), own.unit_price
        broker = None if own.broker is None else load_keypair(own.broker)
    elif isinstance(own, FillingProgramSettings):
        broker, price = load_keypair(own.broker), own.unit_price
    return ProgramLink(
        profile,
        place,
        deployment.deployment_hash,
        lambda: SolanaNode(place.name, pool=pool),
        payer,
        broker,
        price=price,
        level=own.commitment,
    )
