"""What a deployment is to be, and what it became: plain records, the latter readable from and written as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from zklink.l1.artifacts import ContractArtifact
from zklink.l1.bridge import BridgeClient
from zklink.l1.client import ChainClient
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.protocol.presets import Preset, get_preset
from zklink.state.genesis import Genesis

FORMAT = "zklink.deployment.1"


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """One layer-2 token: its L1 contract (or NATIVE) on each chain that has it. Limits are layer-2 units."""

    token_id: TokenId
    symbol: str
    layer2_decimals: int
    contracts: Mapping[ChainId, str]
    minimum: Amount
    cap: Amount


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """Everything a deployment fixes. `verifier` is the generated contract of the preset's circuit."""

    preset: Preset
    primary: ChainId
    genesis: Genesis
    tokens: tuple[TokenPlan, ...]
    verifier: ContractArtifact
    committee: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class DeploymentAccounts:
    """Who signs a deployment. The governor owns the genesis reserves and pays them in; validators only get their
    role.
    """

    deployer: LocalAccount
    governor: LocalAccount
    validators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainDeployment:
    """The contracts on one chain. Events start at `from_block`."""

    chain_id: ChainId
    name: str
    evm_chain_id: int
    bridge: str
    verifier: str
    reader: str
    transport: str
    from_block: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed system, complete enough for every actor to start from."""

    preset_name: str
    primary: ChainId
    deployment_hash: bytes
    vk_hash: bytes
    genesis: Genesis
    tokens: tuple[TokenPlan, ...]
    committee: tuple[str, ...]
    threshold: int
    governor: str
    validators: tuple[str, ...]
    chains: Mapping[ChainId, ChainDeployment]

    @property
    def preset(self) -> Preset:
        """The preset whose circuit the verifiers belong to."""
        return get_preset(self.preset_name)

    def token(self, token_id: TokenId) -> TokenPlan:
        """A token by id; KeyError if it is not registered."""
        return {token.token_id: token for token in self.tokens}[token_id]

    def bridges(self, clients: Mapping[ChainId, ChainClient]) -> dict[ChainId, BridgeClient]:
        """A bridge client per chain."""
        return {chain_id: BridgeClient(clients[chain_id], chain.bridge) for chain_id, chain in self.chains.items()}

    def to_json(self) -> str:
        """The published form; `from_json` reads it back."""
        data = {
            "format": FORMAT,
            "preset": self.preset_name,
            "primary": self.primary,
            "deployment_hash": _hex(self.deployment_hash),
            "vk_hash": _hex(self.vk_hash),
            "governor": self.governor,
            "validators": list(self.validators),
            "committee": list(self.committee),
            "threshold": self.threshold,
            "chains": [
                {
                    "chain_id": chain.chain_id,
                    "name": chain.name,
                    "evm_chain_id": chain.evm_chain_id,
                    "bridge": chain.bridge,
                    "verifier": chain.verifier,
                    "reader": chain.reader,
                    "transport": chain.transport,
                    "from_block": chain.from_block,
                }
                for chain in self.chains.values()
            ],
            "tokens": [
                {
                    "token_id": token.token_id,
                    "symbol": token.symbol,
                    "layer2_decimals": token.layer2_decimals,
                    "contracts": {str(chain_id): address for chain_id, address in token.contracts.items()},
                    "minimum": str(token.minimum),
                    "cap": str(token.cap),
                }
                for token in self.tokens
            ],
            "genesis": json.loads(self.genesis.to_json()),
        }
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Deployment":
        """Read the published form; DeploymentRefused if it is not one."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise DeploymentRefused(f"format {data['format']!r} is not {FORMAT!r}")
            chains = [ChainDeployment(**{**item, "chain_id": ChainId(item["chain_id"])}) for item in data["chains"]]
            return cls(
                preset_name=data["preset"],
                primary=ChainId(data["primary"]),
                deployment_hash=_bytes(data["deployment_hash"]),
                vk_hash=_bytes(data["vk_hash"]),
                genesis=Genesis.from_json(json.dumps(data["genesis"])),
                tokens=tuple(_read_token(item) for item in data["tokens"]),
                committee=tuple(data["committee"]),
                threshold=data["threshold"],
                governor=data["governor"],
                validators=tuple(data["validators"]),
                chains={chain.chain_id: chain for chain in chains},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeploymentRefused(f"malformed deployment file: {error!r}") from error


def _read_token(item: Mapping[str, object]) -> TokenPlan:
    contracts = item["contracts"]
    if not isinstance(contracts, dict):
        raise TypeError("contracts are given per chain")
    return TokenPlan(
        token_id=TokenId(int(str(item["token_id"]))),
        symbol=str(item["symbol"]),
        layer2_decimals=int(str(item["layer2_decimals"])),
        contracts={ChainId(int(chain_id)): str(address) for chain_id, address in contracts.items()},
        minimum=Amount(int(str(item["minimum"]))),
        cap=Amount(int(str(item["cap"]))),
    )


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
