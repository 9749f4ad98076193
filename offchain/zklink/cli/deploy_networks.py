"""`ape run deploy --environment FILE`: from an environment file to a deployment on public networks, or on forks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from eth_account.signers.local import LocalAccount

from zklink.cli.deploy_plan import show_plan
from zklink.cli.deployment_inputs import parse_account
from zklink.cli.progress_bar import RichProgress
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.verify import verify_code
from zklink.l1.transport.impersonation import impersonate
from zklink.lab import ape_networks
from zklink.protocol.errors import AccountUnknown, ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.service.deploying.building import Prepared, build, prepare, write_dossier
from zklink.service.deploying.connecting import Nodes, as_local_account, build_clients, open_nodes
from zklink.service.deploying.dry_run import rehearse_on_forks
from zklink.service.deploying.planning import Project, plan_project
from zklink.service.settings.deployer import read_environment

if TYPE_CHECKING:
    from zklink.solana.deploying.desk import Desk

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployer:
    """Who deploys: an account of ape's, or an address that forks send for."""

    address: str
    account: Any = None

    def open(self, nodes: dict[ChainId, Nodes], project: Project) -> LocalAccount:
        """The account, ready to sign. ape asks for its passphrase here."""
        if self.account is None:
            found = [impersonate(nodes[k].w3, profile.name, self.address) for k, profile in project.profiles.items()]
            return found[0]
        if hasattr(self.account, "set_autosign"):
            self.account.set_autosign(True)
        return as_local_account(self.account)


def find_deployer(alias: str | None, impersonated: str | None) -> Deployer:
    """The account of an alias, or an address. UsageError unless exactly one is given; AccountUnknown."""
    if (alias is None) == (impersonated is None):
        raise click.UsageError("--environment needs either --account ALIAS or --impersonate ADDRESS")
    if impersonated is not None:
        return Deployer(parse_account(impersonated, "--impersonate"))
    try:
        account = ape_networks.load_account(cast(str, alias))
    except KeyError as error:
        raise AccountUnknown(cast(str, alias), error.args[0]) from None
    return Deployer(str(account.address), account)


def deploy_to_networks(file: Path, deployer: Deployer, is_dry: bool, is_confirmed: bool, say: Say) -> None:
    """The whole way: look, show, ask, build, check, publish. Raises ZkLinkError; the same command goes on after it."""
    settings = read_environment(file)
    project = plan_project(file.stem, settings)
    nodes = open_nodes(project, settings, ape_networks.open_network)
    desks = _open_desks(project)
    if is_dry:
        _dry_run(project, deployer, nodes, desks, say)
        return
    record, path = file.with_suffix(".json"), file.with_suffix(".journal")
    journal = Journal(path)
    clients = build_clients(project.profiles, {k: each.w3 for k, each in nodes.items()}, journal)
    prepared = prepare(project, deployer.address, clients, journal, desks)
    for line in show_plan(prepared):
        say(line)
    prepared.check_funds()
    if not is_confirmed:
        click.confirm("deploy this?", abort=True)
    try:
        account = deployer.open(nodes, project)
        with ape_networks.quiet():
            dossier = build(prepared, account, _reporter(say), RichProgress())
    except ZkLinkError:
        say(f"stopped; {path} has what is done: the same command goes on from there")
        raise
    say(f"the compiler's inputs, for block explorers, are in {write_dossier(dossier, record)}")
    _finish(prepared, dossier, record, say)


def _open_desks(project: Project) -> dict[ChainId, Desk]:
    """Where programs are built. Raises NodeMissing."""
    if not project.programs:
        return {}
    from zklink.service.deploying.program_sides import open_desks

    return open_desks(project)


def _dry_run(
    project: Project, deployer: Deployer, nodes: dict[ChainId, Nodes], desks: dict[ChainId, Desk], say: Say
) -> None:
    urls = {k: each.url for k, each in nodes.items()}
    clients = build_clients(project.profiles, {k: each.w3 for k, each in nodes.items()})
    say("a dry run on forks: nothing is sent to the chains, and no key is used")
    if desks:
        from zklink.service.deploying.program_sides import open_rehearsal_desks

        desks = open_rehearsal_desks(project, desks)
    rehearsal = rehearse_on_forks(project, deployer.address, urls, _reporter(say), desks)
    for line in show_plan(rehearsal.prepared):
        say(line)
    for k, client in clients.items():
        gas = sum(done.gas for done in rehearsal.done if done.chain_id == k)
        say(f"{client.profile.name}: took {gas:,} gas")
    for side in rehearsal.prepared.sides.values():
        took = side.rehearsed
        say(f"{side.side.place.name}: took {took.transactions} transactions and {took.fees:,} lamports of fees")
    say(f"the dry run of {project.name} is complete; without --dry-run it is deployed")


def _finish(prepared: Prepared, dossier: Dossier, record: Path, say: Say) -> None:
    wrong = [check for check in verify_code(dossier, prepared.clients) if not check.is_right]
    for check in wrong:
        say(f"{check.chain}: {check.what}: {check.detail}")
    if wrong:
        raise click.ClickException(f"{record} does not agree with the chains: see above")
    say(f"written to {record}")
    say(f"next: {prepared.project.governor} calls accept_ownership() on each timelock:")
    for chain in dossier.deployment.chains.values():
        say(f"  {chain.name} {chain.timelock}")
    say(f"      ape run govern accept-ownership --account GOVERNOR {dossier.name}")
    for k, place in dossier.deployment.programs.items():
        say(f"  {dossier.programs[k].owner} does the same on {place.name}, {place.timelock}:")
        say(f"      ape run govern program accept-ownership --chain {place.name} --keypair OWNER.json {dossier.name}")
    say(f"then: ape run verify-deployment {dossier.name}")


def _reporter(say: Say) -> Callable[[str, str], None]:
    return lambda chain, step: say(f"{chain:>12}  {step}")
