"""Deploys the whole system on all of its chains; scripts, tests and the demo all come through here.

Takes a plan, a client per chain and the accounts; gives a Deployment. Never sends a transaction before everything that
can be known beforehand is checked. The contracts of a chain name each other, and all name the bridges of every chain,
so their addresses are predicted from the deployer's nonces: the deployer must not send anything else in the meantime. A
chain works as soon as its bridge is constructed; what stands beside it follows. Tokens are registered while its
timelock is being founded, which is closed last of all; liquidity comes in by deposits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import rlp
from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge import bridge_artifact
from zklink.l1.contracts.bridge_structs import (
    NO_ADDRESS,
    HistoryParts,
    Parts,
    universal_address,
)
from zklink.l1.contracts.ends import MEMBER_END, PRIMARY_END
from zklink.l1.contracts.governed import govern
from zklink.l1.contracts.histories import MEMBER_HISTORY, PRIMARY_HISTORY
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.plan_checks import check_governor, check_plan, warn_of_tokens
from zklink.l1.deployment.records import (
    ChainDeployment,
    Deployment,
    DeploymentAccounts,
    DeploymentPlan,
    GroupPlan,
    Verifiers,
    VkHashes,
)
from zklink.l1.deployment.swift import list_swift
from zklink.l1.transport.client import ChainClient, Request, check_receipts
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.errors import DeploymentInterrupted, ZkLinkError
from zklink.protocol.ids import AddressFormat, ChainId, TokenClass
from zklink.protocol.presets import Preset

CIRCUITS: Final = ("Swap", "Account", "Exit")
"""The first word of the names of the generated verifiers."""

HELPERS: Final = ("timelock", "groups", "registry", "swap_verifier", "account_verifier", "exit_verifier")
"""The contracts of a chain that are complete without the other chains, in the order in which they are created."""

PARTNERS: Final = ("exodus", "end", "history", "bridge")
"""The contracts of a chain that name each other and all bridges, in the order in which they are created."""

BESIDE: Final = ("entry", "resolver")
"""The contracts beside a chain's bridge, on which no other relies, in the order in which they are created."""

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
    run = _Run(plan, chains, accounts, report)
    run.predict()
    for step in (run.deploy_helpers, run.deploy_partners, run.register_tokens, run.check_tokens, run.close_founding):
        for chain_id in chains:
            step(chain_id)
    return run.result()


