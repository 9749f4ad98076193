"""Deploys the whole system on all of its chains; scripts, tests and the demo all come through here.

Takes a plan, a client per chain and the accounts; gives a Deployment. Never sends a transaction before everything that
can be known beforehand is checked. A bridge's constructor names the bridges of all chains, so their addresses are
predicted from the deployer's nonces: the deployer must not send anything else in the meantime. A bridge works as soon
as it is constructed; liquidity comes in by deposits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import rlp
from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge import bridge_artifact
from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, TokenConfig, universal_address
from zklink.l1.contracts.registries import TokenRegistryClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.records import (
    ChainDeployment,
    Deployment,
    DeploymentAccounts,
    DeploymentPlan,
    TokenPlan,
    Verifiers,
    VkHashes,
)
from zklink.l1.transport.client import ChainClient, Request, check_receipts
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.errors import CallReverted, DeploymentInterrupted, DeploymentRefused, ZkLinkError
from zklink.protocol.ids import AddressFormat, ChainId
from zklink.protocol.presets import Preset

CIRCUITS: Final = ("Swap", "Account", "Exit")
"""The first word of the names of the generated verifiers."""

PARTS: Final = ("token_registry", "reader", "sync_ledger", "exodus", "swap_verifier", "account_verifier")
"""The fields of a bridge's Parts, in order."""

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
    """Deploy on every chain and register the tokens. Raises DeploymentRefused, DeploymentInterrupted."""
    chains = {chain_id: clients[chain_id] for chain_id in sorted(clients)}
    check_plan(plan, chains)
    run = _Run(plan, chains, accounts, report)
    for chain_id in chains:
        run.deploy_helpers(chain_id)
    run.predict_bridges()
    for chain_id in chains:
        run.deploy_bridge(chain_id)
    for chain_id in chains:
        run.register_tokens(chain_id)
    return run.result()


