"""Deploys the whole system on all of its chains; scripts, tests and the demo all come through here.

Takes a plan, a client per chain and the accounts; gives a Deployment. Everything that can be known beforehand is
checked before the first transaction. A bridge's constructor names the bridges of all chains, so their addresses are
predicted from the deployer's nonces: the deployer must not send anything else in the meantime.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_utils import keccak, to_checksum_address

from zklink.l1.artifacts import ContractArtifact, load_contract
from zklink.l1.bridge import BridgeClient, bridge_artifact
from zklink.l1.client import Call, ChainClient, encode_call
from zklink.l1.deployment import ChainDeployment, Deployment, DeploymentAccounts, DeploymentPlan, TokenPlan
from zklink.l1.structs import NATIVE, NO_ADDRESS, TokenConfig, universal_address
from zklink.l1.token import ERC20, TokenClient
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.errors import CallReverted, DeploymentInterrupted, DeploymentRefused, ZkLinkError
from zklink.protocol.ids import AddressFormat, ChainId
from zklink.protocol.presets import Preset
from zklink.state.genesis import compute_genesis_hash

Report = Callable[[str, str], None]
"""Called with a chain's name and what is being done there."""


def swap_verifier(preset: Preset) -> ContractArtifact:
    """The generated verifier of a preset's swap circuit. Raises ContractNotFound, ContractNotCompiled."""
    return load_contract(f"SwapVerifier{preset.name.capitalize()}")


def deploy(
    plan: DeploymentPlan,
    clients: Mapping[ChainId, ChainClient],
    accounts: DeploymentAccounts,
    report: Report = lambda chain, step: None,
) -> Deployment:
    """Deploy, register the tokens, pay the genesis reserves in. Raises DeploymentRefused, DeploymentInterrupted."""
    chains = {chain_id: clients[chain_id] for chain_id in sorted(clients)}
    check_plan(plan, chains, accounts)
    run = _Run(plan, chains, accounts, report)
    for chain_id in chains:
        run.deploy_helpers(chain_id)
    run.predict_bridges()
    for chain_id in chains:
        run.deploy_bridge(chain_id)
    for chain_id in chains:
        run.open_bridge(chain_id)
    return run.result()


def check_plan(plan: DeploymentPlan, clients: Mapping[ChainId, ChainClient], accounts: DeploymentAccounts) -> None:
    """Raise DeploymentRefused, WrongChain for a plan that cannot or must not be carried out; sends nothing."""
    if plan.primary not in clients:
        raise DeploymentRefused(f"the primary chain {plan.primary} is not among the chains")
    if not (2 * plan.threshold > len(plan.committee) >= plan.threshold):
        raise DeploymentRefused(f"{plan.threshold} of {len(plan.committee)} is no majority of the committee")
    if len(set(plan.committee)) != len(plan.committee):
        raise DeploymentRefused("a committee member is named twice")
    plan.genesis.state(plan.preset)
    known = {token.token_id for token in plan.tokens}
    for chain_id, client in clients.items():
        client.check_chain_id()
        if not client.profile.is_local:
            _check_production_key(client, plan.verifier)
        for token in plan.tokens:
            _check_token(client, token)
        for token_id, amount in plan.genesis.reserves_of(chain_id):
            if token_id not in known:
                raise DeploymentRefused(f"the genesis has a reserve of token {token_id}, which is not in the plan")
            _check_reserve(client, _find(plan, token_id), amount, accounts.governor.address)


