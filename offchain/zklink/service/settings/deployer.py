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
from zklink.primitives.base58 import decode_base58
from zklink.protocol.addresses import is_recipient
from zklink.protocol.ids import NATIVE_FEE_BITS, AddressFormat, ChainId
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


def _check_base58(text: str) -> str:
    if not text:
        raise ValueError("fill in an address")
    try:
        key = decode_base58(text, 32)
    except ValueError:
        raise ValueError("it is no address of Solana: 32 bytes in base58") from None
    if not is_recipient(key, AddressFormat.BYTES32, ChainId(1)):
        raise ValueError("it is the name of an EVM account, or of nobody")
    return text


def _check_token(text: str) -> str:
    """An address of either kind: which one a chain has, the whole file says."""
    if text == NATIVE_MARK:
        return NATIVE
    return _check_address(text) if text.startswith("0x") or not text else _check_base58(text)


def _check_preset(text: str) -> str:
    if text not in PRESETS:
        raise ValueError(f"there is no such preset; there are {', '.join(PRESETS)}")
    return text


Address = Annotated[str, AfterValidator(_check_address)]
Base58 = Annotated[str, AfterValidator(_check_base58)]
"""An address of Solana, or the hash of a cluster's genesis."""
Lamports = Annotated[int, Field(ge=1, lt=1 << NATIVE_FEE_BITS)]
TokenPlace = Annotated[str, AfterValidator(_check_token)]
"""A contract, a mint, or `native` for the chain's own coin."""
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


class DoorPrices(Section):
    """The first prices at the doors of a Solana chain, in lamports: of a swap to any chain, and of the account lane;
    `crowded_exit` is what a full exit burns first when its queue is half full.
    """

    swap: Lamports
    deposit: Lamports
    key_request: Lamports
    full_exit: Lamports
    crowded_exit: Lamports


class ProgramPlaceSettings(Section):
    """One Solana chain of a deployment. `genesis` is the hash of the cluster's genesis. `program`, `timelock` and
    `payer` are files of keypairs, relative to the environment: the first two give programs their addresses and serve
    once, the last pays. `owner` will own the timelock, `setter` sets prices within bounds; `is_final` gives the right
    to upgrade the program up at once, else the timelock has it. `payment_micro_usd` is what bringing and paying a swap
    there takes, in millionths of a dollar: it is in the price of a swap to here. `unit_price` is a priority fee, in
    millionths of a lamport a compute unit.
    """

    chain_id: Annotated[int, Field(ge=1, le=8)]
    genesis: Base58
    program: Path
    timelock: Path
    payer: Path
    owner: Base58
    setter: Base58
    fee_recipient: Base58
    slots_per_day: Whole
    payment_micro_usd: Whole
    prices: DoorPrices
    is_final: bool = False
    unit_price: Annotated[int, Field(ge=0)] = 0
    nodes: tuple[NodeAddress, ...] = ()


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
    programs: dict[Name, ProgramPlaceSettings] = Field(default_factory=dict)
    tokens: dict[str, TokenSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_chains(self) -> "EnvironmentSettings":
        known = ", ".join(self.chains)
        if self.primary not in self.chains:
            raise ValueError(f"the primary {self.primary} is not among the chains ({known})")
        known = ", ".join((*self.chains, *self.programs))
        for symbol, token in self.tokens.items():
            for name, address in token.contracts.items():
                if name not in self.chains and name not in self.programs:
                    raise ValueError(f"token {symbol} is on {name}, which is not among the chains ({known})")
                if address != NATIVE and address.startswith("0x") != (name in self.chains):
                    kind = "a contract, 0x.." if name in self.chains else "a mint in base58"
                    raise ValueError(f"token {symbol} on {name}: {address} is no address of that chain, give {kind}")
        return self


def read_environment(path: Path, environment: Mapping[str, str] = os.environ) -> EnvironmentSettings:
    """The environment of a deployment. Raises SettingsInvalid, FileUnreadable. From here on every text that passes
    `redact` hides the nodes' addresses.
    """
    settings = read_section(EnvironmentSettings, path, environment)
    if settings.keys is not None:
        settings = settings.model_copy(update={"keys": path.parent / settings.keys})
    programs = {name: _place_keypairs(path.parent, each) for name, each in settings.programs.items()}
    settings = settings.model_copy(update={"programs": programs})
    keep_node_secrets({name: place.nodes for name, place in settings.chains.items()})
    keep_node_secrets({name: place.nodes for name, place in settings.programs.items()})
    return settings


def _place_keypairs(folder: Path, own: ProgramPlaceSettings) -> ProgramPlaceSettings:
    return own.model_copy(update={name: folder / getattr(own, name) for name in ("program", "timelock", "payer")})
