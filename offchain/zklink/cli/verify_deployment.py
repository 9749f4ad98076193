"""`zklink verify-deployment`, `ape run verify-deployment`: whether a deployment is what its record says."""

from __future__ import annotations

from collections.abc import Iterator

import click

from zklink.cli.deployment_inputs import deployment_options, find_record
from zklink.cli.inputs import find_urls
from zklink.files import read_file
from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.rehearsal import read_keys
from zklink.l1.deployment.trust import describe_trust
from zklink.l1.deployment.verify import load_named_verifiers, verify
from zklink.protocol.errors import ExtraMissing, NodeMissing
from zklink.recovery.connect import Urls, connect
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
    urls = find_urls(deployment, rpcs)
    names = {program.name for program in deployment.programs.values()}
    clients = connect(deployment, {name: nodes for name, nodes in urls.items() if name not in names}, quorum)
    _check_all_there(dossier, urls)
    checks = (*verify(dossier, clients), *_verify_programs(dossier, urls, quorum), *verify_acts(dossier, clients))
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


def _check_all_there(dossier: Dossier, urls: Urls) -> None:
    places = dossier.deployment.places.values()
    for place in places:
        if place.name not in urls:
            raise NodeMissing(place.name, tuple(each.name for each in places))


def _verify_programs(dossier: Dossier, urls: Urls, quorum: int) -> Iterator[Check]:
    """The chains whose bridge is a program. Raises ExtraMissing."""
    if not dossier.deployment.programs:
        return
    try:
        from zklink.service.deploying.program_checks import open_nodes, verify_programs
    except ModuleNotFoundError as error:
        raise ExtraMissing("solana", "a chain whose bridge is a program") from error
    yield from verify_programs(dossier, open_nodes(dossier, urls, quorum))


def _show(check: Check) -> str:
    return f"  {'ok   ' if check.is_right else 'WRONG'} {check.what}{f': {check.detail}' if check.detail else ''}"