def predict_address(deployer: str, nonce: int) -> str:
    """The address of the contract that `deployer` creates with this nonce (CREATE)."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer.removeprefix("0x")), nonce]))[12:])


@dataclass(slots=True)
class _Run:
    """One deployment on its way; knows what exists already, for the error message."""

    plan: DeploymentPlan
    clients: Mapping[ChainId, ChainClient]
    accounts: DeploymentAccounts
    report: Report
    verifiers: dict[ChainId, str] = field(default_factory=dict)
    readers: dict[ChainId, str] = field(default_factory=dict)
    transports: dict[ChainId, str] = field(default_factory=dict)
    bridges: dict[ChainId, str] = field(default_factory=dict)
    from_blocks: dict[ChainId, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def deploy_helpers(self, chain_id: ChainId) -> None:
        """What a bridge calls: the verifier, the reader of its blocks, the transport."""
        members = [to_checksum_address(member) for member in self.plan.committee]
        self.verifiers[chain_id] = self._create(chain_id, self.plan.verifier)
        self.readers[chain_id] = self._create(chain_id, load_contract("SwapBlockReader"))
        self.transports[chain_id] = self._create(
            chain_id, load_contract("CommitteeTransport"), members, self.plan.threshold
        )

    def predict_bridges(self) -> None:
        """Where the bridges will be: each is the deployer's next transaction on its chain."""
        deployer = self.accounts.deployer.address
        self.bridges = {k: predict_address(deployer, client.nonce(deployer)) for k, client in self.clients.items()}

    def deploy_bridge(self, chain_id: ChainId) -> None:
        """The bridge, at the predicted address and with the predicted deployment hash."""
        plan = self.plan
        self.from_blocks[chain_id] = self.clients[chain_id].head().number + 1
        address = self._create(
            chain_id,
            bridge_artifact(),
            chain_id,
            plan.primary,
            [(e.chain_id, e.evm_chain_id, int(e.address_format), e.bridge) for e in self.entries()],
            self.verifiers[chain_id],
            self.readers[chain_id],
            plan.preset.slots,
            plan.preset.token_limit,
            plan.genesis.state(plan.preset).root,
            compute_genesis_hash(plan.genesis.reserves_of(chain_id)),
            self.transports[chain_id],
            self.accounts.governor.address,
            [to_checksum_address(validator) for validator in self.accounts.validators],
        )
        if address != self.bridges[chain_id]:
            raise self._interrupted(chain_id, "bridge", f"it is at {address}, not at {self.bridges[chain_id]}")
        if self._bridge(chain_id).deployment_hash() != self.deployment_hash():
            raise self._interrupted(chain_id, "bridge", "it computes another deployment hash")

    def open_bridge(self, chain_id: ChainId) -> None:
        """Register all tokens, approve the reserves, pay them in."""
        client, governor, bridge = self.clients[chain_id], self.accounts.governor, self._bridge(chain_id)
        reserves = self.plan.genesis.reserves_of(chain_id)
        calls = [bridge.encode("register_token", t.token_id, self._config(t, chain_id).abi()) for t in self.plan.tokens]
        value = 0
        for token_id, amount in reserves:
            token = _find(self.plan, token_id)
            l1_amount = amount * compute_scale(client, token)
            if token.contracts[chain_id] == NATIVE:
                value += l1_amount
            else:
                contract = client.contract(token.contracts[chain_id], ERC20)
                calls.append(encode_call(contract, "approve", bridge.address, l1_amount))
        self._attempt(chain_id, "tokens", lambda: self._send_all(client, calls))
        self._attempt(chain_id, "genesis reserves", lambda: bridge.open_bridge(governor, reserves, value))

    def entries(self) -> tuple[ChainEntry, ...]:
        """The deployment's chain table."""
        return tuple(
            ChainEntry(k, client.profile.evm_chain_id, AddressFormat.EVM, universal_address(self.bridges[k]))
            for k, client in self.clients.items()
        )

    def vk_hash(self) -> bytes:
        """The verification key's hash, as the first chain's verifier says."""
        first = min(self.clients)
        contract = self.clients[first].contract(self.verifiers[first], self.plan.verifier)
        return bytes(self.clients[first].read(contract, "vk_hash"))

    def deployment_hash(self) -> bytes:
        """What every bridge must compute for itself."""
        preset = self.plan.preset
        return compute_deployment_hash(
            self.plan.genesis.state(preset).root,
            self.plan.primary,
            preset.slots,
            preset.token_limit,
            self.vk_hash(),
            self.entries(),
        )

    def result(self) -> Deployment:
        """The deployment, finished."""
        plan = self.plan
        return Deployment(
            preset_name=plan.preset.name,
            primary=plan.primary,
            deployment_hash=self.deployment_hash(),
            vk_hash=self.vk_hash(),
            genesis=plan.genesis,
            tokens=plan.tokens,
            committee=plan.committee,
            threshold=plan.threshold,
            governor=self.accounts.governor.address,
            validators=self.accounts.validators,
            chains={
                k: ChainDeployment(
                    k,
                    client.profile.name,
                    client.profile.evm_chain_id,
                    self.bridges[k],
                    self.verifiers[k],
                    self.readers[k],
                    self.transports[k],
                    self.from_blocks[k],
                )
                for k, client in self.clients.items()
            },
        )

    def _bridge(self, chain_id: ChainId) -> BridgeClient:
        return BridgeClient(self.clients[chain_id], self.bridges[chain_id])

    def _config(self, token: TokenPlan, chain_id: ChainId) -> TokenConfig:
        here = frozenset(chain for chain in token.contracts if chain in self.clients)
        address = token.contracts.get(chain_id, NO_ADDRESS)
        return TokenConfig(here, address, token.layer2_decimals, token.minimum, token.cap)

    def _send_all(self, client: ChainClient, calls: list[Call]) -> None:
        """All at once: on a slow chain they share a block."""
        for submission in [client.submit(self.accounts.governor, call) for call in calls]:
            client.wait(submission)

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


def compute_scale(client: ChainClient, token: TokenPlan) -> int:
    """L1 units per layer-2 unit of a token on a chain that has it."""
    decimals = TokenClient(client, token.contracts[client.profile.chain_id]).decimals()
    return int(10 ** (decimals - token.layer2_decimals))


def _find(plan: DeploymentPlan, token_id: int) -> TokenPlan:
    return next(token for token in plan.tokens if token.token_id == token_id)


def _check_token(client: ChainClient, token: TokenPlan) -> None:
    address = token.contracts.get(client.profile.chain_id)
    if address is None or address == NATIVE:
        return
    if not client.code(address):
        raise DeploymentRefused(f"{token.symbol} on {client.profile.name}: there is no contract at {address}")
    if TokenClient(client, address).decimals() < token.layer2_decimals:
        raise DeploymentRefused(f"{token.symbol} on {client.profile.name} has fewer decimals than on layer 2")


def _check_reserve(client: ChainClient, token: TokenPlan, amount: int, governor: str) -> None:
    chain_id, name = client.profile.chain_id, client.profile.name
    if chain_id not in token.contracts:
        raise DeploymentRefused(f"the genesis has {token.symbol} on {name}, where the token is not")
    needed = amount * compute_scale(client, token)
    owned = TokenClient(client, token.contracts[chain_id]).balance(governor)
    if owned < needed:
        raise DeploymentRefused(f"the governor owns {owned} of {needed} units of {token.symbol} on {name}")


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
