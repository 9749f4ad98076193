"""The swaps between Solana and EVM chains: filled and not, refunded, and one that waits for its recipient's account.

Takes options; gives a `SolanaResult`. People know only their chains: what they have at the end is read from these.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from zklink.demo.solana.star import PROFILE, SOLANA, Star, open_star
from zklink.demo.stories import format_amount
from zklink.devnet.profiles import BSC, ETHEREUM, POLYGON
from zklink.devnet.solana.mints import make_holding
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.swapping import Order, send_swap
from zklink.devnet.tokens import USDC, token_by_id
from zklink.l1.contracts.bridge_structs import DepositOrder, SwapOrder, universal_address
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.lab.chains import Backend
from zklink.node.ports import BlockProver
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import NO_TOKEN, Amount, Lane, RequestId
from zklink.protocol.presets import Preset
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.source import Statement
from zklink.sequencer.program_gate import AGAIN_SECONDS
from zklink.service.reconcile import reconcile

Say = Callable[[str], None]
USD: Final = token_by_id(USDC).unit
LIQUIDITY: Final = 5_000 * USD
FILL_FEE: Final = USD // 2
ORDER_SECONDS: Final = 3 * 86_400
"""How long orders are valid: long enough for a broker, whatever the chains' clocks say."""


@dataclass(frozen=True, slots=True)
class Told:
    """A swap of the story: what was asked for and what must come of it."""

    title: str
    key: RequestKey
    source: ChainProfile
    destination: ChainProfile
    amount: int
    outcome: str


