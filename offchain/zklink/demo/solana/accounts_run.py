"""An account of layer 2 that belongs to a wallet on Solana, from its first deposit to its exit by proof.

Takes options; gives an `AccountsResult`. Its owner uses the client that anybody uses; when the operator is dead, the
chains, the groups' signers, who are not the operator, and its own keypair are all that is left.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from zklink.client.solana_wallet import SolanaWallet
from zklink.client.wallet import Wallet
from zklink.demo.network.liquidity import finish
from zklink.demo.solana.ending import bring_to_end, leave
from zklink.demo.solana.solana_run import Say, fresh_account, show
from zklink.demo.solana.star import USERS, Star, open_star
from zklink.devnet.profiles import POLYGON
from zklink.devnet.solana.member import PROFILE, SOLANA
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.tokens import SOL, SOLANA_TOKENS
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.chains import Backend
from zklink.node.ports import BlockProver
from zklink.protocol.ids import TokenId
from zklink.protocol.presets import Preset
from zklink.prover.port import Prover
from zklink.prover.progress import Progress

USD: Final = SOLANA_TOKENS[USDC].unit
COIN: Final = SOLANA_TOKENS[SOL].unit
POOL_USD: Final = 150_000
POOL_FEE: Final = 30
LAST_DEPOSIT: Final = 20 * USD
"""What the owner has asked for, and no block has, when the operator dies."""

Act = tuple[str, Callable[["Account"], None]]


@dataclass(slots=True)
class AccountsResult:
    """What came of it. `rows` are a line for each act; `problems` must be empty."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    blocks: int = 0
    seconds: float = 0.0


def run_accounts(
    backend: Backend,
    preset: Preset,
    prover: BlockProver,
    exits: Prover,
    say: Say,
    progress: Progress,
    timeout_seconds: float,
) -> AccountsResult:
    """Tell the story. Raises DemoStuck, also after so many seconds, and what opening the chains raises."""
    began, result = time.monotonic(), AccountsResult()
    with open_star(backend, preset, prover, say, progress) as star:
        star.ends_at, star.seconds = began + timeout_seconds, timeout_seconds
        account = Account(star, say, SolanaWallet(key_of(USERS[0])))
        account.make_pool()
        for title, act in ACTS:
            act(account)
            star.wait(star.node.is_settled, "every chain executes it")
            row = (title, *(show(account.held(token), token) for token in (USDC, SOL)), str(star.node.sequencer.height))
            result.rows.append(row)
            say(f"{row[0]}: {row[1]} and {row[2]} on layer 2, up to block {row[3]}")
        account.ask_last()
        if bring_to_end(star, say) != star.node.sequencer.height:
            account.problems.append("Solana ends at another block than the operator's last one")
        result.problems = [*account.problems, *leave(star, account.wallet, exits, LAST_DEPOSIT, say)]
        result.blocks, result.seconds = star.node.sequencer.height, time.monotonic() - began
    return result


