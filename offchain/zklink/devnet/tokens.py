"""The tokens of the local networks: stand-ins with the real names, symbols and decimals of their namesakes on each
chain.

Takes `deployments/tokens.json` (hand-written); deploys a test token per contract, mints it to the actors, and gives the
token plans of a deployment. Never for a public chain.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.files import project_root
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.client import ChainClient, Request, check_receipts, encode_call
from zklink.protocol.ids import CUSTODY_LIMIT, Amount, ChainId, TokenId
from zklink.protocol.presets import Preset

TOKENS_FILE: Final = project_root() / "deployments" / "tokens.json"
_NATIVE_MARK: Final = "native"

USDC, USDT, ETH, BNB, POL, AVAX, BTC = (TokenId(i) for i in range(1, 8))
WETH, WPOL, WBNB, WAVAX = (TokenId(i) for i in range(8, 12))
NO_MINTS: Final[Mapping[TokenId, Mapping[ChainId, str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TokenContract:
    """One L1 contract (or a chain's own coin) as it is on the main network."""

    symbol: str
    name: str
    decimals: int
    address: str

    @property
    def is_native(self) -> bool:
        """Whether this is the chain's own coin."""
        return self.address == NATIVE


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """One layer-2 token: its contracts by chain name. `minimum` is the smallest swap in layer-2 units."""

    token_id: TokenId
    symbol: str
    name: str
    price_micro_usd: int
    minimum: Amount
    contracts: Mapping[str, TokenContract]

    @property
    def layer2_decimals(self) -> int:
        """The minimum over the token's chains, all of them: it does not depend on which chains take part."""
        return min(contract.decimals for contract in self.contracts.values())

    @property
    def unit(self) -> int:
        """One whole token in layer-2 units."""
        return int(10**self.layer2_decimals)

    def symbol_on(self, chain: str) -> str:
        """The token's name on a chain: its symbol there, with its layer-2 symbol beside it if they differ ("BTCB (BTC)"
        on bsc).
        """
        symbol = self.contracts[chain].symbol
        return symbol if symbol == self.symbol else f"{symbol} ({self.symbol})"

    def scale(self, chain: str) -> int:
        """L1 units per layer-2 unit on a chain that has the token."""
        return int(10 ** (self.contracts[chain].decimals - self.layer2_decimals))

    def amount_for(self, usd: int) -> Amount:
        """The layer-2 amount that is worth this many whole dollars, rounded down."""
        return Amount(usd * 1_000_000 * self.unit // self.price_micro_usd)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A token of the table that a deployment does not register."""

    symbol: str
    reason: str


@lru_cache(maxsize=1)
def load_tokens() -> tuple[TokenInfo, ...]:
    """The table, ascending by token id."""
    data = json.loads(TOKENS_FILE.read_text())
    tokens = [_read_token(item) for item in data["tokens"]]
    return tuple(sorted(tokens, key=lambda token: token.token_id))


def token_by_id(token_id: TokenId) -> TokenInfo:
    """A token; KeyError if the table has none."""
    return usual_table()[token_id]


def index_tokens(tokens: Iterable[TokenInfo]) -> Mapping[TokenId, TokenInfo]:
    """Tokens by their ids, ascending."""
    return MappingProxyType({token.token_id: token for token in sorted(tokens, key=lambda token: token.token_id)})


@lru_cache(maxsize=1)
def usual_table() -> Mapping[TokenId, TokenInfo]:
    """The table by id."""
    return index_tokens(load_tokens())


def find_token(chain: str, symbol: str) -> TokenInfo:
    """The token that goes by a symbol on a chain ("WETH" on polygon is ETH); KeyError if there is none."""
    for token in load_tokens():
        contract = token.contracts.get(chain)
        if contract is not None and contract.symbol.lower() == symbol.lower():
            return token
    raise KeyError(f"no token is called {symbol} on {chain}")


def choose_tokens(
    tokens: Iterable[TokenInfo], preset: Preset, chains: Collection[str]
) -> tuple[tuple[TokenInfo, ...], tuple[LeftOut, ...]]:
    """The tokens that are on one of the chains and that the preset has room for; and the others, each with its
    reason.
    """
    chosen, left_out = [], []
    for token in tokens:
        if token.token_id >= preset.lp_base:
            reason = f"preset {preset.name} has room for tokens 1 to {preset.lp_base - 1}"
            left_out.append(LeftOut(token.symbol, reason))
        elif not token.contracts.keys() & set(chains):
            left_out.append(LeftOut(token.symbol, "it is on none of these chains"))
        else:
            chosen.append(token)
    return tuple(chosen), tuple(left_out)


def describe_left_out(left_out: Iterable[LeftOut]) -> tuple[str, ...]:
    """A line for each reason, with the symbols that it concerns."""
    by_reason: dict[str, list[str]] = {}
    for token in left_out:
        by_reason.setdefault(token.reason, []).append(token.symbol)
    return tuple(f"not deployed from {TOKENS_FILE.name}: {', '.join(s)} ({reason})" for reason, s in by_reason.items())


def deploy_test_tokens(
    clients: Mapping[ChainId, ChainClient],
    deployer: LocalAccount,
    tokens: Sequence[TokenInfo] | None = None,
    mints: Mapping[TokenId, Mapping[ChainId, str]] = NO_MINTS,
) -> tuple[TokenPlan, ...]:
    """A test token for each contract of the table on each of the chains; their plans, ascending by token id. `mints`
    are those of chains with programs, which are there already.

    Tokens that are on none of the chains are left out (`choose_tokens` names them).
    """
    plans = []
    for token in load_tokens() if tokens is None else tokens:
        contracts = {
            chain_id: _deploy(client, deployer, token.contracts[client.profile.name])
            for chain_id, client in sorted(clients.items())
            if client.profile.name in token.contracts
        } | dict(mints.get(token.token_id, {}))
        if contracts:
            plans.append(plan_token(token, contracts))
    return tuple(plans)


def deploy_wrapped_coins(clients: Mapping[ChainId, ChainClient], deployer: LocalAccount) -> dict[ChainId, str]:
    """A contract on each chain that wraps its coin, in the shape of WETH9."""
    artifact = load_contract("WrappedCoin")
    return {chain_id: client.deploy(deployer, artifact) for chain_id, client in sorted(clients.items())}


def plan_token(token: TokenInfo, contracts: Mapping[ChainId, str], cap: int = CUSTODY_LIMIT) -> TokenPlan:
    """The registration of a token with these contracts; `cap` is in layer-2 units."""
    return TokenPlan(token.token_id, token.symbol, token.layer2_decimals, contracts, token.minimum, Amount(cap))


def mint(client: ChainClient, minter: LocalAccount, token: str, owners: Iterable[str], l1_amount: int) -> None:
    """Mint test tokens for each owner; does nothing for the chain's own coin."""
    if token == NATIVE:
        return
    contract = client.contract(token, load_contract("TestToken"))
    calls = [encode_call(contract, "mint", owner, l1_amount) for owner in owners]
    check_receipts(client.send_all(minter, [Request(call) for call in calls]))


def _deploy(client: ChainClient, deployer: LocalAccount, contract: TokenContract) -> str:
    if contract.is_native:
        return NATIVE
    artifact = load_contract("TestToken")
    return client.deploy(deployer, artifact, contract.name, contract.symbol, contract.decimals)


def _read_token(item: dict[str, object]) -> TokenInfo:
    contracts = item["contracts"]
    if not isinstance(contracts, dict):
        raise TypeError("contracts are given per chain")
    return TokenInfo(
        token_id=TokenId(int(str(item["token_id"]))),
        symbol=str(item["symbol"]),
        name=str(item["name"]),
        price_micro_usd=int(str(item["price_micro_usd"])),
        minimum=Amount(int(str(item["minimum"]))),
        contracts={chain: _read_contract(contract) for chain, contract in contracts.items()},
    )


def _read_contract(item: Mapping[str, object]) -> TokenContract:
    address = str(item["address"])
    return TokenContract(
        symbol=str(item["symbol"]),
        name=str(item["name"]),
        decimals=int(str(item["decimals"])),
        address=NATIVE if address == _NATIVE_MARK else address,
    )
