"""The settings of a node as typed records. Whatever may hold a key of somebody is a secret: no text shows it.

Amounts are in layer-2 units, times in seconds. Files are relative to the settings file.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from zklink.node.parts import NodeConfig

Positive = Annotated[float, Field(gt=0)]
Whole = Annotated[int, Field(ge=1)]
NodeAddress = Annotated[SecretStr, Field(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Section(BaseModel):
    """One table of the file: it has no key that is not described here."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NodesSettings(Section):
    """The nodes of a chain, of which `quorum` must agree about what decides about money."""

    nodes: Annotated[tuple[NodeAddress, ...], Field(min_length=1)]
    quorum: Whole = 1

    @model_validator(mode="after")
    def _has_enough_nodes(self) -> Self:
        if self.quorum > len(self.nodes):
            raise ValueError(f"a quorum of {self.quorum} needs as many nodes, and there are {len(self.nodes)}")
        return self


class ChainSettings(NodesSettings):
    """How a chain of the deployment is reached."""

    confirmations: Whole
    block_time_seconds: Positive
    native_symbol: Name = "COIN"
    is_local: bool = False
    """Whether it is a chain of the laboratory, where development keys are allowed."""


class ProgramSettings(NodesSettings):
    """How a chain whose bridge is a program (Solana) is reached. What decides is read as it is finalized; `commitment`
    is what the node's own transactions are waited for.
    """

    commitment: Literal["confirmed", "finalized"] = "confirmed"
    block_time_seconds: Positive = 0.4
    native_symbol: Name = "SOL"
    is_local: bool = False
    """Whether it is a chain of the laboratory."""


class PayingProgramSettings(ProgramSettings):
    """The same with who pays there: files of keypairs, as `solana-keygen` writes them. `payer` pays what the node sends
    and lends the rent of blocks; `broker` fills, by default the payer. `unit_price` is a priority fee, in millionths of
    a lamport for a compute unit.
    """

    payer: Path
    broker: Path | None = None
    unit_price: Annotated[int, Field(ge=0)] = 0


class FillingProgramSettings(ProgramSettings):
    """The same for a broker that runs alone: its keypair's file, and a priority fee, in millionths of a lamport for a
    compute unit.
    """

    broker: Path
    unit_price: Annotated[int, Field(ge=0)] = 0


class DatabaseSettings(Section):
    """Where the node keeps everything that it must not lose."""

    url: SecretStr = SecretStr("sqlite:///zklink.db")


class KeySettings(Section):
    """Files of keys, each a private key in hex or a keystore, which `passphrase_file` opens."""

    sequencer: Path
    broker: Path | None = None
    relayer: Path | None = None
    validators: tuple[Path, ...] = ()
    watchers: tuple[Path, ...] = ()
    passphrase_file: Path | None = None


class SignerPlace(Section):
    """A signer that runs as a process."""

    url: Annotated[str, Field(pattern="^https?://")]
    address: Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]


class SignersSettings(Section):
    """Signers elsewhere, which belong to the groups beside those of `keys`; `secret_file` is what they ask for."""

    validators: tuple[SignerPlace, ...] = ()
    watchers: tuple[SignerPlace, ...] = ()
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _has_a_secret(self) -> "SignersSettings":
        if (self.validators or self.watchers) and self.secret_file is None:
            raise ValueError("signers elsewhere need secret_file")
        return self


class FeeSettings(Section):
    """The price of a unit of work by the symbol of the token that it is paid in; without prices everything is free."""

    prices: dict[str, Whole] = Field(default_factory=dict)
    pools_are_open: bool = True
    greatest_pool_fee: Annotated[int, Field(ge=0, lt=10_000)] = 100


class TierSettings(Section):
    """Payouts up to `limit` are filled after so many confirmations beyond those of the source."""

    limit: Whole
    extra_confirmations: Annotated[int, Field(ge=0)] = 0


