"""The swaps between Solana and EVM chains: filled and not, refunded, and one that waits for its recipient's account.

Takes options; gives a `SolanaResult`. People use the client and know only their chains: what they have at the end is
read from these.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.client.solana_wallet import SolanaWallet
from zklink.client.wallet import Wallet
from zklink.demo.network.liquidity import finish
from zklink.demo.solana.star import Star, open_star
from zklink.demo.stories import format_amount
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.solana.looking import count_requests
from zklink.devnet.solana.member import PROFILE, SOLANA
from zklink.devnet.solana.mints import make_holding
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.tokens import SOL, SOLANA_TOKENS
from zklink.devnet.tokens import AVAX, USDC
from zklink.history.swaps import SwapRecord
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.lab.chains import Backend
from zklink.node.ports import BlockProver
from zklink.operations.payout import Payout
from zklink.operations.requests import RequestKey
from zklink.primitives.keccak import keccak256
from zklink.protocol.ids import ChainId, Lane, RequestId, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.progress import Progress
from zklink.sequencer.program_gate import AGAIN_SECONDS
from zklink.service.reconcile import reconcile

Say = Callable[[str], None]
USD: Final = SOLANA_TOKENS[USDC].unit
COIN: Final = SOLANA_TOKENS[SOL].unit
LIQUIDITY: Final = 5_000 * USD
POOL_USD: Final = 900_000
"""Dollars on each side of the pool of SOL and AVAX."""
POOL_FEE: Final = 30
ORDER_SECONDS: Final = 3 * 86_400
"""How long orders are valid: long enough for a broker, whatever the chains' clocks say."""
CAROLS: Final = 50 * USD


@dataclass(frozen=True, slots=True)
class Told:
    """A swap of the story: what was asked for, for whom, and what must come of it."""

    title: str
    who: str
    key: RequestKey
    outcome: str


@dataclass(slots=True)
class SolanaResult:
    """What came of it. `rows` are a line for each swap; `problems` must be empty."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    blocks: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A swap as its user wants it; amounts in layer-2 units, `least` is what it insists on if not on the quote."""

    amount: int
    token_in: TokenId
    source: ChainProfile
    token_out: TokenId
    destination: ChainProfile
    fill_fee: int = 0
    least: int | None = None

    @property
    def title(self) -> str:
        """In one line."""
        token_in, token_out = SOLANA_TOKENS[self.token_in], SOLANA_TOKENS[self.token_out]
        given = f"{format_amount(self.amount, token_in)} {token_in.symbol} {self.source.name}"
        return f"{given} → {token_out.symbol} {self.destination.name}"


def run_solana(
    backend: Backend,
    preset: Preset,
    prover: BlockProver,
    say: Say,
    progress: Progress,
    timeout_seconds: float,
) -> SolanaResult:
    """Tell the story. Raises DemoStuck, also after so many seconds, and what opening the chains raises."""
    began, result = time.monotonic(), SolanaResult()
    with open_star(backend, preset, prover, say, progress) as star:
        count, primary = len(star.system.deployment.table), star.system.deployment.primary
        names = {profile.chain_id: profile.name for profile in star.system.world.profiles}
        name = star.system.deployment.deployment_hash.hex()[:16]
        say(f"deployment {name} on {count} chains, primary chain {names[primary]}")
        star.ends_at, star.seconds = began + timeout_seconds, timeout_seconds
        stage = Stage(star, say)
        stage.bring_liquidity()
        stage.make_pool()
        stage.swap_away()
        stage.swap_coins()
        stage.swap_here()
        stage.make_account()
        result.rows = [stage.row(told) for told in stage.told]
        result.problems = list(stage.find_problems())
        result.blocks, result.seconds = star.node.sequencer.height, time.monotonic() - began
    return result


