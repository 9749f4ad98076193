"""The environment of a deployment as typed records: chains, groups, owners, tokens, and who pays. Written by hand, one
file per deployment (`deployments/*.toml`). Amounts are in layer-2 units.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from eth_utils import is_checksum_address, is_checksum_formatted_address, to_checksum_address
from pydantic import AfterValidator, Field, model_validator

from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.protocol.presets import PRESETS
from zklink.service.settings.model import Name, NodeAddress, Positive, Section, Whole
from zklink.service.settings.source import keep_node_secrets, read_section

NATIVE_MARK = "native"


def _check_address(text: str) -> str:
    if not text:
        raise ValueError("fill in an address")
    if not text.startswith("0x") or len(text) != 42:
        raise ValueError("it is no address: 0x and 40 hexadecimal digits")
    try:
        address = to_checksum_address(text)
    except ValueError:
        raise ValueError("it is no address: 0x and 40 hexadecimal digits") from None
    if is_checksum_formatted_address(text) and not is_checksum_address(text):
        raise ValueError("the address has a wrong checksum: is a character mistyped?")
    if not int(address, 16):
        raise ValueError("nobody owns the zero address")
    return address


def _check_token(text: str) -> str:
    return NATIVE if text == NATIVE_MARK else _check_address(text)


def _check_preset(text: str) -> str:
    if text not in PRESETS:
        raise ValueError(f"there is no such preset; there are {', '.join(PRESETS)}")
    return text


Address = Annotated[str, AfterValidator(_check_address)]
TokenPlace = Annotated[str, AfterValidator(_check_token)]
"""An address, or `native` for the chain's own coin."""
PresetName = Annotated[str, AfterValidator(_check_preset)]


class PlaceSettings(Section):
    """One chain of a deployment. `network` is ape's name of it, `chain_id` the protocol's number, 1 to 8. Without
    `nodes` ape's provider of the network is asked.
    """

    network: Annotated[str, Field(pattern=r"^[a-z0-9-]+:[a-z0-9-]+(:[a-z0-9-]+)?$")]
    chain_id: Annotated[int, Field(ge=1, le=8)]
    evm_chain_id: Whole
    block_time_seconds: Positive
    confirmations: Whole
    blocks_per_day: Whole
    native_symbol: Name
    coin_micro_usd: Whole
    gas_price_gwei: Positive
    wrapped: Address | None = None
    permit2: Address | None = None
    nodes: tuple[NodeAddress, ...] = ()
    quorum: Whole = 1


class GroupSettings(Section):
    """Validators or watchers, and how many of them must sign."""

    members: Annotated[tuple[Address, ...], Field(min_length=1)]
    threshold: Whole


class TokenSettings(Section):
    """One layer-2 token: its contracts by the chains' names. Without `cap` a chain takes in what it can count. What a
    contract calls itself is the token's own symbol but where `symbols` has another; `decimals` are those of contracts.
    """

    id: Whole
    layer2_decimals: Annotated[int, Field(ge=0, le=36)]
    minimum: Whole
    cap: Whole | None = None
    classes: tuple[str, ...] = ()
    contracts: Annotated[dict[Name, TokenPlace], Field(min_length=1)]
    symbols: dict[Name, str] = Field(default_factory=dict)
    decimals: dict[Name, Annotated[int, Field(ge=0, le=255)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_have_contracts(self) -> "TokenSettings":
        for name in (*self.symbols, *self.decimals):
            if self.contracts.get(name, NATIVE) == NATIVE:
                raise ValueError(f"it has no contract on {name} that could say its symbol and decimals")
        return self


class EnvironmentSettings(Section):
    """Everything that a deployment fixes. `governor` will own the timelocks; it can be a contract, such as a Safe.
    `setter` sets prices within bounds, fees belong to `fee_recipient`, `operator` owns layer-2 account 0.

    `allows_development_keys` admits verifiers whose secrets everybody knows, on test networks alone. `keys` is the
    folder that a ceremony has given, from the file's own: the verifiers must be for its keys.
    """

    preset: PresetName
    primary: Name
    operator: Address
    governor: Address
    setter: Address
    fee_recipient: Address
    allows_development_keys: bool = False
    keys: Path | None = None
    price_margin_percent: Whole = 150
    validators: GroupSettings
    watchers: GroupSettings
    chains: Annotated[dict[Name, PlaceSettings], Field(min_length=1)]
    tokens: dict[str, TokenSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_chains(self) -> "EnvironmentSettings":
        known = ", ".join(self.chains)
        if self.primary not in self.chains:
            raise ValueError(f"the primary {self.primary} is not among the chains ({known})")
        for symbol, token in self.tokens.items():
            for name in token.contracts:
                if name not in self.chains:
                    raise ValueError(f"token {symbol} is on {name}, which is not among the chains ({known})")
        return self


def read_environment(path: Path, environment: Mapping[str, str] = os.environ) -> EnvironmentSettings:
    """The environment of a deployment. Raises SettingsInvalid, FileUnreadable. From here on every text that passes
    `redact` hides the nodes' addresses.
    """
    settings = read_section(EnvironmentSettings, path, environment)
    if settings.keys is not None:
        settings = settings.model_copy(update={"keys": path.parent / settings.keys})
    keep_node_secrets({name: place.nodes for name, place in settings.chains.items()})
    return settings
