"""One deployment from its environment to its record: looks, plans, builds, writes. Takes clients and accounts; whoever
calls shows the plan and asks before `build`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from eth_account.signers.local import LocalAccount

from zklink.files import write_file
from zklink.l1.contract_artifacts import compiler_version
from zklink.l1.deployment.blueprint import Blueprint
from zklink.l1.deployment.costs import ChainCost, check_funds, compute_costs
from zklink.l1.deployment.deploy import Report
from zklink.l1.deployment.dossier import Dossier, compile_dossier
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.plan_checks import warn_of_tokens
from zklink.l1.deployment.preflight import check_accounts, check_keys, check_people, check_surroundings
from zklink.l1.deployment.rehearsal import KeyFacts, Rehearsed, read_keys, rehearse
from zklink.l1.deployment.standard_json import hash_inputs, write_inputs
from zklink.l1.deployment.verify import read_times
from zklink.l1.deployment.works import Works, begin
from zklink.l1.transport.client import ChainClient
from zklink.protocol.ids import ChainId
from zklink.prover.progress import SILENT, Progress
from zklink.service.deploying.key_check import check_key_folder
from zklink.service.deploying.planning import Project
from zklink.service.deploying.token_names import check_token_names

if TYPE_CHECKING:
    from zklink.service.deploying.program_sides import PreparedSide
    from zklink.solana.deploying.desk import Desk

NO_DESKS: "Final[Mapping[ChainId, Desk]]" = MappingProxyType({})

Connect = Callable[[Journal], Mapping[ChainId, ChainClient]]
"""Gives a client per chain that keeps its transactions in the journal."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deployment that could begin, or go on, now."""

    project: Project
    blueprint: Blueprint
    clients: Mapping[ChainId, ChainClient]
    journal: Journal
    keys: KeyFacts
    rehearsed: Mapping[ChainId, tuple[Rehearsed, ...]]
    costs: tuple[ChainCost, ...]
    warnings: tuple[str, ...]
    sides: Mapping[ChainId, "PreparedSide"] = field(default_factory=dict)

    def check_funds(self) -> None:
        """Raise FundsShort, LamportsShort where the deployer or a payer cannot pay for what is left."""
        check_funds(self.blueprint, self.costs)
        for side in self.sides.values():
            side.check_funds()


def prepare(
    project: Project,
    deployer: str,
    clients: Mapping[ChainId, ChainClient],
    journal: Journal,
    desks: "Mapping[ChainId, Desk]" = NO_DESKS,
) -> Prepared:
    """Look at everything that can be known before money is spent; sends nothing, writes nothing. `desks` are where the
    project's programs are built.

    Raises DeploymentRefused, WrongChain, WrongCluster, TokenUnfit, RehearsalFailed, JournalUnfit, RpcUnavailable.
    """
    if desks:
        from zklink.service.deploying.program_sides import look, prepare_sides

        project, mints = look(project, desks, journal.begun is not None)
    plan = project.plan
    check_people(plan, project.governor, deployer)
    check_accounts(plan, project.governor, deployer, project.profiles.values())
    keys = read_keys(plan.verifiers)
    check_keys(keys, clients, project.allows_development_keys)
    if project.keys is not None:
        check_key_folder(project.keys, plan.preset, keys.hashes)
    check_surroundings(plan, clients)
    check_token_names(project.tokens_said, clients)
    begun = journal.begun
    nonces = {k: client.nonce(deployer) for k, client in clients.items()} if begun is None else begun.nonces
    blueprint = Blueprint(plan, project.profiles, deployer, deployer, nonces, lambda blueprint: keys.hashes)
    if begun is not None:
        begin(journal, blueprint, project.governor)
    rehearsed = rehearse(blueprint)
    costs = compute_costs(blueprint, rehearsed, clients, journal)
    warnings = tuple(line for k, client in clients.items() for line in warn_of_tokens(plan, k, client))
    sides = prepare_sides(project, blueprint, desks, mints, journal, keys.development) if desks else {}
    return Prepared(project, blueprint, clients, journal, keys, rehearsed, costs, warnings, sides)


def build(prepared: Prepared, deployer: LocalAccount, report: Report, progress: Progress = SILENT) -> Dossier:
    """Carry it out, from wherever it stopped. Programs are loaded first: from then on nobody else can have their
    addresses, which all contracts name. Raises NonceSpent, CodeUnexpected and what `ChainClient.send` and
    `ProgramWorks` raise.
    """
    project, journal = prepared.project, prepared.journal
    begin(journal, prepared.blueprint, project.governor)
    programs = [side.works(journal, report, progress) for side in prepared.sides.values()]
    for program in programs:
        program.load()
    Works(prepared.blueprint, prepared.clients, deployer, project.governor, journal, report).run()
    for program in programs:
        program.found()
    blocks = {key: done.block for key, done in journal.done.items() if done.address and key[0] in project.profiles}
    rehearsed = rehearse(prepared.blueprint, read_times(blocks, prepared.clients))
    names = {one.creation.artifact.name for contracts in rehearsed.values() for one in contracts}
    papers = (journal, rehearsed, compiler_version(), hash_inputs(names))
    return compile_dossier(project.name, prepared.blueprint, project.governor, project.networks, *papers)


def write_dossier(dossier: Dossier, path: Path) -> Path:
    """Publish the record, and in a folder beside it the compiler's input of each contract. Gives that folder. Raises
    FileNotWritten.
    """
    folder = path.with_suffix("")
    write_inputs((one.contract for built in dossier.contracts.values() for one in built), folder)
    write_file(path, dossier.to_json())
    return folder
