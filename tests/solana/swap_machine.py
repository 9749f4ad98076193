"""Swaps between two EVM chains and a Solana chain as a machine: people swap in both directions and a node serves them,
while forks of Solana are lost, its slots come late and what is sent there is dropped.

Takes three chains of a world; plays by chance on them. The node is the product's own, its proofs are checked by the
contracts and by the program.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from solders.pubkey import Pubkey

from tests.scenarios.pipeline import TestClock
from tests.solana.lossy_node import LossyNode
from tests.support.chains import build_order, send_deposit, send_swap
from tests.support.solana.machine import Refused, key_of
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.star import PROFILES, SOLANA, SOLANA_PROFILE, KeyProver, SolanaStar, found_star
from tests.support.solana.star_pipeline import StarPipeline
from zklink.devnet.devnet_chain import WorldChain, compute_spec
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.devnet.world import World
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.faults import Drift, Dropped, Halt, Reorg, SlowBlocks, Withheld
from zklink.lab.faults.strategies import faults
from zklink.lab.machines import Machine, invariant, step
from zklink.lab.places import Places
from zklink.lab.solana.base import SolanaSpec
from zklink.protocol.ids import Lane
from zklink.sequencer.program_gate import AGAIN_SECONDS
from zklink.service.program_link import ProgramLink

USD = 10**6
RECIPIENTS = {name: key_of(f"{name} of the machine").pubkey() for name in ("bob", "carol", "poor")}
POOR = RECIPIENTS["poor"]
"""Who has no account of the token until it is made."""

FORKS_AND_SLOTS = (Reorg, Halt, SlowBlocks, Drift, Dropped, Withheld)
LIQUIDITY = 5_000 * USD
LAST_ROUNDS = 80
DEADLINE_SECONDS = 10**6


class Rounds(StarPipeline):
    """A node whose waits are rounds of the world."""

    pass_round: Callable[[], None]

    def round(self, count: int = 1) -> None:
        for _ in range(count):
            self.node.step()
            self.pass_round()
            self.clock.now += 1


class SolanaSwaps(Machine):
    """A swap is paid once or refunded once, whatever forks Solana loses: nothing rests on what is not finalized."""

    specs: ClassVar[Any] = (
        *(compute_spec(profile) for profile in PROFILES),
        SolanaSpec("solana", confirmed_slots=2, finalized_slots=8),
    )
    examples = 3
    most_steps = 14
    round_weight = 0

    def deploy(self) -> None:
        chains = [WorldChain.connect(self.world.chain(each.name), each, None) for each in PROFILES]
        self.machine = LedgerMachine(chain=self.world.member("solana"))  # type: ignore[arg-type]
        self.star: SolanaStar = found_star(World("revm", tuple(chains)), self.machine)
        site = self.star.site
        for name in ("bob", "carol"):
            site.make_holding(RECIPIENTS[name], site.mints[USDC])
        self.machine.chain.finalize()

    def set_up(self) -> None:
        # Rounds make blocks; people and the node do not wait for them.
        for chain in self.world.chains:
            chain.set_automine(True)
        for each in self.star.world:
            each.client.forget_submissions()
        self.pipeline = self._open_node()
        send_deposit(self.star, POLYGON.chain_id, USDC, LIQUIDITY, sender=self.star.world.roles.provider)
        self.settle()
        self.first = self.money()

    # -- what people and chance do -------------------------------------------------------------------------------

    @step(weight=3)
    def somebody_swaps_from_solana(self) -> bool:
        return self.swap_away(self.number("dollars", 1, 40) * USD)

    def swap_away(self, amount: int) -> bool:
        """A swap from Solana to Polygon; whether it landed."""
        site, recipient = self.star.site, universal_address(self.star.world.roles.recipient.address)
        terms: dict[str, Any] = {"recipient": recipient, "operator_fee": 0, "fill_fee": 0}
        terms |= {"token_in": USDC, "token_out": USDC, "destination": POLYGON.chain_id, "l1_amount": amount}
        self.tell("a user swaps to polygon")
        try:
            site.swap(**terms, deadline=site.machine.now() + DEADLINE_SECONDS)
        except Refused:
            self.tell("it never landed")
            return False
        return True

    @step(weight=3)
    def somebody_swaps_to_solana(self) -> None:
        amount = self.number("dollars", 1, 40) * USD
        name = self.pick("recipient", sorted(RECIPIENTS))
        order = build_order(self.star, POLYGON.chain_id, USDC, amount, SOLANA, USDC)
        self.tell(f"a user of polygon swaps to {name}")
        send_swap(self.star, POLYGON.chain_id, replace(order, recipient=bytes(RECIPIENTS[name])))

    @step(weight=4)
    def the_node_works(self) -> None:
        self.pipeline.round(self.number("rounds", 1, 4))

    @step(weight=3)
    def solana_is_in_trouble(self) -> None:
        places = Places("revm", ("solana",), solana=(("solana", "litesvm"),))
        self.world.strike(self.draw(faults(places, FORKS_AND_SLOTS), "fault"))

    # -- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def the_vault_has_what_the_books_say(self) -> None:
        """SOL-1 on Solana, in every slot and on every fork."""
        site = self.star.site
        books = site.books(USDC)
        assert site.balance(USDC, site.bridge) == books["custody"] + books["owed"]

    @invariant()
    def solana_has_no_block_that_the_primary_has_not(self) -> None:
        """SYN-8."""
        assert self.star.site.state()["number"] <= self.pipeline.node.sequencer.height

    def finish(self) -> None:
        """Everybody behaves, and everything is settled; then nothing is missing and nothing is there twice."""
        self.settle()
        if self.star.site.books(USDC)["owed"]:
            self.star.site.make_holding(POOR, self.star.site.mints[USDC])
            self.pipeline.clock.now += AGAIN_SECONDS
            self.settle()
        self.pipeline.check_books()
        site, state = self.star.site, self.pipeline.node.sequencer.state
        assert site.books(USDC)["owed"] == 0
        assert site.books(USDC)["custody"] == state.token(USDC).reserve(SOLANA)
        assert bytes(site.state()["sync_hash"]) == self.primary_hash()
        self.check_one_end()

    def check_one_end(self) -> None:
        """SOL-4: what was asked for and is paid is what people have."""
        swaps = self.pipeline.timeline.swaps.values()
        asked = dict.fromkeys((SOLANA, POLYGON.chain_id), 0)
        paid = dict(asked)
        for record in swaps:
            assert record.payout is not None and record.paid_at is not None
            asked[record.request.source] += record.request.amount
            paid[record.request.source if record.is_refund else record.request.destination] += record.payout.amount
        now = self.money()
        assert {chain: now[chain] - self.first[chain] for chain in now} == {
            chain: paid[chain] - asked[chain] for chain in now
        }

    # -- parts ---------------------------------------------------------------------------------------------------

    def money(self) -> dict[Any, int]:
        """What people have on each chain."""
        roles, site = self.star.world.roles, self.star.site
        polygon = [self.pipeline.balance(each, POLYGON.chain_id, USDC) for each in (roles.depositor, roles.recipient)]
        people = [site.user.pubkey(), *RECIPIENTS.values()]
        return {POLYGON.chain_id: sum(polygon), SOLANA: sum(self._holding(each) for each in people)}

    def _holding(self, owner: Pubkey) -> int:
        try:
            return self.star.site.balance(USDC, owner)
        except (IndexError, KeyError):
            return 0

    def primary_hash(self) -> bytes:
        """The hash of the history on the primary."""
        return bytes(self.star.bridges[self.star.deployment.primary].history.tip().sync_hash)

    def settle(self) -> None:
        """Rounds until everything is executed; the node must not give up."""
        for _ in range(LAST_ROUNDS):
            self.pipeline.round()
            if self.is_settled():
                return
        raise AssertionError(
            f"not settled after {LAST_ROUNDS} rounds; the node reported {self.pipeline.retries()[-3:]}"
        )

    def is_settled(self) -> bool:
        """Whether every request of the queues is in a block, and every block executed."""
        known = sum(1 for key in self.pipeline.timeline.swaps if key[0] == SOLANA)
        return known == self.star.site.state()["totals"][Lane.SWAP - 1] and self.pipeline.node.is_settled()

    def tell(self, text: str) -> None:
        """A line of the story."""
        self.world.tell("solana", text)

    def _open_node(self) -> Rounds:
        clock = TestClock()
        chain = self.machine.chain
        link = ProgramLink(
            SOLANA_PROFILE,
            self.star.deployment.programs[SOLANA],
            self.star.deployment.deployment_hash,
            lambda: LossyNode(chain).client(),
            self.star.site.writer,
            self.star.site.broker,
            pause=lambda seconds: self.world.round(),
            clock=clock,
        )
        pipeline = Rounds(self.star, KeyProver(), has_broker=False, clock=clock, programs={SOLANA: link})
        pipeline.pass_round = self.world.round
        return pipeline