class FillSettings(Section):
    """The broker's terms for one token: see `zklink.broker.policy.TokenPolicy`. `coin_prices` are by the chains' names,
    and so are `targets`, what the broker wants to hold there.
    """

    tiers: Annotated[tuple[TierSettings, ...], Field(min_length=1)]
    minimum_fee: Annotated[int, Field(ge=0)]
    minimum_rate: Annotated[int, Field(ge=0, lt=10_000)] = 0
    most_open: Whole | None = None
    coin_prices: dict[Name, Whole] = Field(default_factory=dict)
    targets: dict[Name, Whole] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tiers_ascend(self) -> "FillSettings":
        limits = [tier.limit for tier in self.tiers]
        if limits != sorted(set(limits)):
            raise ValueError("tiers must ascend by their limits")
        return self


class BrokerSettings(Section):
    """Whether the node fills, and its terms by the tokens' symbols."""

    enabled: bool = False
    tokens: dict[str, FillSettings] = Field(default_factory=dict)


class RelayTokenSettings(Section):
    """A token in which the relayer is paid: by the chains' names, its layer-2 units for one whole coin of the chain."""

    coin_prices: Annotated[dict[Name, Whole], Field(min_length=1)]


class RelaySettings(Section):
    """Whether the node brings orders that users have signed, and pays the coin for them from `keys.relayer`: see
    `zklink.relayer.terms.RelayTerms`. `greatest_loss_wei` is what calls in vain may cost on each chain within a day.
    """

    enabled: bool = False
    tokens: dict[str, RelayTokenSettings] = Field(default_factory=dict)
    greatest_loss_wei: Whole = 10**17
    most_open: Annotated[int, Field(ge=1, le=64)] = 8


class ProverSettings(Section):
    """How proofs are made: by so many processes of this machine, or of the Ray cluster at the address `ray`, and by
    whoever comes over HTTP. A prover that does not say within `lease_seconds` that it is at work loses its job to
    another one. `keys` is a folder of proving keys, see `zklink.prover.key_folder`; without it there are those of
    development.
    """

    ray: str | None = None
    keys: Path | None = None
    processes: Annotated[int, Field(ge=0)] = Field(default_factory=lambda: NodeConfig().proofs_at_once)
    lease_seconds: Positive = 60.0
    accepts_others: bool = True


class HttpSettings(Section):
    """Where health, metrics, provers and the API are served."""

    api: bool = True
    """Whether the API is there, beside health and metrics."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8545


class DoorSettings(Section):
    """Where a program that has no API serves its health and metrics."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8547


class LogSettings(Section):
    """What is logged, and how."""

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class PaceSettings(Section):
    """The node's own pace: see `zklink.node.parts.NodeConfig`."""

    longest_idle_seconds: Positive = 0.5
    fill_retry_seconds: Positive = 5.0
    heartbeat_seconds: Whole = NodeConfig().heartbeat_seconds
    kept_blocks: Whole = 64
    checkpoint_blocks: Whole = NodeConfig().checkpoint_blocks


class NodeSettings(Section):
    """Everything."""

    deployment: Path
    chains: Annotated[dict[Name, ChainSettings], Field(min_length=1)]
    programs: dict[Name, PayingProgramSettings] = Field(default_factory=dict)
    keys: KeySettings
    signers: SignersSettings = SignersSettings()
    database: DatabaseSettings = DatabaseSettings()
    fees: FeeSettings = FeeSettings()
    broker: BrokerSettings = BrokerSettings()
    relay: RelaySettings = RelaySettings()
    prover: ProverSettings = Field(default_factory=ProverSettings)
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    pace: PaceSettings = PaceSettings()

    @model_validator(mode="after")
    def _broker_has_a_key(self) -> "NodeSettings":
        if self.broker.enabled and self.keys.broker is None:
            raise ValueError("broker.enabled needs keys.broker")
        return self

    @model_validator(mode="after")
    def _relayer_has_a_key(self) -> "NodeSettings":
        if self.relay.enabled and self.keys.relayer is None:
            raise ValueError("relay.enabled needs keys.relayer")
        if self.relay.enabled and self.keys.relayer in (self.keys.sequencer, self.keys.broker):
            raise ValueError("keys.relayer must be an account of its own: whoever signs orders makes it spend")
        return self