@dataclass(slots=True)
class SolanaResult:
    """What came of it. `rows` are a line for each swap; `problems` must be empty."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    blocks: int = 0
    seconds: float = 0.0


def run_solana(
    backend: Backend,
    preset: Preset,
    circuits: Callable[[Statement], CircuitArtifacts],
    prover: BlockProver,
    say: Say,
    timeout_seconds: float,
) -> SolanaResult:
    """Tell the story. Raises DemoStuck, also after so many seconds, and what opening the chains raises."""
    began, result = time.monotonic(), SolanaResult()
    with open_star(backend, preset, circuits, prover, say) as star:
        count, primary = len(star.system.deployment.table), star.system.deployment.primary
        names = {profile.chain_id: profile.name for profile in star.system.world.profiles}
        name = star.system.deployment.deployment_hash.hex()[:16]
        say(f"deployment {name} on {count} chains, primary chain {names[primary]}")
        star.ends_at, star.seconds = began + timeout_seconds, timeout_seconds
        stage = Stage(star, say)
        stage.bring_liquidity()
        stage.swap_away()
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

    @property
    def usdc(self) -> TokenPlan:
        """The token, which is on all five chains."""
        return self.star.system.deployment.token(USDC)

    # -- acts ----------------------------------------------------------------------------------------------------

    def bring_liquidity(self) -> None:
        """Somebody who lends BSC's side deposits there."""
        star, provider = self.star, self.star.system.world.roles.provider
        bridge, token = star.system.bridges[BSC.chain_id], star.system.token(BSC.chain_id, USDC)
        l1_amount = LIQUIDITY * bridge.tokens.token_scale(USDC)
        token.ensure_allowance(provider, bridge.address, l1_amount)
        bridge.deposit(provider, DepositOrder(USDC, l1_amount, universal_address(provider.address)))
        star.wait(lambda: star.node.sequencer.height > 0 and star.node.is_settled(), "the deposit")
        self.say(f"a provider deposits {_usdc(LIQUIDITY)} on bsc")

    def swap_away(self) -> None:
        """Alice swaps from Solana: filled, not filled, and to a chain that has nothing to pay with."""
        self.from_solana("Alice to BSC", BSC, 600 * USD, FILL_FEE, "filled")
        self.from_solana("Alice to BSC, no fee for a broker", BSC, 300 * USD, 0, "paid")
        self.from_solana("Alice to Ethereum, which has no USDC", ETHEREUM, 100 * USD, 0, "refunded")
        self.finish(3)

    def swap_here(self) -> None:
        """People on Polygon swap to Bob, and to Carol, who has no account of the token."""
        make_holding(self.star.founder.desk, key_of("bob").pubkey(), self.star.mint)
        self.to_solana("Polygon to Bob", "bob", 250 * USD, FILL_FEE, "filled")
        self.to_solana("Polygon to Bob, no fee for a broker", "bob", 200 * USD, 0, "paid")
        self.to_solana("Polygon to Carol, who has no account of USDC", "carol", 50 * USD, 0, "paid")
        self.finish(3)
        self.say(f"carol: {_usdc(self.star.books()['owed'])} are due, and wait for her account; nobody else waits")

    def make_account(self) -> None:
        """Carol makes her account, and the node pays what waits."""
        if self.star.holding(key_of("carol").pubkey()) or self.star.books()["owed"] != 50 * USD:
            raise AssertionError("Carol's payout does not wait")
        make_holding(self.star.founder.desk, key_of("carol").pubkey(), self.star.mint)
        self.say("carol makes her account (0.002 SOL of rent)")
        self.star.clock.now += AGAIN_SECONDS
        self.star.wait(lambda: not self.star.books()["owed"], "Carol's payout")
        self.say(f"carol has {_usdc(self.star.holding(key_of('carol').pubkey()))}")

    # -- swaps ---------------------------------------------------------------------------------------------------

    def from_solana(self, title: str, to: ChainProfile, amount: int, fee: int, outcome: str) -> None:
        """Alice's swap to the recipient on another chain."""
        recipient = universal_address(self.star.system.world.roles.recipient.address)
        deadline = self.star.solana.head_timestamp() + ORDER_SECONDS
        order = Order(self.usdc, self.usdc, to.chain_id, amount, Amount(0), Amount(fee), deadline, recipient)
        number = send_swap(self.star.founder, key_of("alice"), order)
        self.told.append(Told(title, (SOLANA, RequestId(number)), PROFILE, to, amount, outcome))
        self.say(f"solana: alice swaps {_usdc(amount)} to {to.name}")

    def to_solana(self, title: str, name: str, amount: int, fee: int, outcome: str) -> None:
        """Somebody on Polygon swaps to a wallet on Solana."""
        system, depositor = self.star.system, self.star.system.world.roles.depositor
        bridge, token = system.bridges[POLYGON.chain_id], system.token(POLYGON.chain_id, USDC)
        l1_amount = amount * bridge.tokens.token_scale(USDC)
        token.ensure_allowance(depositor, bridge.address, l1_amount)
        order = SwapOrder(
            token_in=USDC,
            l1_amount=l1_amount,
            destination=SOLANA,
            token_out=USDC,
            min_out=Amount(0),
            operator_fee=Amount(0),
            fill_fee=Amount(fee),
            recipient=bytes(key_of(name).pubkey()),
            deadline=bridge.client.head().timestamp + ORDER_SECONDS,
            via=NO_TOKEN,
        )
        bridge.swap(depositor, order)
        number = bridge.request_counts(Lane.SWAP).total
        self.told.append(Told(title, (POLYGON.chain_id, RequestId(number)), POLYGON, PROFILE, amount, outcome))
        self.say(f"polygon: somebody swaps {_usdc(amount)} to {name} on solana")

    def finish(self, new: int) -> None:
        """Rounds until all of it is executed; what became of the `new` last ones is told."""
        self.star.settle(len(self.told))
        for told in self.told[-new:]:
            record = self.star.record(told.key)
            if record.block is not None and record.payout is not None:
                self.say(f"block {record.block}: {told.title}: {self._came(told)}")

    # -- what came of it -----------------------------------------------------------------------------------------

    def _came(self, told: Told) -> str:
        record = self.star.record(told.key)
        if record.is_refund:
            return "refunded"
        if told.destination is PROFILE and not self.star.has_account(self._recipient(told)):
            return "due"
        return "filled" if record.filled_at is not None else "paid" if record.paid_at is not None else "open"

    def row(self, told: Told) -> tuple[str, ...]:
        """A line of the table."""
        amount = _usdc(told.amount)
        return told.title, told.source.name, told.destination.name, amount, self._came(told)

    def find_problems(self) -> Iterator[str]:
        """What is not as it must be: outcomes, what people have, and both kinds of books."""
        for told in self.told:
            if self._came(told) != told.outcome:
                yield f"{told.title}: {self._came(told)}, and not {told.outcome}"
        yield from self._find_wrong_balances()
        star, state = self.star, self.star.node.sequencer.state
        found = reconcile(star.system.deployment, star.system.bridges, star.node.sequencer)
        if not found.is_clean:
            yield "the contracts' books and the state disagree"
        books, reserve = star.books(), state.token(USDC).reserve(SOLANA)
        vault = star.holding(star.founder.program.bridge)
        if (books["custody"], books["owed"], vault) != (reserve, 0, reserve):
            yield f"solana: custody {books['custody']}, owed {books['owed']}, vault {vault}; the state says {reserve}"

    def _find_wrong_balances(self) -> Iterator[str]:
        for name in ("bob", "carol"):
            key = key_of(name).pubkey()
            theirs = [told for told in self.told if self._recipient(told) == bytes(key)]
            least, most = sum(map(self._least, theirs)), sum(told.amount for told in theirs)
            if not least <= self.star.holding(key) <= most:
                yield f"{name} has {self.star.holding(key)}, and should have {least} to {most}"

    def _recipient(self, told: Told) -> bytes:
        payout = self.star.record(told.key).payout
        return b"" if payout is None else payout.recipient

    def _least(self, told: Told) -> int:
        """What the recipient gets if a broker has earned its whole fee."""
        payout = self.star.record(told.key).payout
        return 0 if payout is None else int(payout.amount - payout.fill_fee)


def _usdc(amount: int) -> str:
    return f"{format_amount(amount, token_by_id(USDC))} USDC"
