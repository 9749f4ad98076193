"""Deploys the whole system on all of its chains; scripts, tests and the demo all come through here.

Takes a plan, a client per chain and the accounts; gives a Deployment. Never sends a transaction before everything that
can be known beforehand is checked. The contracts of a chain name each other, and all name the bridges of every chain,
so their addresses are predicted from the deployer's nonces: the deployer must not send anything else in the meantime. A
chain works as soon as its bridge is constructed; what stands beside it follows. Tokens are registered while its
timelock is being founded, which is closed last of all; liquidity comes in by deposits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge_structs import TokenConfig
from zklink.l1.contracts.governed import govern
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.blueprint import BESIDE, PARTNERS, Blueprint, Creation
from zklink.l1.deployment.plan_checks import check_governor, check_plan, warn_of_tokens
from zklink.l1.deployment.records import (
    Deployment,
    DeploymentAccounts,
    DeploymentPlan,
    Verifiers,
    VkHashes,
)
from zklink.l1.transport.client import ChainClient, Request, check_receipts
from zklink.protocol.errors import DeploymentInterrupted, ZkLinkError
from zklink.protocol.ids import ChainId, TokenClass
from zklink.protocol.presets import Preset

CIRCUITS: Final = ("Swap", "Account", "Exit")
"""The first word of the names of the generated verifiers."""

Report = Callable[[str, str], None]
"""Called with a chain's name and the step that begins there."""


def load_verifiers(preset: Preset) -> Verifiers:
    """The generated verifiers of a preset's circuits. Raises ContractNotFound, ContractNotCompiled."""
    swap, account, exit_ = (load_contract(f"{name}Verifier{preset.name.capitalize()}") for name in CIRCUITS)
    return Verifiers(swap, account, exit_)


def deploy(
    plan: DeploymentPlan,
    clients: Mapping[ChainId, ChainClient],
    accounts: DeploymentAccounts,
    report: Report = lambda chain, step: None,
) -> Deployment:
    """Deploy on every chain, register the tokens and close the founding. Raises DeploymentRefused,
    DeploymentInterrupted.
    """
    chains = {chain_id: clients[chain_id] for chain_id in sorted(clients)}
    check_plan(plan, chains)
    check_governor(plan, accounts.governor.address)
    for chain_id, client in chains.items():
        for warning in warn_of_tokens(plan, chain_id, client):
            report(client.profile.name, warning)
    plan = replace(plan, validators=plan.validators.in_order(), watchers=plan.watchers.in_order())
    deployer, founder = accounts.deployer.address, accounts.governor.address
    nonces = {k: client.nonce(deployer) for k, client in chains.items()}
    profiles = {k: client.profile for k, client in chains.items()}
    blueprint = Blueprint(plan, profiles, deployer, founder, nonces, partial(read_deployed_keys, chains))
    run = _Run(blueprint, chains, accounts, report)
    for step in (run.deploy_helpers, run.deploy_partners, run.register_tokens, run.check_tokens, run.close_founding):
        for chain_id in chains:
            step(chain_id)
    return blueprint.deployment(founder, run.from_blocks)


def read_deployed_keys(clients: Mapping[ChainId, ChainClient], blueprint: Blueprint) -> VkHashes:
    """The verification keys' hashes, as the first chain's verifiers say them. Raises CallReverted, RpcUnavailable."""
    first = min(clients)
    client, here, verifiers = clients[first], blueprint.contracts[first], blueprint.plan.verifiers

    def read(address: str, artifact: ContractArtifact) -> bytes:
        return bytes(client.read(client.contract(address, artifact), "vk_hash"))

    return VkHashes(
        swap=read(here["swap_verifier"], verifiers.swap),
        account=read(here["account_verifier"], verifiers.account),
        exit=read(here["exit_verifier"], verifiers.exit),
    )


