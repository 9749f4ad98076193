"""The plan of a deployment, and its result: plain records; the result is read from and written as JSON. Never asks a
chain.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount

from zklink.l1.contract_artifacts import ContractArtifact
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, PriceEntry, TokenConfig
from zklink.l1.deployment.places import ChainDeployment, Place, ProgramDeployment, read_program
from zklink.l1.deployment.program_terms import ProgramTerms
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.redaction import redact
from zklink.protocol.domain import ChainEntry
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import NO_CLASS, Amount, ChainId, TokenClass, TokenId
from zklink.protocol.presets import Preset, get_preset
from zklink.state.genesis_state import Genesis

FORMAT = "zklink.deployment.6"
"""The form of the published record. Form 6 has the programs of Solana chains beside the contracts of EVM chains."""

FORMATS_READ = ("zklink.deployment.5", FORMAT)
"""The forms that are read; form 5 knows EVM chains alone."""


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """What a chain lets in of a token: the smallest swap or deposit and the largest custody, in layer-2 units, and what
    its contract there can do.
    """

    minimum: Amount
    cap: Amount
    token_class: TokenClass


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """One layer-2 token: its L1 contract (or NATIVE) on each chain that has it. Limits are layer-2 units; `terms` are
    those of chains that the governor has given others since.
    """

    token_id: TokenId
    symbol: str
    layer2_decimals: int
    contracts: Mapping[ChainId, str]
    minimum: Amount
    cap: Amount
    token_class: TokenClass = NO_CLASS
    terms: Mapping[ChainId, TokenTerms] = field(default_factory=dict)

    def config(self, chain_id: ChainId, chains: Collection[ChainId]) -> TokenConfig:
        """What the registry of a chain is told, in a deployment of these chains."""
        here = frozenset(chain for chain in self.contracts if chain in chains)
        address = self.contracts.get(chain_id, NO_ADDRESS)
        terms = self.terms.get(chain_id) or TokenTerms(self.minimum, self.cap, self.token_class)
        return TokenConfig(here, address, self.layer2_decimals, terms.minimum, terms.cap, terms.token_class)


@dataclass(frozen=True, slots=True)
class Verifiers:
    """The generated contracts of a preset's three circuits."""

    swap: ContractArtifact
    account: ContractArtifact
    exit: ContractArtifact


@dataclass(frozen=True, slots=True)
class VkHashes:
    """The hashes of the three circuits' verification keys."""

    swap: bytes
    account: bytes
    exit: bytes


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """Validators or watchers: their addresses, and how many of them must sign."""

    members: tuple[str, ...]
    threshold: int

    def in_order(self) -> "GroupPlan":
        """The same group with its members ascending, as contracts take it and evidence lists it."""
        return GroupPlan(tuple(sorted(self.members, key=lambda member: int(member, 16))), self.threshold)


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """Everything a deployment fixes. `operator` is the universal address that owns account 0 and claims the fees.

    `blocks_per_day` says how many of a chain's own blocks a day of a window takes beside its 86,400 seconds; below what
    the chain makes, so that windows last no longer while it runs. `setter` sets prices, fees belong to `fee_recipient`.
    A door of a chain without a price costs nothing; a chain without a wrapped coin pays contracts nothing but coin.
    `permit2` is that contract's address where a chain has it; without it the chain's entry takes no such signatures.

    `has_timelock` is False on local chains alone: then the governor's own account governs, and nothing waits.
    `programs` are the members whose bridge is a program: their addresses are known before anything exists; `terms` is
    what is fixed for each of them alone, unless somebody else founds them.
    """

    preset: Preset
    primary: ChainId
    operator: bytes
    tokens: tuple[TokenPlan, ...]
    verifiers: Verifiers
    validators: GroupPlan
    watchers: GroupPlan
    blocks_per_day: Mapping[ChainId, int]
    setter: str
    fee_recipient: str
    prices: Mapping[ChainId, tuple[PriceEntry, ...]] = field(default_factory=dict)
    wrapped: Mapping[ChainId, str] = field(default_factory=dict)
    permit2: Mapping[ChainId, str] = field(default_factory=dict)
    has_timelock: bool = True
    programs: Mapping[ChainId, ProgramDeployment] = field(default_factory=dict)
    terms: Mapping[ChainId, ProgramTerms] = field(default_factory=dict)

    @property
    def genesis(self) -> Genesis:
        """The state that the deployment starts from."""
        return Genesis(self.preset.name, self.operator)