def check_plan(plan: DeploymentPlan, clients: Mapping[ChainId, ChainClient]) -> None:
    """Raise DeploymentRefused, WrongChain for a plan that cannot or must not be carried out; sends nothing."""
    if plan.primary not in clients:
        raise DeploymentRefused(f"the primary chain {plan.primary} is not among the chains")
    if not (2 * plan.threshold > len(plan.committee) >= plan.threshold):
        raise DeploymentRefused(f"{plan.threshold} of {len(plan.committee)} is no majority of the committee")
    if len(set(plan.committee)) != len(plan.committee):
        raise DeploymentRefused("a committee member is named twice")
    if len(plan.operator) != 32 or not any(plan.operator):
        raise DeploymentRefused("the operator is no universal address")
    for token in plan.tokens:
        if not 0 < token.token_id < plan.preset.lp_base:
            limit = plan.preset.lp_base - 1
            raise DeploymentRefused(f"{token.symbol} has id {token.token_id}, and {plan.preset.name} has 1 to {limit}")
    for client in clients.values():
        client.check_chain_id()
        if not client.profile.is_local:
            for verifier in (plan.verifiers.swap, plan.verifiers.account, plan.verifiers.exit):
                _check_production_key(client, verifier)
        for token in plan.tokens:
            _check_token(client, token)


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

    def deploy_helpers(self, chain_id: ChainId) -> None:
        """Deploy the contracts that stand on a chain before its bridge and do not know it."""
        plan, members = self.plan, [to_checksum_address(member) for member in self.plan.committee]
        keys = self._create(chain_id, load_contract("KeyRegistry"))
        self.contracts[chain_id] = {
            "key_registry": keys,
            "reader": self._create(chain_id, load_contract("BlockReader"), keys),
            "transport": self._create(chain_id, load_contract("CommitteeTransport"), members, plan.threshold),
            "token_registry": self._create(
                chain_id,
                load_contract("TokenRegistry"),
                chain_id,
                self.chain_mask(),
                plan.preset.token_limit,
                self.accounts.governor.address,
            ),
            "swap_verifier": self._create(chain_id, plan.verifiers.swap),
            "account_verifier": self._create(chain_id, plan.verifiers.account),
            "exit_verifier": self._create(chain_id, plan.verifiers.exit),
        }

    def predict_bridges(self) -> None:
        """Predict the addresses of the bridges: on each chain the deployer's third transaction from now creates it."""
        deployer = self.accounts.deployer.address
        for k, client in self.clients.items():
            self.contracts[k]["bridge"] = predict_address(deployer, client.nonce(deployer) + 2)

    def deploy_bridge(self, chain_id: ChainId) -> None:
        """Deploy the sync ledger, the exodus contract, and the bridge that they serve. The bridge refuses partners of
        another bridge or deployment hash.
        """
        plan, here = self.plan, self.contracts[chain_id]
        here["sync_ledger"] = self._create(
            chain_id,
            load_contract("SyncLedger"),
            here["bridge"],
            self.deployment_hash(),
            chain_id,
            plan.primary,
            self.chain_mask(),
            here["transport"],
            here["reader"],
        )
        here["exodus"] = self._create(
            chain_id, load_contract("Exodus"), here["bridge"], here["sync_ledger"], here["exit_verifier"]
        )
        self.from_blocks[chain_id] = self.clients[chain_id].head().number + 1
        address = self._create(
            chain_id,
            bridge_artifact(),
            chain_id,
            plan.primary,
            [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in self.entries()],
            tuple(here[part] for part in PARTS),
            plan.preset.token_limit,
            plan.preset.account_limit,
            plan.genesis.root,
            [to_checksum_address(validator) for validator in self.accounts.validators],
        )
        if address != here["bridge"]:
            raise self._interrupted(chain_id, "bridge", f"it is at {address}, not at {here['bridge']}")

    def register_tokens(self, chain_id: ChainId) -> None:
        """All tokens of the plan, at once: on a slow chain they share a block."""
        client = self.clients[chain_id]
        registry = TokenRegistryClient(client, self.contracts[chain_id]["token_registry"])
        calls = [
            registry.encode("register_token", t.token_id, self._config(t, chain_id).abi()) for t in self.plan.tokens
        ]

        def send_all() -> None:
            check_receipts(client.send_all(self.accounts.governor, [Request(call) for call in calls]))

        self._attempt(chain_id, "tokens", send_all)

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
            committee=plan.committee,
            threshold=plan.threshold,
            governor=self.accounts.governor.address,
            validators=self.accounts.validators,
            chains={
                k: ChainDeployment(
                    chain_id=k,
                    name=client.profile.name,
                    evm_chain_id=client.profile.evm_chain_id,
                    from_block=self.from_blocks[k],
                    **self.contracts[k],
                )
                for k, client in self.clients.items()
            },
        )

    def _config(self, token: TokenPlan, chain_id: ChainId) -> TokenConfig:
        here = frozenset(chain for chain in token.contracts if chain in self.clients)
        address = token.contracts.get(chain_id, NO_ADDRESS)
        return TokenConfig(here, address, token.layer2_decimals, token.minimum, token.cap)

    def _create(self, chain_id: ChainId, artifact: ContractArtifact, *arguments: object) -> str:
        client = self.clients[chain_id]
        address: str = self._attempt(
            chain_id, artifact.name, lambda: client.deploy(self.accounts.deployer, artifact, *arguments)
        )
        self.done.append(f"{artifact.name} on {client.profile.name} at {address}")
        return address

    def _attempt(self, chain_id: ChainId, step: str, action: Callable[[], Any]) -> Any:
        self.report(self.clients[chain_id].profile.name, step)
        try:
            return action()
        except ZkLinkError as error:
            raise self._interrupted(chain_id, step, str(error)) from error

    def _interrupted(self, chain_id: ChainId, step: str, detail: str) -> DeploymentInterrupted:
        return DeploymentInterrupted(self.clients[chain_id].profile.name, step, tuple(self.done), detail)


def _check_token(client: ChainClient, token: TokenPlan) -> None:
    address = token.contracts.get(client.profile.chain_id)
    if address is None or address == NATIVE:
        return
    if not client.code(address):
        raise DeploymentRefused(f"{token.symbol} on {client.profile.name}: there is no contract at {address}")
    if TokenClient(client, address).decimals() < token.layer2_decimals:
        raise DeploymentRefused(f"{token.symbol} on {client.profile.name} has fewer decimals than on layer 2")


def _check_production_key(client: ChainClient, verifier: ContractArtifact) -> None:
    """Ask the verifier's code, without deploying it, whether its key's secrets are published."""
    place = to_checksum_address(keccak(text=verifier.name)[12:])
    transaction: Any = {"to": place, "data": f"0x{keccak(text='is_development()')[:4].hex()}"}
    override: Any = {place: {"code": f"0x{verifier.runtime_bytecode.hex()}"}}
    try:
        answer = client.ask("is_development", lambda: bytes(client.w3.eth.call(transaction, "latest", override)))
    except CallReverted:
        answer = b""
    if answer != bytes(32):
        raise DeploymentRefused(f"{verifier.name} has a development key, and {client.profile.name} is a public chain")
