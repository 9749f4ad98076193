"""The three chains of the properties: tokens and receivers that behave as a test tells them, and a perfect proof system
(IdealVerifier) or none at all (AcceptAllVerifier).

The state that they start from has pools already (a bridge takes any root for its genesis); what they own was deposited.
"""

from dataclasses import dataclass
from enum import IntFlag

from tests.support.compile_vyper import Replacements, load
from tests.support.evm import EvmContract
from tests.support.three_chains import (
    AS_COIN,
    CHAINS,
    FORTUNE,
    GOVERNOR,
    PROVIDER,
    ROLES,
    USD,
    A,
    B,
    C,
    DeployedChain,
    ThreeChains,
    TokenDesign,
    actor,
    deploy_three_chains,
)
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import OPERATOR_ACCOUNT, POOL_COUNT_ROW, Amount, ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State

ETH, BNB, ODD = TokenId(2), TokenId(3), TokenId(4)
"""Beside the dollar: the coins of A and of C, and the token that turns bad."""
TOKENS = (USD, ETH, BNB, ODD)
TOKEN_NAMES = {USD: "USD", ETH: "ETH", BNB: "BNB", ODD: "ODD"}
DECIMALS: dict[TokenId, dict[ChainId, int]] = {
    USD: {A: 6, B: 18, C: 6},
    ETH: {A: AS_COIN, B: 18, C: 18},
    BNB: {A: 8, C: AS_COIN},
    ODD: {A: 9, B: 9, C: 12},
}
LAYER2_DECIMALS = {token: min(18 if d == AS_COIN else d for d in places.values()) for token, places in DECIMALS.items()}


class TokenMode(IntFlag):
    """What an OddToken does; the flags of its contract."""

    HONEST = 0
    FEE = 1
    NO = 2
    REVERT = 4
    BURN = 8
    LIE = 16
    REENTER = 32


class ReceiverMode(IntFlag):
    """What an OddReceiver does when it gets coin."""

    HONEST = 0
    REFUSE = 1
    BURN = 2
    BOMB = 4
    REENTER = 8


def unit(token: TokenId) -> int:
    """One whole token in layer-2 units."""
    return int(10 ** LAYER2_DECIMALS[token])


RESERVES: dict[TokenId, dict[ChainId, int]] = {
    USD: {A: 2_000_000, B: 1_500_000, C: 100_000},
    ETH: {A: 900, B: 595, C: 5},
    BNB: {A: 300, C: 700},
    ODD: {A: 20_000, B: 20_000, C: 10_000},
}
POOLS: dict[tuple[TokenId, TokenId], tuple[int, int, int]] = {
    (USD, ETH): (3_000_000, 1_000, 30),
    (USD, BNB): (600_000, 1_000, 0),
    (ETH, ODD): (500, 50_000, 100),
}


def make_state() -> State:
    """Reserves on each chain and the pools that own them, conserved per token; C is poor in ETH."""
    state = State(MINIMAL)
    state.set_owner(OPERATOR_ACCOUNT, universal_address(actor("operator")))
    for token, places in RESERVES.items():
        state.set_token(token, TokenRow(tuple(places.get(ChainId(k), 0) * unit(token) for k in range(1, 9)), 0))
    for number, ((lower, higher), (x, y, fee)) in enumerate(POOLS.items()):
        shares, lp_token = Amount(unit(lower)), TokenId(MINIMAL.lp_base + number)
        state.set_pool(lower, higher, Pool(x * unit(lower), y * unit(higher), shares, fee, lp_token))
        state.set_balance(OPERATOR_ACCOUNT, lp_token, shares)
    state.set_token(POOL_COUNT_ROW, TokenRow((0,) * 8, len(POOLS)))
    state.check_conservation()
    return state


def reserves_of(chain: ChainId) -> list[tuple[TokenId, Amount]]:
    """What a chain holds at the start, layer-2 units."""
    return [(token, Amount(places[chain] * unit(token))) for token, places in RESERVES.items() if chain in places]


@dataclass
class BookedChain(DeployedChain):
    """A chain of the properties, with a contract that receives coin and behaves as the test says."""

    receiver: EvmContract


BookedChains = ThreeChains[BookedChain]


class OnChains:
    """Whoever lets things happen on three chains."""

    chains: BookedChains

    def __getitem__(self, chain: ChainId) -> BookedChain:
        return self.chains[chain]

    def height(self, chain: ChainId) -> int:
        """Number of the last block that a chain has accepted or imported."""
        return self[chain].tip().number


def build_chains(
    replacements: Replacements = (),
    verifier: str = "IdealVerifier",
    genesis: State | None = None,
    exit_verifier: str | None = None,
) -> BookedChains:
    """Deploy everything on three chains, and deposit what the pools own; nothing is deposited for another genesis."""
    designs = tuple(TokenDesign(token, LAYER2_DECIMALS[token], DECIMALS[token], "OddToken") for token in TOKENS)
    root = (genesis or make_state()).root
    base = deploy_three_chains(designs, (verifier, exit_verifier or verifier), root, MINIMAL, replacements)
    chains = {chain: BookedChain(**vars(base[chain]), receiver=_make_receiver(base[chain])) for chain in CHAINS}
    for chain in CHAINS if genesis is None else ():
        for token, amount in reserves_of(chain):
            chains[chain].deposit(token, amount, PROVIDER)
    return ThreeChains(chains, base.deployment, base.groups, base.replacements)


def _make_receiver(here: DeployedChain) -> EvmContract:
    receiver = here.evm.deploy(GOVERNOR, load("OddReceiver"))
    ROLES[receiver.address.lower()] = "the receiving contract"
    here.evm.fund(receiver.address, FORTUNE)
    for site in here.sites.values():
        if site.contract is not None:
            site.contract.mint(receiver.address, FORTUNE)
    return receiver