@dataclass(slots=True)
class _Run:
    """One deployment in progress. `done` lists the contracts that exist already, for the error message."""

    blueprint: Blueprint
    clients: Mapping[ChainId, ChainClient]
    accounts: DeploymentAccounts
    report: Report
    from_blocks: dict[ChainId, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def deploy_helpers(self, chain_id: ChainId) -> None:
        """Deploy the contracts that need nothing of the other chains."""
        for name in self.blueprint.helpers:
            self._create(self.blueprint.creation(chain_id, name))

    def deploy_partners(self, chain_id: ChainId) -> None:
        """Deploy the exodus contract, the end, the history and the bridge of a chain, then what stands beside it. The
        bridge refuses partners of another bridge or deployment hash.
        """
        self.from_blocks[chain_id] = self.clients[chain_id].head().number + 1
        for name in PARTNERS + BESIDE:
            self._create(self.blueprint.creation(chain_id, name))

    def register_tokens(self, chain_id: ChainId) -> None:
        """All tokens of the plan, at once: on a slow chain they share a block."""
        client, governor = self.clients[chain_id], self.accounts.governor
        registry = RegistryClient(client, self._contracts(chain_id)["registry"])
        calls = [
            registry.encode("register_token", t.token_id, t.config(chain_id, self.blueprint.chains).abi())
            for t in self.blueprint.plan.tokens
        ]
        requests = [Request(govern(client, governor, self.blueprint.governor(chain_id), call)) for call in calls]
        self._attempt(chain_id, "tokens", lambda: check_receipts(client.send_all(governor, requests)))

    def check_tokens(self, chain_id: ChainId) -> None:
        """What is registered is what the plan says, before the founding ends. Raises DeploymentInterrupted."""
        registry = RegistryClient(self.clients[chain_id], self._contracts(chain_id)["registry"])
        for token in self.blueprint.plan.tokens:
            said, found = token.config(chain_id, self.blueprint.chains), registry.token_config(token.token_id)
            if not is_as_planned(said, found):
                raise self._interrupted(chain_id, "tokens", f"token {token.token_id} is {found}, not {said}")

    def close_founding(self, chain_id: ChainId) -> None:
        """From now on the owner of the timelock proposes, and waits."""
        if self.blueprint.plan.has_timelock:
            timelock = TimelockClient(self.clients[chain_id], self._contracts(chain_id)["timelock"])
            self._attempt(chain_id, "founding", lambda: timelock.close_founding(self.accounts.governor))

    def _contracts(self, chain_id: ChainId) -> Mapping[str, str]:
        return self.blueprint.contracts[chain_id]

    def _create(self, creation: Creation) -> None:
        """Create a contract where it was predicted. Raises DeploymentInterrupted."""
        client, artifact = self.clients[creation.chain_id], creation.artifact
        address: str = self._attempt(
            creation.chain_id,
            artifact.name,
            lambda: client.deploy(self.accounts.deployer, artifact, *creation.arguments),
        )
        self.done.append(f"{artifact.name} on {client.profile.name} at {address}")
        if address != creation.address:
            detail = f"it is at {address}, not at {creation.address}"
            raise self._interrupted(creation.chain_id, artifact.name, detail)

    def _attempt(self, chain_id: ChainId, step: str, action: Callable[[], Any]) -> Any:
        self.report(self.clients[chain_id].profile.name, step)
        try:
            return action()
        except ZkLinkError as error:
            raise self._interrupted(chain_id, step, str(error)) from error

    def _interrupted(self, chain_id: ChainId, step: str, detail: str) -> DeploymentInterrupted:
        return DeploymentInterrupted(self.clients[chain_id].profile.name, step, tuple(self.done), detail)


def is_as_planned(said: TokenConfig, found: TokenConfig) -> bool:
    """Whether a registered token is what was said; a registry adds by itself whether a token refuses nothing."""
    seen = found.token_class & TokenClass.REFUSES_NOTHING
    return found == replace(said, token=to_checksum_address(said.token), token_class=said.token_class | seen)
