"""Puts a watch together from its settings. Never starts anything, and asks no chain."""

from collections.abc import Callable

from zklink.l1.contracts.bridge import BridgeClient
from zklink.protocol.errors import SettingsInvalid
from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead, MemberView
from zklink.recovery.programs import open_programs
from zklink.service.assembly import check_chains, connect_chain, read_deployment
from zklink.service.programs import check_programs
from zklink.service.settings.watch import WatchSettings
from zklink.service.watching.watch import Watch


def assemble_watch(settings: WatchSettings, place: str, clock: Callable[[], float], *, needs_all: bool = True) -> Watch:
    """A watch; `place` names the settings in errors. With `needs_all` false members without a node are not watched.
    Raises SettingsInvalid, DeploymentRefused, NodesDisagree, WordsInvalid, FileUnreadable,
    ExtraMissing.
    """
    deployment = read_deployment(settings.deployment)
    watched = {chain: found for chain, found in deployment.chains.items() if found.name in settings.chains}
    if needs_all or len(watched) < len(settings.chains):
        check_chains(settings.chains, deployment, place)
    if deployment.primary not in watched:
        name = deployment.chains[deployment.primary].name
        raise SettingsInvalid(place, f"chains.{name}", "it is the primary, and no node of it is given")
    if needs_all:
        check_programs(settings.programs, deployment, place)
    programs = dict[ChainId, MemberView]()
    for name, own in settings.programs.items():
        urls = tuple(node.get_secret_value() for node in own.nodes)
        programs |= open_programs(deployment, {name: urls}, own.quorum)
    clients = {chain: connect_chain(found, settings.chains[found.name]) for chain, found in watched.items()}
    bridges = {chain: BridgeClient(client, watched[chain].bridge) for chain, client in clients.items()}
    return Watch(ChainsRead(deployment, bridges, programs=programs), clock, settings.words, settings.limits)