def predict_address(deployer: str, nonce: int) -> str:
    """The address of the contract that `deployer` creates with this nonce (CREATE)."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer.removeprefix("0x")), nonce]))[12:])


@dataclass(slots=True)
class _Run:
    """One deployment in progress. `contracts` are the addresses on each chain by the names of ChainDeployment's fields;
    `done` lists the contracts that exist already, for the error message.
    """

    plan: DeploymentPlan
    clients: Mapping[ChainId, ChainClient]
    accounts: DeploymentAccounts
    report: Report
    contracts: dict[ChainId, dict[str, str]] = field(default_factory=dict)
    from_blocks: dict[ChainId, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def predict(self) -> None:
        """Predict all addresses: the deployer's next transactions on each chain create the contracts."""
        deployer = self.accounts.deployer.address
        names = HELPERS[not self.plan.has_timelock :] + PARTNERS + BESIDE
        for k, client in self.clients.items():
            nonce = client.nonce(deployer)
            self.contracts[k] = {name: predict_address(deployer, nonce + i) for i, name in enumerate(names)}
            self.contracts[k].setdefault("timelock", NO_ADDRESS)
            self.contracts[k]["permit2"] = to_checksum_address(self.plan.permit2.get(k, NO_ADDRESS))

    def deploy_helpers(self, chain_id: ChainId) -> None:
        """Deploy the contracts that need nothing of the other chains."""
        for name in HELPERS[not self.plan.has_timelock :]:
            self._create(chain_id, name, *self._helper(chain_id, name))

    def deploy_partners(self, chain_id: ChainId) -> None:
        """Deploy the exodus contract, the end, the history and the bridge of a chain, then what stands beside it. The
        bridge refuses partners of another bridge or deployment hash.
        """
        self.from_blocks[chain_id] = self.clients[chain_id].head().number + 1
        for name in PARTNERS + BESIDE:
            self._create(chain_id, name, *self._partner(chain_id, name))

    def governor(self, chain_id: ChainId) -> str:
        """Who governs the contracts of a chain."""
        return self.contracts[chain_id]["timelock"] if self.plan.has_timelock else self.accounts.governor.address

    def _helper(self, chain_id: ChainId, name: str) -> tuple[ContractArtifact, tuple[object, ...]]:
        """One of HELPERS, and what its constructor takes."""
        plan, here = self.plan, self.contracts[chain_id]
        if name == "timelock":
            swift = list_swift(here, chain_id == plan.primary)
            owner = self.accounts.governor.address
            return load_contract("Timelock"), (owner, plan.blocks_per_day[chain_id], swift)
        if name == "groups":
            members = (*_group_arguments(plan.validators), *_group_arguments(plan.watchers))
            return load_contract("Groups"), (*members, self.governor(chain_id), plan.blocks_per_day[chain_id])
        if name == "registry":
            prices = [entry.abi() for entry in plan.prices.get(chain_id, ())]
            wrapped = plan.wrapped.get(chain_id, NO_ADDRESS)
            addresses = map(to_checksum_address, (self.governor(chain_id), plan.setter, plan.fee_recipient, wrapped))
            registry = (chain_id, self.chain_mask(), plan.preset.token_limit, *addresses, prices)
            return load_contract("Registry"), registry
        verifier: ContractArtifact = getattr(plan.verifiers, name.removesuffix("_verifier"))
        return verifier, ()

    def _partner(self, chain_id: ChainId, name: str) -> tuple[ContractArtifact, tuple[object, ...]]:
        """One of PARTNERS or BESIDE, and what its constructor takes."""
        here, is_primary = self.contracts[chain_id], chain_id == self.plan.primary
        if name == "exodus":
            partners = (here["bridge"], here["history"], here["end"])
            return load_contract("Exodus"), (*partners, here["exit_verifier"])
        if name == "end":
            partners = (here["bridge"], here["history"], here["groups"])
            end = load_contract(PRIMARY_END if is_primary else MEMBER_END)
            return end, partners
        if name == "history":
            history = load_contract(PRIMARY_HISTORY if is_primary else MEMBER_HISTORY)
            return history, (*self._for_all(chain_id, HistoryParts), self.vk_hashes().exit)
        if name == "entry":
            return load_contract("Entry"), (here["bridge"], here["permit2"])
        if name == "resolver":
            return load_contract("Resolver"), (here["bridge"],)
        return bridge_artifact(), self._for_all(chain_id, Parts)

    def _for_all(self, chain_id: ChainId, kind: type[Parts] | type[HistoryParts]) -> tuple[object, ...]:
        """What both a history and a bridge take: the deployment, and the parts that they rely on."""
        plan = self.plan
        parts = kind(**{part.name: self.contracts[chain_id][part.name] for part in fields(kind)}).abi()
        table = [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in self.entries()]
        sizes = (plan.preset.token_limit, plan.preset.account_limit, plan.genesis.root)
        return (chain_id, plan.primary, table, parts, *sizes)

    def register_tokens(self, chain_id: ChainId) -> None:
        """All tokens of the plan, at once: on a slow chain they share a block."""
        client, governor = self.clients[chain_id], self.accounts.governor
        registry = RegistryClient(client, self.contracts[chain_id]["registry"])
        calls = [
            registry.encode("register_token", t.token_id, t.config(chain_id, self.clients).abi())
            for t in self.plan.tokens
        ]
        requests = [Request(govern(client, governor, self.governor(chain_id), call)) for call in calls]
        self._attempt(chain_id, "tokens", lambda: check_receipts(client.send_all(governor, requests)))

    def check_tokens(self, chain_id: ChainId) -> None:
        """What is registered is what the plan says, before the founding ends. Raises DeploymentInterrupted."""
        registry = RegistryClient(self.clients[chain_id], self.contracts[chain_id]["registry"])
        for token in self.plan.tokens:
            said, found = token.config(chain_id, self.clients), registry.token_config(token.token_id)
            seen = found.token_class & TokenClass.REFUSES_NOTHING
            if found != replace(said, token=to_checksum_address(said.token), token_class=said.token_class | seen):
                raise self._interrupted(chain_id, "tokens", f"token {token.token_id} is {found}, not {said}")

    def close_founding(self, chain_id: ChainId) -> None:
        """From now on the owner of the timelock proposes, and waits."""
        if self.plan.has_timelock:
            timelock = TimelockClient(self.clients[chain_id], self.contracts[chain_id]["timelock"])
            self._attempt(chain_id, "founding", lambda: timelock.close_founding(self.accounts.governor))

    def chain_mask(self) -> int:
        """Bit k is set when chain k takes part."""
        return sum(1 << chain_id for chain_id in self.clients)

    def entries(self) -> tuple[ChainEntry, ...]:
        """The deployment's chain table."""
        return tuple(
            ChainEntry(
                k, client.profile.evm_chain_id, AddressFormat.EVM, universal_address(self.contracts[k]["bridge"])
            )
            for k, client in self.clients.items()
        )

    def vk_hashes(self) -> VkHashes:
        """The verification keys' hashes, read from the first chain's verifiers."""
        first = min(self.clients)
        client, here, verifiers = self.clients[first], self.contracts[first], self.plan.verifiers

        def read(address: str, artifact: ContractArtifact) -> bytes:
            return bytes(client.read(client.contract(address, artifact), "vk_hash"))

        return VkHashes(
            swap=read(here["swap_verifier"], verifiers.swap),
            account=read(here["account_verifier"], verifiers.account),
            exit=read(here["exit_verifier"], verifiers.exit),
        )

    def deployment_hash(self) -> bytes:
        """The deployment hash, which every bridge must compute for itself."""
        preset, keys = self.plan.preset, self.vk_hashes()
        return compute_deployment_hash(
            self.plan.genesis.root,
            self.plan.primary,
            preset.token_limit,
            preset.account_limit,
            keys.swap,
            keys.account,
            keys.exit,
            self.entries(),
        )

    def result(self) -> Deployment:
        """The deployment, finished."""
        plan = self.plan
        return Deployment(
            primary=plan.primary,
            deployment_hash=self.deployment_hash(),
            vk_hashes=self.vk_hashes(),
            genesis=plan.genesis,
            tokens=plan.tokens,
            validators=plan.validators,
            watchers=plan.watchers,
            governor=self.accounts.governor.address,
            chains={
                k: ChainDeployment(
                    chain_id=k,
                    name=client.profile.name,
                    evm_chain_id=client.profile.evm_chain_id,
                    blocks_per_day=plan.blocks_per_day[k],
                    from_block=self.from_blocks[k],
                    **self.contracts[k],
                )
                for k, client in self.clients.items()
            },
        )

    def _create(self, chain_id: ChainId, name: str, artifact: ContractArtifact, arguments: tuple[object, ...]) -> None:
        """Create a contract where it was predicted. Raises DeploymentInterrupted."""
        client, predicted = self.clients[chain_id], self.contracts[chain_id][name]
        address: str = self._attempt(
            chain_id, artifact.name, lambda: client.deploy(self.accounts.deployer, artifact, *arguments)
        )
        self.done.append(f"{artifact.name} on {client.profile.name} at {address}")
        if address != predicted:
            raise self._interrupted(chain_id, artifact.name, f"it is at {address}, not at {predicted}")

    def _attempt(self, chain_id: ChainId, step: str, action: Callable[[], Any]) -> Any:
        self.report(self.clients[chain_id].profile.name, step)
        try:
            return action()
        except ZkLinkError as error:
            raise self._interrupted(chain_id, step, str(error)) from error

    def _interrupted(self, chain_id: ChainId, step: str, detail: str) -> DeploymentInterrupted:
        return DeploymentInterrupted(self.clients[chain_id].profile.name, step, tuple(self.done), detail)


def _group_arguments(group: GroupPlan) -> tuple[object, ...]:
    return ([to_checksum_address(member) for member in group.members], group.threshold)
