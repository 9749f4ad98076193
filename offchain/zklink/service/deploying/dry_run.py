"""A deployment on forks of its chains, by an account whose key nobody has: the chains themselves are only read.

Takes a project, the nodes' addresses and the deployer's; gives the record that the real run would give, and the gas.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.devnet.anvil_command import anvil_path
from zklink.l1.deployment.deploy import Report
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.journal import Done, Journal
from zklink.l1.transport.impersonation import impersonate
from zklink.lab.anvil import start_anvil
from zklink.protocol.errors import NodeMissing
from zklink.protocol.ids import ChainId
from zklink.service.deploying.building import NO_DESKS, Prepared, build, prepare
from zklink.service.deploying.connecting import build_clients
from zklink.service.deploying.planning import Project

if TYPE_CHECKING:
    from zklink.solana.deploying.desk import Desk


@dataclass(frozen=True, slots=True)
class DryRun:
    """A deployment that stood on forks: what was prepared, its record, and its steps with the gas that they took."""

    prepared: Prepared
    dossier: Dossier
    done: tuple[Done, ...]


def rehearse_on_forks(
    project: Project,
    deployer: str,
    urls: Mapping[ChainId, str],
    report: Report,
    desks: "Mapping[ChainId, Desk]" = NO_DESKS,
) -> DryRun:
    """Deploy on forks, and where the bridge is a program in this process; they end with this call. Raises
    what `prepare` and `build` raise, AnvilFailed, NodeMissing.
    """
    with open_forks(project, urls) as nodes, tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "dry.journal")
        accounts = [impersonate(nodes[k], profile.name, deployer) for k, profile in project.profiles.items()]
        prepared = prepare(project, deployer, build_clients(project.profiles, nodes, journal), journal, desks)
        prepared.check_funds()
        dossier = build(prepared, accounts[0], report)
        return DryRun(prepared, dossier, tuple(journal.done.values()))


@contextmanager
def open_forks(project: Project, urls: Mapping[ChainId, str]) -> Iterator[dict[ChainId, Web3]]:
    """An anvil per chain that begins where the chain is now."""
    with ExitStack() as stack:
        nodes = {}
        for k, profile in project.profiles.items():
            if not urls.get(k):
                raise NodeMissing(profile.name, tuple(each.name for each in project.profiles.values()))
            fork = start_anvil(anvil_path(), profile.name, profile.evm_chain_id, "--fork-url", urls[k])
            stack.callback(fork.stop)
            nodes[k] = Web3(HTTPProvider(fork.url))
            nodes[k].middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        yield nodes