@dataclass(frozen=True, slots=True)
class DeploymentAccounts:
    """The accounts that sign a deployment. The deployer creates the contracts; the governor owns the timelocks and
    registers the tokens while they are being founded.
    """

    deployer: LocalAccount
    governor: LocalAccount


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed system, with everything that an actor needs to start. `governor` owns the timelocks. `chains` are
    those with contracts, `programs` those where the bridge is a program; `places` are all.
    """

    primary: ChainId
    deployment_hash: bytes
    vk_hashes: VkHashes
    genesis: Genesis
    tokens: tuple[TokenPlan, ...]
    validators: GroupPlan
    watchers: GroupPlan
    governor: str
    chains: Mapping[ChainId, ChainDeployment]
    programs: Mapping[ChainId, ProgramDeployment] = field(default_factory=dict)

    @property
    def places(self) -> dict[ChainId, Place]:
        """Every chain, ascending."""
        both: dict[ChainId, Place] = {**self.chains, **self.programs}
        return {chain: both[chain] for chain in sorted(both)}

    @property
    def members(self) -> tuple[ChainId, ...]:
        """Every chain but the primary, ascending."""
        return tuple(chain for chain in self.places if chain != self.primary)

    @property
    def table(self) -> tuple[ChainEntry, ...]:
        """The chain table, ascending."""
        return tuple(place.table_entry for place in self.places.values())

    @property
    def preset(self) -> Preset:
        """The preset whose circuits the verifiers belong to."""
        return get_preset(self.genesis.preset)

    def token(self, token_id: TokenId) -> TokenPlan:
        """A token by id; KeyError if it is not registered."""
        return {token.token_id: token for token in self.tokens}[token_id]

    def bridges(self, clients: Mapping[ChainId, ChainClient]) -> dict[ChainId, BridgeClient]:
        """A client for the bridge of each chain with contracts."""
        return {chain_id: BridgeClient(clients[chain_id], chain.bridge) for chain_id, chain in self.chains.items()}

    def to_json(self) -> str:
        """The published form; `from_json` reads it back."""
        data = {
            "format": FORMAT,
            "primary": self.primary,
            "deployment_hash": _hex(self.deployment_hash),
            "genesis": json.loads(self.genesis.to_json()),
            "vk_hashes": {name: _hex(value) for name, value in asdict(self.vk_hashes).items()},
            "governor": self.governor,
            "validators": asdict(self.validators),
            "watchers": asdict(self.watchers),
            "chains": [asdict(chain) for chain in self.chains.values()],
            "programs": [asdict(program) for program in self.programs.values()],
            "tokens": [encode_token(token) for token in self.tokens],
        }
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Deployment":
        """Read the published form; DeploymentRefused if it is not one."""
        try:
            data = json.loads(text)
            if data["format"] not in FORMATS_READ:
                raise DeploymentRefused(f"format {data['format']!r} is not {FORMAT!r}: deploy with this version")
            programs = [read_program(item) for item in data.get("programs", ())]
            chains = [ChainDeployment(**{**item, "chain_id": ChainId(item["chain_id"])}) for item in data["chains"]]
            return cls(
                primary=ChainId(data["primary"]),
                deployment_hash=_bytes(data["deployment_hash"]),
                vk_hashes=VkHashes(**{name: _bytes(value) for name, value in data["vk_hashes"].items()}),
                genesis=Genesis.from_json(json.dumps(data["genesis"])),
                tokens=tuple(read_token(item) for item in data["tokens"]),
                validators=read_group(data["validators"]),
                watchers=read_group(data["watchers"]),
                governor=data["governor"],
                chains={chain.chain_id: chain for chain in chains},
                programs={program.chain_id: program for program in programs},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeploymentRefused(redact(f"malformed deployment file: {error!r}")) from error


def read_group(item: Mapping[str, Any]) -> GroupPlan:
    """A group from its JSON. Raises KeyError, TypeError, ValueError."""
    return GroupPlan(tuple(map(str, item["members"])), int(item["threshold"]))


def encode_token(token: TokenPlan) -> dict[str, object]:
    """A token as JSON has it; `terms` only where chains have their own."""
    data: dict[str, object] = {
        "token_id": token.token_id,
        "symbol": token.symbol,
        "layer2_decimals": token.layer2_decimals,
        "contracts": {str(chain_id): address for chain_id, address in token.contracts.items()},
        **_encode_terms(TokenTerms(token.minimum, token.cap, token.token_class)),
    }
    if token.terms:
        data["terms"] = {str(chain_id): _encode_terms(terms) for chain_id, terms in token.terms.items()}
    return data


def _encode_terms(terms: TokenTerms) -> dict[str, object]:
    return {"minimum": str(terms.minimum), "cap": str(terms.cap), "token_class": int(terms.token_class)}


def read_token(item: Mapping[str, object]) -> TokenPlan:
    """A token from its JSON. Raises KeyError, TypeError, ValueError."""
    contracts, terms = item["contracts"], item.get("terms", {})
    if not isinstance(contracts, dict) or not isinstance(terms, dict):
        raise TypeError("contracts are given per chain")
    return TokenPlan(
        token_id=TokenId(int(str(item["token_id"]))),
        symbol=str(item["symbol"]),
        layer2_decimals=int(str(item["layer2_decimals"])),
        contracts={ChainId(int(chain_id)): str(address) for chain_id, address in contracts.items()},
        **asdict(_read_terms(item)),
        terms={ChainId(int(chain_id)): _read_terms(each) for chain_id, each in terms.items()},
    )


def _read_terms(item: Mapping[str, object]) -> TokenTerms:
    return TokenTerms(
        Amount(int(str(item["minimum"]))), Amount(int(str(item["cap"]))), TokenClass(int(str(item["token_class"])))
    )


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