@dataclass(slots=True)
class Account:
    """Alice's account. `problems` are what did not come as it must."""

    star: Star
    say: Say
    wallet: SolanaWallet
    problems: list[str] = field(default_factory=list)

    def held(self, token: TokenId) -> int:
        """What the account has of a token, in layer-2 units."""
        balances = self.star.client.accounts.find(self.wallet).balances
        return sum(int(each.amount) for each in balances if each.token == token)

    def make_pool(self) -> None:
        """A provider on EVM chains, who has SOL, too, makes a pool of SOL and USDC."""
        star, accounts = self.star, self.star.client.accounts
        provider, here = Wallet.from_account(star.system.world.roles.provider), SolanaWallet(key_of("provider"))
        usdc, sol = (SOLANA_TOKENS[token].amount_for(POOL_USD) for token in (USDC, SOL))
        with star.progress.step("a provider's deposits and pool"):
            accounts.deposit(provider, POLYGON.name, USDC, usdc + 100 * USD)
            accounts.deposit(here, PROFILE.name, SOL, sol, owner=provider.address)
            accounts.wait_balance(provider, USDC, usdc + 100 * USD)
            accounts.wait_balance(provider, SOL, sol)
            finish(star.client, accounts.set_key(provider, fee_token=USDC))
            accounts.create_pool(provider, USDC, SOL, POOL_FEE, fee_token=USDC)
            finish(star.client, accounts.add_liquidity(provider, USDC, usdc, SOL, sol, fee_token=USDC))
        self.say(f"a provider makes a pool of {show(usdc, USDC)} and {show(sol, SOL)}")

    def deposit(self) -> None:
        """Dollars, which are an SPL token, and SOL."""
        accounts = self.star.client.accounts
        for token, amount in ((USDC, 2_000 * USD), (SOL, 10 * COIN)):
            accounts.deposit(self.wallet, PROFILE.name, token, amount)
            accounts.wait_balance(self.wallet, token, amount)

    def ask_key(self) -> None:
        """The program asks for the layer-2 key, which follows from a signature of the wallet."""
        self.star.client.accounts.request_key(self.wallet, PROFILE.name)
        self.star.client.accounts.wait_key(self.wallet)

    def swap(self) -> None:
        """In the pool, within the account."""
        self._finish(self.star.client.accounts.swap(self.wallet, USDC, 300 * USD, SOL, most_fee=USD))

    def provide(self) -> None:
        """Shares of the pool."""
        accounts = self.star.client.accounts
        self._finish(accounts.add_liquidity(self.wallet, USDC, 300 * USD, SOL, 2 * COIN, fee_token=USDC))

    def withdraw_here(self) -> None:
        """SOL to the wallet."""
        star, before = self.star, self.star.balance(SOLANA, SOL, self.wallet.owner)
        self._finish(star.client.accounts.withdraw(self.wallet, SOL, 3 * COIN, PROFILE.name))
        star.wait(star.node.is_settled, "Solana pays it")
        self._check("withdrawn to Solana", star.balance(SOLANA, SOL, self.wallet.owner) - before, 3 * COIN)

    def withdraw_there(self) -> None:
        """Dollars to a friend on Polygon."""
        star, friend = self.star, fresh_account("a friend of Alice's").address
        self._finish(star.client.accounts.withdraw(self.wallet, USDC, 100 * USD, POLYGON.name, recipient=friend))
        star.wait(star.node.is_settled, "Polygon pays it")
        there = star.balance(POLYGON.chain_id, USDC, universal_address(friend))
        self._check("withdrawn to Polygon", there, 100 * USD)

    def exit_fully(self) -> None:
        """All dollars, by a request to the program that the operator must answer."""
        star, before = self.star, self.star.balance(SOLANA, USDC, self.wallet.owner)
        held = self.held(USDC)
        star.client.accounts.full_exit(self.wallet, PROFILE.name, USDC)
        star.wait(lambda: not self.held(USDC) and star.node.is_settled(), "the full exit")
        self._check("paid by the full exit", star.balance(SOLANA, USDC, self.wallet.owner) - before, held)

    def ask_last(self) -> None:
        """A deposit that no block has."""
        self.star.client.accounts.deposit(self.wallet, PROFILE.name, USDC, LAST_DEPOSIT)
        self.say(f"Alice deposits {show(LAST_DEPOSIT, USDC)}, and no block has it when the operator dies")

    def _finish(self, operation: str) -> None:
        finish(self.star.client, operation)

    def _check(self, what: str, found: int, wanted: int) -> None:
        if found != wanted:
            self.problems.append(f"{what}: {found}, and not {wanted}")


ACTS: Final[tuple[Act, ...]] = (
    ("deposits on Solana, SPL and SOL", Account.deposit),
    ("a key, asked of the program", Account.ask_key),
    ("300 USDC are swapped in the pool", Account.swap),
    ("USDC and SOL go into the pool", Account.provide),
    ("3 SOL are withdrawn to Solana", Account.withdraw_here),
    ("100 USDC are withdrawn to Polygon", Account.withdraw_there),
    ("a full exit of USDC on Solana", Account.exit_fully),
)
