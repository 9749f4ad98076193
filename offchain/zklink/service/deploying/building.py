"""One deployment from its environment to its record: looks, plans, builds, writes. Takes clients and accounts; whoever
calls shows the plan and asks before `build`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
from zklink.service.deploying.key_check import check_key_folder
from zklink.service.deploying.planning import Project
from zklink.service.deploying.token_names import check_token_names

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

    def check_funds(self) -> None:
        """Raise FundsShort where the deployer cannot pay for what is left."""
        check_funds(self.blueprint, self.costs)


def prepare(project: Project, deployer: str, clients: Mapping[ChainId, ChainClient], journal: Journal) -> Prepared:
    """Look at everything that can be known before money is spent; sends nothing, writes nothing.

    Raises DeploymentRefused, WrongChain, TokenUnfit, RehearsalFailed, JournalUnfit, RpcUnavailable.
    """
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
    return Prepared(project, blueprint, clients, journal, keys, rehearsed, costs, warnings)


def build(prepared: Prepared, deployer: LocalAccount, report: Report) -> Dossier:
    """Carry it out, from wherever it stopped. Raises NonceSpent, CodeUnexpected and what `ChainClient.send` raises."""
    project, journal = prepared.project, prepared.journal
    Works(prepared.blueprint, prepared.clients, deployer, project.governor, journal, report).run()
    blocks = {key: done.block for key, done in journal.done.items() if done.address}
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
