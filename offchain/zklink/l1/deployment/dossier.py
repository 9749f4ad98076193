"""The published record of a deployment on public networks: what actors need to start, and beside it everything by which
a stranger can check it: who deployed it, on which terms, and where each contract comes from.

Takes what was planned and what the journal says; is read from and written as JSON. The file is a `Deployment`'s with
more keys, so whatever takes a deployment takes it, too. Never asks a chain.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.blueprint import Blueprint
from zklink.l1.deployment.history import NO_HISTORY, Founding, History, encode_history, read_history
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.program_terms import ProgramTerms, read_terms
from zklink.l1.deployment.records import Deployment, DeploymentPlan, Verifiers
from zklink.l1.deployment.rehearsal import Rehearsed, hash_code
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import ChainId

DOSSIER_FORMAT: Final = "zklink.dossier.3"
FORMATS: Final = ("zklink.dossier.1", "zklink.dossier.2", DOSSIER_FORMAT)
"""Those that are read. Form 1 has no history of government, form 2 no programs."""


PROGRAM_BEGUN: Final = "begun"
"""The step of a chain whose bridge is a program, before which nothing of the deployment was there."""


@dataclass(frozen=True, slots=True)
class BuiltContract:
    """One contract on one chain. `name` is its key in the deployment's `chains`, `contract` its source's name;
    `arguments` are the constructor's, ABI-encoded; `code_hash` is Keccak of what stands on the chain; `input_hash` is
    SHA-256 of the compiler's standard JSON input.
    """

    name: str
    contract: str
    address: str
    arguments: str
    code_hash: str
    transaction: str
    block: int
    input_hash: str = ""


@dataclass(frozen=True, slots=True)
class ChainTerms:
    """What a chain's constructors were told besides what the deployment says, and what a client needs to know. `nonce`
    is the deployer's first one.
    """

    network: str
    nonce: int
    block_time_seconds: float
    confirmations: int
    native_symbol: str
    wrapped: str
    prices: tuple[PriceEntry, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A deployment and its papers. `verifiers` are the contracts' names by circuit. The deployment, `setter`,
    `fee_recipient` and the bounds of prices in `terms` are what holds now; `history` is how it differs from what the
    constructors were told. `programs` are the terms of the chains whose bridge is a program.
    """

    name: str
    deployment: Deployment
    deployer: str
    setter: str
    fee_recipient: str
    compiler: str
    verifiers: tuple[str, str, str]
    terms: Mapping[ChainId, ChainTerms]
    contracts: Mapping[ChainId, tuple[BuiltContract, ...]]
    history: History = NO_HISTORY
    programs: Mapping[ChainId, ProgramTerms] = field(default_factory=dict)

    @property
    def founding(self) -> Founding:
        """What the constructors were told."""
        if self.history.founding is not None:
            return self.history.founding
        there, prices = self.deployment, {k: terms.prices for k, terms in self.terms.items()}
        people = there.governor, self.setter, self.fee_recipient
        return Founding(*people, there.validators, there.watchers, there.tokens, prices)

    def profiles(self) -> dict[ChainId, ChainProfile]:
        """The facts about the chains, ascending."""
        chains = self.deployment.chains
        return {
            k: ChainProfile(
                chains[k].name,
                k,
                chains[k].evm_chain_id,
                self.terms[k].block_time_seconds,
                self.terms[k].confirmations,
                self.terms[k].native_symbol,
            )
            for k in sorted(chains)
        }

    def plan(self, verifiers: Verifiers) -> DeploymentPlan:
        """The plan that this deployment came from, with its verifiers compiled."""
        deployment, founding = self.deployment, self.founding
        return DeploymentPlan(
            preset=deployment.preset,
            primary=deployment.primary,
            operator=deployment.genesis.operator,
            tokens=founding.tokens,
            verifiers=verifiers,
            validators=founding.validators,
            watchers=founding.watchers,
            blocks_per_day={k: chain.blocks_per_day for k, chain in deployment.chains.items()},
            setter=founding.setter,
            fee_recipient=founding.fee_recipient,
            prices=founding.prices,
            wrapped={k: terms.wrapped for k, terms in self.terms.items()},
            permit2={k: chain.permit2 for k, chain in deployment.chains.items()},
            programs=deployment.programs,
            terms=self.programs,
        )

    def to_json(self) -> str:
        """The published form; `from_json` reads it back."""
        data = json.loads(self.deployment.to_json())
        data["dossier"] = {
            "format": DOSSIER_FORMAT,
            "name": self.name,
            "deployer": self.deployer,
            "setter": self.setter,
            "fee_recipient": self.fee_recipient,
            "compiler": self.compiler,
            "verifiers": list(self.verifiers),
            "terms": {str(k): asdict(terms) for k, terms in self.terms.items()},
            "contracts": {str(k): [asdict(one) for one in built] for k, built in self.contracts.items()},
            "programs": {str(k): asdict(terms) for k, terms in self.programs.items()},
            **encode_history(self.history),
        }
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Dossier":
        """Read the published form; DeploymentRefused if it is not one."""
        deployment = Deployment.from_json(text)
        try:
            data = json.loads(text)["dossier"]
            if data["format"] not in FORMATS:
                raise DeploymentRefused(f"format {data['format']!r} is not {DOSSIER_FORMAT!r}")
            swap, account, exit_ = map(str, data["verifiers"])
            dossier = cls(
                name=str(data["name"]),
                deployment=deployment,
                deployer=str(data["deployer"]),
                setter=str(data["setter"]),
                fee_recipient=str(data["fee_recipient"]),
                compiler=str(data["compiler"]),
                verifiers=(swap, account, exit_),
                terms={ChainId(int(k)): _read_terms(item) for k, item in data["terms"].items()},
                contracts={
                    ChainId(int(k)): tuple(BuiltContract(**item) for item in items)
                    for k, items in data["contracts"].items()
                },
                history=read_history(data),
                programs={ChainId(int(k)): read_terms(item) for k, item in data.get("programs", {}).items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeploymentRefused(redact(f"malformed record, or of local chains: {error!r}")) from error
        is_whole = set(dossier.terms) == set(dossier.contracts) == set(deployment.chains)
        if not is_whole or set(dossier.programs) != set(deployment.programs):
            raise DeploymentRefused("the record does not have the same chains everywhere")
        return dossier


def compile_dossier(
    name: str,
    blueprint: Blueprint,
    governor: str,
    networks: Mapping[ChainId, str],
    journal: Journal,
    rehearsed: Mapping[ChainId, tuple[Rehearsed, ...]],
    compiler: str,
    input_hashes: Mapping[str, str],
) -> Dossier:
    """The record of a deployment whose every step is done. `rehearsed` is what stands on the chains."""
    plan, profiles = blueprint.plan, blueprint.profiles
    contracts = {
        k: tuple(_describe(journal, one, input_hashes.get(one.creation.artifact.name, "")) for one in rehearsed[k])
        for k in profiles
    }
    from_blocks = {k: min((one.block for one in contracts[k] if one.block), default=0) for k in profiles}
    from_blocks |= {k: journal.done[k, PROGRAM_BEGUN].block for k in plan.programs}
    verifiers = plan.verifiers
    return Dossier(
        name=name,
        deployment=blueprint.deployment(governor, from_blocks),
        deployer=blueprint.deployer,
        setter=plan.setter,
        fee_recipient=plan.fee_recipient,
        compiler=compiler,
        verifiers=(verifiers.swap.name, verifiers.account.name, verifiers.exit.name),
        terms={
            k: ChainTerms(
                network=networks[k],
                nonce=blueprint.nonces[k],
                block_time_seconds=profile.block_time_seconds,
                confirmations=profile.confirmations,
                native_symbol=profile.native_symbol,
                wrapped=plan.wrapped[k],
                prices=plan.prices.get(k, ()),
            )
            for k, profile in profiles.items()
        },
        contracts=contracts,
        programs={k: replace(terms, transactions=_list_transactions(journal, k)) for k, terms in plan.terms.items()},
    )


def _list_transactions(journal: Journal, chain_id: ChainId) -> dict[str, str]:
    """The transactions of a chain whose bridge is a program, by step, as far as anybody has seen them."""
    return {step: done.transaction for (k, step), done in journal.done.items() if k == chain_id and done.transaction}


def _describe(journal: Journal, one: Rehearsed, input_hash: str) -> BuiltContract:
    creation = one.creation
    done = journal.done[creation.chain_id, creation.name]
    return BuiltContract(
        name=creation.name,
        contract=creation.artifact.name,
        address=creation.address,
        arguments=f"0x{creation.encoded_arguments.hex()}",
        code_hash=hash_code(one.code),
        transaction=done.transaction,
        block=done.block,
        input_hash=input_hash,
    )


def _read_terms(item: Mapping[str, Any]) -> ChainTerms:
    return ChainTerms(**{**item, "prices": tuple(PriceEntry(**entry) for entry in item["prices"])})
