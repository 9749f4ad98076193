"""The Solana chain of a local network: LiteSVM in this process behind a node over HTTP, or Surfpool's network.

Takes what it runs on; gives the chain with the deployment's program on it, its tokens and its people, whose keys
everybody can derive. Needs the extra `solana`.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.client.solana_wallet import SolanaWallet
from zklink.devnet.solana.founding import Founder
from zklink.devnet.solana.mints import TOKEN_PROGRAM, call_to_mint, make_mint
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.tokens import CHAIN
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import TokenInfo
from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.lab.chains import open_chains
from zklink.lab.solana.base import SLOT_SECONDS, SolanaChain, SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.saved_ledger import dump_ledger, load_ledger
from zklink.primitives.base58 import decode_base58
from zklink.protocol.ids import ChainId, TokenId
from zklink.solana.client.program import find_holding, make_holding

SOLANA: Final = ChainId(5)
PROFILE: Final = ChainProfile(CHAIN, SOLANA, 0, SLOT_SECONDS, 1, "SOL", is_local=True)
CONFIRMED_SLOTS, FINALIZED_SLOTS = 2, 8
FOUNDING_SECONDS: Final = 600
"""What the slots of a founding may take by their own clock, which goes on as the machine's afterwards."""
KEPT_SLOTS: Final = 64
"""Slots whose accounts are kept: nobody reads further back than what is finalized."""
FORTUNE_USD: Final = 100_000_000
COINS: Final = 10**13
"""Lamports of each of its people: more than the provider brings for a pool, and all of them together less than the
faucet of Surfpool's network has.
"""
FAUCET_LAMPORTS: Final = 10**10
"""What the faucet gives besides tokens."""
DOOR_LAMPORTS: Final = 20_000
"""What each of its doors costs."""
DOORS: Final = tuple(PriceEntry(kind, DOOR_LAMPORTS, DOOR_LAMPORTS // 10, DOOR_LAMPORTS * 10) for kind in range(1, 13))
"""Their prices, and the bounds within which the setter may change them."""
PEOPLE: Final = ("depositor", "provider", "broker", "trader")
"""Who has tokens: the depositor's key is shown, the provider brings the pools' share, the broker fills."""
WRITER, FAUCET = "writer", "faucet"
"""Who pays for the node's calls, and who makes tokens."""
RunsOn = Literal["litesvm", "surfnet"]


@dataclass(frozen=True, slots=True)
class SolanaMember:
    """The chain. `url` is where its node listens."""

    chain: SolanaChain
    founder: Founder
    url: str

    # -- founding ------------------------------------------------------------------------------------------------

    def make_mints(self, tokens: Iterable[TokenInfo]) -> dict[TokenId, dict[ChainId, str]]:
        """Money for its people, and a mint of each token that it can have; gives them for the deployment's plan, with
        what stands for SOL.
        """
        self.founder.fund()
        for name in (*PEOPLE, WRITER, FAUCET):
            self.founder.desk.fund(key_of(name).pubkey(), COINS)
        return {token.token_id: {SOLANA: self._make_mint(token)} for token in tokens if CHAIN in token.contracts}

    def found(self, system: LocalSystem) -> None:
        """Put the deployment's program there, with prices at its doors; everybody has a fortune of each token that has
        a mint.
        """
        assert system.plan is not None, "a system that came back has its program"
        self.founder.found(system.plan, system.deployment.table, DOORS)
        for plan in system.deployment.tokens:
            token = system.table[plan.token_id]
            for name in PEOPLE if SOLANA in plan.contracts and not is_sol(token) else ():
                self.give(token, key_of(name).pubkey(), token.amount_for(FORTUNE_USD))
        self.chain.finalize()

    def add_prices(self, planned: Mapping[ChainId, tuple[PriceEntry, ...]]) -> dict[ChainId, tuple[PriceEntry, ...]]:
        """The prices of the other chains' doors with that of a swap to this one: as the cheapest that they have."""
        found = {}
        for chain, entries in planned.items():
            cheapest = min((each for each in entries if each.kind in planned), key=lambda each: each.price_gwei)
            found[chain] = tuple(sorted((*entries, replace(cheapest, kind=SOLANA)), key=lambda each: each.kind))
        return found

    def provider(self) -> SolanaWallet:
        """Who brings the pools' share."""
        return SolanaWallet(key_of("provider"))

    def _make_mint(self, token: TokenInfo) -> str:
        if is_sol(token):
            return NATIVE_MINT
        key = key_of(f"mint of {token.symbol}")
        return str(make_mint(self.founder.desk, key, token.layer2_decimals, key_of(FAUCET).pubkey()))

    def list_accounts(self) -> dict[str, dict[str, str]]:
        """Who has a fortune, by role: the address and the key that wallets take, both in base58."""
        keys = {name: key_of(name) for name in ("depositor", "trader")}
        return {name: {"address": str(key.pubkey()), "key": str(key)} for name, key in keys.items()}

    def node_keys(self) -> dict[str, Keypair]:
        """Who pays for the node's calls, and who fills."""
        return {"payer": key_of(WRITER), "broker": key_of("broker")}

    # -- money ---------------------------------------------------------------------------------------------------

    def give(self, token: TokenInfo, owner: Pubkey, amount: int) -> str:
        """Make tokens for somebody, whose account is made where it is missing, or SOL; gives the transaction's
        signature.
        """
        desk, authority = self.founder.desk, key_of(FAUCET)
        if is_sol(token):
            return desk.fund(owner, amount)
        mint = key_of(f"mint of {token.symbol}").pubkey()
        holding = find_holding(owner, mint, TOKEN_PROGRAM)
        calls = [
            make_holding(desk.payer.pubkey(), owner, mint, TOKEN_PROGRAM),
            call_to_mint(mint, holding, amount, authority.pubkey()),
        ]
        return desk.send(calls, authority)

    def pay(self, owner: bytes, amounts: Sequence[tuple[TokenInfo, int]]) -> list[bytes]:
        """The faucet: tokens, and SOL for what calls cost where that is none of them; gives the transactions'
        signatures.
        """
        key = Pubkey(owner)
        if not any(is_sol(token) for token, _ in amounts):
            self.founder.desk.fund(key, FAUCET_LAMPORTS)
        return [decode_base58(self.give(token, key, amount)) for token, amount in amounts]

    # -- time, and coming back -----------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Everything about the chain, whose clock stands. Raises CannotBeSaved."""
        ledger = self._ledger
        self.chain.finalize()
        return dump_ledger(ledger.ledger)

    def load(self, data: bytes, slept_seconds: float = 0.0) -> None:
        """Go on from there; the chain's clock is so many seconds behind the machine's."""
        own = self._ledger
        load_ledger(own.ledger, data)
        own.behind_seconds = slept_seconds

    @property
    def _ledger(self) -> LocalSolana:
        assert isinstance(self.chain, LocalSolana), "only a ledger in process is saved"
        return self.chain


def is_sol(token: TokenInfo) -> bool:
    """Whether a token is the chain's own coin."""
    return CHAIN in token.contracts and token.contracts[CHAIN].address == NATIVE_MINT


@contextmanager
def open_member(runs_on: RunsOn, port: int = 0) -> Iterator[SolanaMember]:
    """The chain, with nothing on it; a ledger's node listens on the port, 0 is a free one. Raises PortTaken,
    SoldersMissing, SurfnetFailed, PackageUnavailable.
    """
    spec = SolanaSpec(
        PROFILE.name,
        confirmed_slots=CONFIRMED_SLOTS,
        finalized_slots=FINALIZED_SLOTS,
        runs_on=runs_on,
        starts_at=time.time() - FOUNDING_SECONDS,
        kept_slots=KEPT_SLOTS,
    )
    with open_chains("anvil", [spec]) as chains:
        (chain,) = chains
        founder = Founder.at(chain, SOLANA)
        if chain.node_url is not None:
            yield SolanaMember(chain, founder, chain.node_url)
            return
        with chain.serve_http(port) as node:
            yield SolanaMember(chain, founder, node.url)
