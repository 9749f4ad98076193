"""`zklink verify-deployment`, `ape run verify-deployment`: whether a deployment is what its record says."""

from __future__ import annotations

from collections.abc import Mapping

import click

from zklink.cli.deployment_inputs import deployment_options, find_record
from zklink.cli.inputs import find_urls
from zklink.files import read_file
from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.rehearsal import read_keys
from zklink.l1.deployment.trust import describe_trust
from zklink.l1.deployment.verify import load_named_verifiers, verify
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import NodeMissing
from zklink.protocol.ids import ChainId
from zklink.recovery.connect import connect
from zklink.upkeep.recorded_acts import verify_acts
from zklink.upkeep.recorded_tokens import list_other_symbols


@click.command("verify-deployment")
@deployment_options
@click.option("--all", "is_long", is_flag=True, help="Say each check, not only what is wrong and how many there were.")
def verify_deployment(name: str, rpcs: tuple[str, ...], quorum: int, is_long: bool) -> None:
    """Compare a deployment's record with its chains and with the sources here.

    It needs no key and trusts no node of the deployment's: give any. The exit code is 0 if everything is as recorded.
    """
    path = find_record(name)
    dossier = Dossier.from_json(read_file(path))
    deployment = dossier.deployment
    clients = connect(deployment, find_urls(deployment, rpcs), quorum)
    _check_all_there(dossier, clients)
    checks = (*verify(dossier, clients), *verify_acts(dossier, clients))
    for chain in dict.fromkeys(check.chain for check in checks):
        found = [check for check in checks if check.chain == chain]
        wrong = [check for check in found if not check.is_right]
        click.echo(f"{chain}: {len(found) - len(wrong)} of {len(found)} checks are as recorded")
        for check in found if is_long else wrong:
            click.echo(_show(check))
    for line in list_other_symbols(dossier, clients):
        click.echo(f"look at it yourself: {line}")
    click.echo("whom the users of this deployment trust:")
    for line in describe_trust(dossier, read_keys(load_named_verifiers(dossier))):
        click.echo(f"  - {line}")
    if not all(check.is_right for check in checks):
        click.echo(f"{path} DOES NOT AGREE with the chains and these sources")
        click.get_current_context().exit(1)
    click.echo(f"{path} agrees with the chains and these sources")


def _check_all_there(dossier: Dossier, clients: Mapping[ChainId, ChainClient]) -> None:
    names = tuple(chain.name for chain in dossier.deployment.chains.values())
    for k, chain in dossier.deployment.chains.items():
        if k not in clients:
            raise NodeMissing(chain.name, names)


def _show(check: Check) -> str:
    return f"  {'ok   ' if check.is_right else 'WRONG'} {check.what}{f': {check.detail}' if check.detail else ''}"
