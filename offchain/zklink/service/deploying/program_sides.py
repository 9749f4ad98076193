"""The Solana sides of a deployment from their plan to what is built: looked at, drawn, rehearsed, counted, built. Only
for a deployment with programs: it needs the extra `solana`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from zklink.l1.deployment.blueprint import Blueprint
from zklink.l1.deployment.deploy import Report
from zklink.l1.deployment.journal import Journal
from zklink.protocol.ids import ChainId, TokenId
from zklink.prover.progress import Progress
from zklink.service.deploying.planning import Project
from zklink.solana.deploying.costs import ProgramCost, check_funds, compute_cost
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.keys import read_key_words
from zklink.solana.deploying.mints import Mint
from zklink.solana.deploying.preflight import check_cluster, check_keys, check_unused, fit_tokens, read_mints
from zklink.solana.deploying.rehearsal import Rehearsed, open_desk, rehearse
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.works import ProgramWorks

Desks = Mapping[ChainId, Desk]
Mints = Mapping[ChainId, Mapping[TokenId, Mint]]


def open_desks(project: Project, variables: Mapping[str, str] = os.environ) -> dict[ChainId, Desk]:
    """Where each program of a project is built. Raises DeploymentRefused without a node."""
    return {k: own.open(variables) for k, own in project.programs.items()}


def open_rehearsal_desks(project: Project, desks: Desks) -> dict[ChainId, Desk]:
    """Desks in this process, with the mints as they are at these. Raises RpcUnavailable."""
    mints = {k: [token.contracts[k] for token in project.plan.tokens if k in token.contracts] for k in desks}
    return {k: open_desk(project.programs[k].place, mints[k], desk)[1] for k, desk in desks.items()}


@dataclass(frozen=True, slots=True)
class PreparedSide:
    """A side that could be built, or gone on with, now."""

    side: ProgramSide
    desk: Desk
    cost: ProgramCost
    rehearsed: Rehearsed

    def check_funds(self) -> None:
        """Raise LamportsShort where the payer cannot pay for what is left."""
        check_funds(self.side, self.cost)

    def works(self, journal: Journal, report: Report, progress: Progress) -> ProgramWorks:
        """What builds it."""
        return ProgramWorks(self.side, self.desk, journal, report, progress)


def look(project: Project, desks: Desks, is_begun: bool) -> tuple[Project, Mints]:
    """The project with caps that every chain can hold, and the mints. Raises WrongCluster, DeploymentRefused,
    TokenUnfit, RpcUnavailable.
    """
    plan, mints = project.plan, dict[ChainId, Mapping[TokenId, Mint]]()
    for k, desk in desks.items():
        place = project.programs[k].place
        check_cluster(desk.node, place.genesis)
        if not is_begun:
            check_unused(desk.node, place)
        mints[k] = read_mints(desk.node, plan.tokens, k)
        plan = fit_tokens(place.name, plan, k, mints[k])
    return replace(project, plan=plan), mints


def prepare_sides(
    project: Project, blueprint: Blueprint, desks: Desks, mints: Mints, journal: Journal, development: tuple[str, ...]
) -> dict[ChainId, PreparedSide]:
    """Draw every side, rehearse it in this process, count what it costs; `development` are the verifiers of development
    keys. Raises DeploymentRefused, RehearsalFailed, RpcUnavailable.
    """
    for own in project.programs.values():
        check_keys(development, own.place)
    keys = read_key_words(project.plan.verifiers)
    found = {}
    for k, own in project.programs.items():
        programs = {token: mint.program for token, mint in mints[k].items()}
        side = ProgramSide(
            own.place, project.plan, blueprint.entries(), own.terms, own.code, own.lock_code, keys, programs
        )
        rehearsed = rehearse(side, desks[k], blueprint.deployment_hash())
        cost = compute_cost(side, desks[k].node, journal, own.unit_price)
        found[k] = PreparedSide(side, desks[k], cost, rehearsed)
    return found
