"""A deployment as a client knows it: its chains and tokens by name, and that they are the ones of its hash.

Takes what a node publishes; gives ids, addresses and amounts. The deployment hash binds every chain's id and bridge,
the circuits' keys and the genesis, so a node that lies about one of them is found out. Never asks anything.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.base58 import decode_base58
from zklink.primitives.ed25519 import is_key
from zklink.protocol.addresses import is_recipient
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_lane_domain
from zklink.protocol.errors import AddressUnfit, AmountRefused, BadChainTable, DeploymentUntrue, NameUnknown
from zklink.protocol.ids import AddressFormat, ChainId, Lane, TokenId
from zklink.schema.api.chains import ChainInfo, Deployment, TokenInfo

ChainRef = str | int
"""A chain by its name, or by the protocol's own id (not the EIP-155 one)."""
TokenRef = str | int
"""A token by its symbol, or by the protocol's id."""
AmountLike = int | str | Decimal
"""An amount: a text or Decimal of whole tokens ("12.5"), or an int of layer-2 units."""

EIP155: Final = "eip155:"


class NobodysKey(UserWarning):
    """A recipient on Solana is off the curve ed25519, so that no wallet has its key."""


@dataclass(frozen=True, slots=True)
class Book:
    """One deployment. `deployment_hash` is what the published data hash to."""

    deployment_hash: bytes
    deployment: Deployment
    chains: Mapping[ChainId, ChainInfo]
    tokens: Mapping[TokenId, TokenInfo]

    @property
    def account_domain(self) -> int:
        """What every signature of an account is bound to: computed, not the node's word."""
        return compute_lane_domain(self.deployment_hash, Lane.ACCOUNT)

    @property
    def primary(self) -> ChainId:
        return ChainId(self.deployment.primary)

    def find_chain(self, ref: ChainRef) -> ChainInfo:
        """A chain by name or id. Raises NameUnknown."""
        named = [chain for chain in self.chains.values() if ref in (chain.chain, chain.name, chain.caip2)]
        if len(named) != 1:
            raise NameUnknown("chain", str(ref), ", ".join(f"{c.name} ({c.chain})" for c in self.chains.values()))
        return named[0]

    def find_token(self, ref: TokenRef) -> TokenInfo:
        """A token by symbol or id. Raises NameUnknown."""
        named = [token for token in self.tokens.values() if ref in (token.token, token.symbol)]
        if len(named) != 1:
            raise NameUnknown("token", str(ref), ", ".join(f"{t.symbol} ({t.token})" for t in self.tokens.values()))
        return named[0]

    def read_amount(self, token: TokenInfo, amount: AmountLike) -> int:
        """The layer-2 units of an amount. Raises AmountRefused."""
        units = amount if isinstance(amount, int) else _scale(amount, token)
        if units <= 0:
            raise AmountRefused(str(amount), token.symbol, token.decimals)
        return units

    def show_amount(self, token: TokenRef, units: int | str) -> str:
        """Layer-2 units as a number of tokens. Raises NameUnknown."""
        found = self.find_token(token)
        return f"{Decimal(int(units)).scaleb(-found.decimals).normalize():f}"


def open_book(
    deployment: Deployment,
    published: Sequence[ChainInfo],
    tokens: Sequence[TokenInfo],
    keys: Mapping[str, str],
    expected: bytes | None,
) -> Book:
    """The book of what a node publishes. Raises DeploymentUntrue unless it hashes to what the node names, and to
    `expected` if that is given.
    """
    named = _bytes(deployment.deployment_hash)
    computed = hash_published(deployment, published, keys)
    for wanted in (named, named if expected is None else expected):
        if computed != wanted:
            raise DeploymentUntrue(wanted, computed)
    return Book(
        computed,
        deployment,
        {ChainId(chain.chain): chain for chain in published},
        {TokenId(token.token): token for token in tokens},
    )


def find_evm_chain_id(chain: ChainInfo) -> int:
    """The EIP-155 id of a chain; 0 if its CAIP-2 form has none."""
    number = chain.caip2.removeprefix(EIP155)
    return int(number) if number.isdecimal() else 0


def find_chain_number(chain: ChainInfo) -> int:
    """What the chain table has of a chain: the EIP-155 id, or the hash of the cluster's genesis. Raises ValueError."""
    return int(chain.genesis) if chain.address_format == AddressFormat.BYTES32 else find_evm_chain_id(chain)


def is_program(chain: ChainInfo) -> bool:
    """Whether its bridge is a program of Solana."""
    return chain.address_format == AddressFormat.BYTES32


def read_address(chain: ChainInfo, text: str) -> bytes:
    """The universal address of a text on a chain. Raises AddressUnfit."""
    try:
        if is_program(chain):
            address, address_format = decode_base58(text, 32), AddressFormat.BYTES32
        else:
            address, address_format = universal_address(text), AddressFormat.EVM
        if is_recipient(address, address_format, ChainId(chain.chain)):
            return address
    except (ValueError, TypeError):
        pass
    raise AddressUnfit(chain.name, text)


def read_payee(chain: ChainInfo, text: str) -> bytes:
    """Whom a chain is to pay. Raises AddressUnfit; warns (`NobodysKey`) of an address of Solana that is no key."""
    address = read_address(chain, text)
    if is_program(chain) and not is_key(address):
        what = f"{text} on {chain.name} is nobody's key: a program has derived it, or it is an account of a token"
        warnings.warn(f"{what}. Only a program that knows how can move what is paid there", NobodysKey, stacklevel=2)
    return address


def read_owner(text: str) -> bytes:
    """The universal address of an owner on either kind of chain: 0x and 40 digits, or base58. Raises AddressUnfit."""
    try:
        return universal_address(text) if text.startswith("0x") else decode_base58(text, 32)
    except (ValueError, TypeError):
        raise AddressUnfit("any chain", text) from None


def hash_published(deployment: Deployment, published: Sequence[ChainInfo], keys: Mapping[str, str]) -> bytes:
    """The hash of what a node publishes about its deployment; zero if that is none."""
    try:
        entries = [
            ChainEntry(
                ChainId(chain.chain),
                find_chain_number(chain),
                AddressFormat(chain.address_format),
                read_address(chain, chain.contracts["bridge"]),
            )
            for chain in published
        ]
        return compute_deployment_hash(
            int(deployment.genesis_root),
            ChainId(deployment.primary),
            deployment.token_limit,
            deployment.account_limit,
            _bytes(keys["swap"]),
            _bytes(keys["account"]),
            _bytes(keys["exit"]),
            entries,
        )
    except (BadChainTable, AddressUnfit, KeyError, ValueError, OverflowError):
        return bytes(32)


def _scale(amount: str | Decimal, token: TokenInfo) -> int:
    try:
        scaled = Decimal(amount).scaleb(token.decimals)
        if scaled == scaled.to_integral_value():
            return int(scaled)
    except (InvalidOperation, TypeError, ValueError, OverflowError):
        pass
    raise AmountRefused(str(amount), token.symbol, token.decimals)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