@dataclass(slots=True)
class Stage:
    """The people of the story, and what they have asked for."""

    star: Star
    say: Say
    told: list[Told] = field(default_factory=list)

    # -- acts ----------------------------------------------------------------------------------------------------

    def bring_liquidity(self) -> None:
        """A provider, whose account layer 2 keeps by its EVM address, deposits on three chains."""
        star, accounts = self.star, self.star.client.accounts
        provider, here = Wallet.from_account(star.system.world.roles.provider), SolanaWallet(key_of("provider"))
        sol, avax = (SOLANA_TOKENS[token].amount_for(POOL_USD) for token in (SOL, AVAX))
        with star.progress.step("the provider's deposits"):
            accounts.deposit(provider, BSC.name, USDC, LIQUIDITY)
            accounts.deposit(provider, AVALANCHE.name, AVAX, avax)
            accounts.deposit(here, PROFILE.name, SOL, sol, owner=provider.address)
            for token, amount in ((USDC, LIQUIDITY), (AVAX, avax), (SOL, sol)):
                accounts.wait_balance(provider, token, amount)
        deposits = ((LIQUIDITY, USDC, BSC), (avax, AVAX, AVALANCHE), (sol, SOL, PROFILE))
        named = ", ".join(f"{show(amount, token)} on {chain.name}" for amount, token, chain in deposits)
        self.say(f"a provider deposits {named}")

    def make_pool(self) -> None:
        """The provider puts SOL and AVAX into a pool."""
        star, accounts = self.star, self.star.client.accounts
        provider = Wallet.from_account(star.system.world.roles.provider)
        sol, avax = (SOLANA_TOKENS[token].amount_for(POOL_USD) for token in (SOL, AVAX))
        with star.progress.step("the provider's key and pool"):
            finish(star.client, accounts.set_key(provider, fee_token=USDC))
            accounts.create_pool(provider, SOL, AVAX, POOL_FEE, fee_token=USDC)
            finish(star.client, accounts.add_liquidity(provider, SOL, sol, AVAX, avax, fee_token=USDC))
        self.say("and makes a pool of SOL and AVAX of them")

    def swap_away(self) -> None:
        """Alice swaps dollars from Solana to BSC: filled, and not."""
        away = Wanted(600 * USD, USDC, PROFILE, USDC, BSC, fill_fee=USD // 2)
        self.swap_from_solana(away, "filled")
        self.swap_from_solana(replace(away, amount=300 * USD, fill_fee=0), "paid")
        self.finish(2)

    def swap_coins(self) -> None:
        """SOL for AVAX through the pool: filled, not filled, and for more than the pool gives; and AVAX for SOL."""
        avax = SOLANA_TOKENS[AVAX].unit
        away = Wanted(10 * COIN, SOL, PROFILE, AVAX, AVALANCHE, fill_fee=avax // 20)
        self.swap_from_solana(away, "filled")
        self.swap_from_solana(replace(away, amount=4 * COIN, fill_fee=0), "paid")
        self.swap_from_solana(replace(away, amount=COIN, fill_fee=0, least=10 * avax), "refunded")
        back = Wanted(20 * avax, AVAX, AVALANCHE, SOL, PROFILE, fill_fee=COIN // 100)
        self.swap_to_solana(back, "bob", "filled")
        self.finish(4)

    def swap_here(self) -> None:
        """People on Polygon swap to Bob, and to Carol, who has no account of the token."""
        make_holding(self.star.founder.desk, key_of("bob").pubkey(), self.star.mint)
        here = Wanted(250 * USD, USDC, POLYGON, USDC, PROFILE, fill_fee=USD // 2)
        self.swap_to_solana(here, "bob", "filled")
        self.swap_to_solana(replace(here, amount=200 * USD, fill_fee=0), "bob", "paid")
        self.swap_to_solana(replace(here, amount=CAROLS, fill_fee=0), "carol", "paid")
        self.finish(3)
        owed = show(self.star.books()["owed"], USDC)
        self.say(f"{owed} are due to Carol, and wait for her account; nobody else waits")

    def make_account(self) -> None:
        """Carol makes her account, and the node pays what waits."""
        star, carol = self.star, key_of("carol").pubkey()
        if star.has_account(bytes(carol)) or star.books()["owed"] != CAROLS:
            raise AssertionError("Carol's payout does not wait")
        make_holding(star.founder.desk, carol, star.mint)
        self.say("Carol makes her account (0.002 SOL of rent)")
        star.clock.now += AGAIN_SECONDS
        star.wait(lambda: not star.books()["owed"], "Carol's payout")
        self.say(f"Carol has {show(star.balance(SOLANA, USDC, bytes(carol)), USDC)}")

    # -- swaps ---------------------------------------------------------------------------------------------------

    def swap_from_solana(self, wanted: Wanted, outcome: str) -> None:
        """Alice's swap to Dora, who has nothing yet."""
        self._swap(SolanaWallet(key_of("alice")), wanted, "Dora", fresh_account("dora").address)
        self._tell(wanted, "Dora", (SOLANA, RequestId(count_requests(self.star.founder))), outcome)

    def swap_to_solana(self, wanted: Wanted, name: str, outcome: str) -> None:
        """Somebody's swap on an EVM chain to a wallet on Solana."""
        depositor = Wallet.from_account(self.star.system.world.roles.depositor)
        self._swap(depositor, wanted, name.capitalize(), str(key_of(name).pubkey()))
        number = self.star.system.bridges[wanted.source.chain_id].request_counts(Lane.SWAP).total
        self._tell(wanted, name.capitalize(), (wanted.source.chain_id, RequestId(number)), outcome)

    def _swap(self, wallet: Wallet | SolanaWallet, wanted: Wanted, who: str, recipient: str) -> None:
        client, terms = self.star.client, (wanted.token_in, wanted.amount, wanted.destination.name, wanted.token_out)
        self.say(f"{wanted.title}, for {who}")
        with self.star.progress.step("the swap is sent"):
            quote = client.quote(wanted.source.name, *terms, fill_fee=wanted.fill_fee or None)
            insisted = quote if wanted.least is None else replace(quote, min_out=wanted.least)
            client.swap(wallet, insisted, recipient=recipient, seconds=ORDER_SECONDS)

    def _tell(self, wanted: Wanted, who: str, key: RequestKey, outcome: str) -> None:
        self.told.append(Told(wanted.title, who, key, outcome))

    def finish(self, new: int) -> None:
        """Rounds until all of it is executed; what became of the `new` last ones is told."""
        self.star.settle(len(self.told))
        for told in self.told[-new:]:
            record = self.star.record(told.key)
            self.say(f"block {record.block}: {told.title}: {self._came(record)}, {_show_payout(record)}")

    # -- what came of it -----------------------------------------------------------------------------------------

    def _came(self, record: SwapRecord) -> str:
        payout = record.payout
        if record.is_refund:
            return "refunded"
        is_token = payout is not None and (payout.chain, payout.token) == (SOLANA, USDC)
        if is_token and payout is not None and not self.star.has_account(payout.recipient):
            return "due"
        return "filled" if record.filled_at is not None else "paid" if record.paid_at is not None else "open"

    def row(self, told: Told) -> tuple[str, ...]:
        """A line of the table."""
        record = self.star.record(told.key)
        return told.title, told.who, self._came(record), _show_payout(record), str(record.block)

    def find_problems(self) -> Iterator[str]:
        """What is not as it must be: outcomes, what people have, and both kinds of books."""
        for told in self.told:
            came = self._came(self.star.record(told.key))
            if came != told.outcome:
                yield f"{told.title}: {came}, and not {told.outcome}"
        yield from self._find_wrong_balances()
        star = self.star
        found = reconcile(star.system.deployment, star.system.bridges, star.node.sequencer)
        if not found.is_clean:
            yield "the contracts' books and the state disagree"
        for token in (USDC, SOL):
            books, reserve = star.books(token), star.node.sequencer.state.token(token).reserve(SOLANA)
            if (books["custody"], books["owed"]) != (reserve, 0):
                yield f"solana: {books} of token {token}; the state says {reserve}"
        vault, custody = star.balance(SOLANA, USDC, bytes(star.founder.program.bridge)), star.books()["custody"]
        if vault != custody:
            yield f"solana: the vault has {vault} of USDC, and the books {custody}"

    def _find_wrong_balances(self) -> Iterator[str]:
        """Recipients had nothing before; a broker that has earned its whole fee leaves them the least."""
        payouts: dict[tuple[ChainId, TokenId, bytes], list[Payout]] = {}
        for told in self.told:
            record = self.star.record(told.key)
            if record.payout is not None and not record.is_refund:
                paid = record.payout
                payouts.setdefault((paid.chain, paid.token, paid.recipient), []).append(paid)
        for (chain, token, owner), paid_to in payouts.items():
            most = sum(paid.amount for paid in paid_to)
            least, has = most - sum(paid.fill_fee for paid in paid_to), self.star.balance(chain, token, owner)
            if not least <= has <= most:
                yield f"0x{owner.hex()} has {has} of token {token}, and should have {least} to {most}"


def fresh_account(name: str) -> LocalAccount:
    """An account that has nothing."""
    account: LocalAccount = Account.from_key(keccak256(f"demo recipient {name}".encode()))
    return account


def show(amount: int, token: TokenId) -> str:
    """An amount in whole tokens."""
    known = SOLANA_TOKENS[token]
    return f"{format_amount(amount, known, 4)} {known.symbol}"


def _show_payout(record: SwapRecord) -> str:
    return "" if record.payout is None else show(record.payout.amount, record.payout.token)
