"""The contracts of a deployment, known before any exists: which account creates which one with which nonce, hence at
which address, and what its constructor takes.

Takes a plan, the chains, the deployer's nonces and the hashes of the verification keys. Never asks a chain.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

import rlp
from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.bridge import bridge_artifact
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, HistoryParts, Parts, universal_address
from zklink.l1.contracts.ends import MEMBER_END, PRIMARY_END
from zklink.l1.contracts.histories import MEMBER_HISTORY, PRIMARY_HISTORY
from zklink.l1.deployment.places import ChainDeployment
from zklink.l1.deployment.records import Deployment, DeploymentPlan, GroupPlan, VkHashes
from zklink.l1.deployment.swift import list_swift
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import encode_creation
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.ids import AddressFormat, ChainId

HELPERS: Final = ("timelock", "groups", "registry", "swap_verifier", "account_verifier", "exit_verifier")
"""The contracts of a chain that are complete without the other chains, in the order in which they are created."""

PARTNERS: Final = ("exodus", "end", "history", "bridge")
"""The contracts of a chain that name each other and all bridges, in the order in which they are created."""

BESIDE: Final = ("entry", "resolver")
"""The contracts that stand beside a chain's bridge, in the order in which they are created; no other relies on them."""


def predict_address(deployer: str, nonce: int) -> str:
    """The address of the contract that `deployer` creates with this nonce (CREATE)."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer.removeprefix("0x")), nonce]))[12:])


@dataclass(frozen=True, slots=True)
class Creation:
    """A contract that is to be created on a chain. `name` is that of ChainDeployment's field."""

    chain_id: ChainId
    name: str
    artifact: ContractArtifact
    arguments: tuple[object, ...]
    nonce: int
    address: str

    @property
    def init_code(self) -> bytes:
        """What its transaction carries: creation code and arguments."""
        return encode_creation(self.artifact, *self.arguments).data

    @property
    def encoded_arguments(self) -> bytes:
        """The arguments alone, ABI-encoded."""
        return self.init_code[len(self.artifact.bytecode) :]


@dataclass(slots=True)
class Blueprint:
    """One deployment on paper. `nonces` are the deployer's next ones, `founder` owns the timelocks while they are being
    founded, `read_keys` is asked for the keys' hashes once helpers exist. `contracts` are the addresses on each chain
    by the names of ChainDeployment's fields.
    """

    plan: DeploymentPlan
    profiles: Mapping[ChainId, ChainProfile]
    deployer: str
    founder: str
    nonces: Mapping[ChainId, int]
    read_keys: Callable[["Blueprint"], VkHashes]
    contracts: dict[ChainId, dict[str, str]] = field(default_factory=dict)
    _keys: VkHashes | None = None
    _creations: dict[tuple[ChainId, str], Creation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.names
        for k, nonce in self.nonces.items():
            self.contracts[k] = {name: predict_address(self.deployer, nonce + i) for i, name in enumerate(names)}
            self.contracts[k].setdefault("timelock", NO_ADDRESS)
            self.contracts[k]["permit2"] = to_checksum_address(self.plan.permit2.get(k, NO_ADDRESS))

    @property
    def helpers(self) -> tuple[str, ...]:
        """HELPERS, as far as this plan has them."""
        return HELPERS[not self.plan.has_timelock :]

    @property
    def names(self) -> tuple[str, ...]:
        """The contracts of each chain, in the order in which they are created."""
        return self.helpers + PARTNERS + BESIDE

    def creations(self, chain_id: ChainId) -> tuple[Creation, ...]:
        """All contracts of a chain, in order."""
        return tuple(self.creation(chain_id, name) for name in self.names)

    def creation(self, chain_id: ChainId, name: str) -> Creation:
        """One contract of a chain."""
        known = self._creations.get((chain_id, name))
        if known is None:
            known = self._creations[chain_id, name] = self._draw(chain_id, name)
        return known

    def _draw(self, chain_id: ChainId, name: str) -> Creation:
        artifact, arguments = self._helper(chain_id, name) if name in HELPERS else self._partner(chain_id, name)
        nonce = self.nonces[chain_id] + self.names.index(name)
        return Creation(chain_id, name, artifact, arguments, nonce, self.contracts[chain_id][name])

    def governor(self, chain_id: ChainId) -> str:
        """Who governs the contracts of a chain."""
        return self.contracts[chain_id]["timelock"] if self.plan.has_timelock else self.founder

    def vk_hashes(self) -> VkHashes:
        """The verification keys' hashes, asked for once."""
        if self._keys is None:
            self._keys = self.read_keys(self)
        return self._keys

    @property
    def chains(self) -> tuple[ChainId, ...]:
        """Every chain that takes part, ascending."""
        return tuple(sorted({*self.profiles, *self.plan.programs}))

    def chain_mask(self) -> int:
        """Bit k is set when chain k takes part."""
        return sum(1 << chain_id for chain_id in self.chains)

    def entries(self) -> tuple[ChainEntry, ...]:
        """The deployment's chain table, ascending."""
        contracts = [
            ChainEntry(k, profile.evm_chain_id, AddressFormat.EVM, universal_address(self.contracts[k]["bridge"]))
            for k, profile in self.profiles.items()
        ]
        programs = [program.table_entry for program in self.plan.programs.values()]
        return tuple(sorted(contracts + programs, key=lambda entry: entry.chain_id))

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

    def deployment(self, governor: str, from_blocks: Mapping[ChainId, int]) -> Deployment:
        """The deployment as it will be. `from_blocks` are where the events of each chain start."""
        plan = self.plan
        return Deployment(
            primary=plan.primary,
            deployment_hash=self.deployment_hash(),
            vk_hashes=self.vk_hashes(),
            genesis=plan.genesis,
            tokens=plan.tokens,
            validators=plan.validators,
            watchers=plan.watchers,
            governor=governor,
            chains={
                k: ChainDeployment(
                    chain_id=k,
                    name=profile.name,
                    evm_chain_id=profile.evm_chain_id,
                    blocks_per_day=plan.blocks_per_day[k],
                    from_block=from_blocks[k],
                    **self.contracts[k],
                )
                for k, profile in self.profiles.items()
            },
            programs={
                k: replace(place, from_block=from_blocks.get(k, place.from_block)) for k, place in plan.programs.items()
            },
        )

    def _helper(self, chain_id: ChainId, name: str) -> tuple[ContractArtifact, tuple[object, ...]]:
        """One of HELPERS, and what its constructor takes."""
        plan, here = self.plan, self.contracts[chain_id]
        if name == "timelock":
            swift = list_swift(here, chain_id == plan.primary)
            return load_contract("Timelock"), (self.founder, plan.blocks_per_day[chain_id], swift)
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


def _group_arguments(group: GroupPlan) -> tuple[object, ...]:
    return ([to_checksum_address(member) for member in group.members], group.threshold)
