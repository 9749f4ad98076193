"""Every operation, every way to stop and every way out, at random, as one state machine over three chains.

Takes a stage; lives on it in bursts of steps, each step followed by the laws of its chain. Every life ends the same
way: the operator is gone, and everybody gets out (rescue.py).
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import shake_128
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.properties.lifetime.actors import ANN, BOB, KEYLESS, OPERATOR, Stage
from tests.properties.lifetime.life import Life
from tests.properties.lifetime.operators import Validators
from tests.properties.lifetime.rescue import Rescue
from tests.strategies import Dice
from tests.support.books.chains import DECIMALS, TOKENS, ReceiverMode, unit
from tests.support.evm import Reverted
from tests.support.three_chains import BROKERS, CHAINS, DEPOSITORS, MINIMUM, RECIPIENTS
from zklink.protocol.ids import AccountId, ChainId, Kind, Lane

seeds = st.integers(0, 2**64 - 1)
"""Of one burst of steps; everything else follows from it, evenly."""

USERS = ("deposit", "swap", "swap", "full_exit", "full_exit", "fill", "fill", "fill", "fill")
BLOCKS = ("seal_accounts", "seal_accounts", "seal_swaps", "seal_swaps", "commit", "commit", "commit", "prove", "prove")
CHAIN_WORK = (*BLOCKS, "catch_up", "catch_up", "deliver", "deliver", "deliver", "execute", "execute", "execute")
TROUBLE = ("revert", "revert", "revert", "wait", "wait", "receiver_turns_bad")
CHOICES = 600
"""Bytes of random choices for one step."""


class Lifetime(RuleBasedStateMachine):
    """The rules; what they do to blocks is in Validators."""

    stage: ClassVar[Stage]
    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.undo.enter_context(self.stage.chains.rollback())
        self.life = Life(self.stage)
        self.validators = Validators(self.life, self.count)
        self.is_broken = True
        self.bursts = 0
        self.last = 0

    def count(self, what: str) -> None:
        """Something has been done that the machine is for."""
        self.reached[what] += 1

    def dice(self, seed: int, step: int = 0) -> Dice:
        """Choices of one step of one burst."""
        return Dice(shake_128(f"{self.bursts} {seed} {step}".encode()).digest(CHOICES))

    def take(self, seed: int, steps: int, names: Sequence[str]) -> None:
        """Some steps on some chains, each followed by the laws; a name that is listed twice is likelier."""
        self.is_broken = True
        self.bursts += 1
        self.last = seed
        for step in range(steps):
            dice = self.dice(seed, step)
            name, chain = dice.pick(names), dice.pick(CHAINS)
            self.do(name, chain, dice)
            self.life.check(chain)
        self.is_broken = False

    def do(self, name: str, chain: ChainId, dice: Dice) -> None:
        """One step, of a user or of whoever runs the protocol."""
        owner = self if hasattr(self, f"do_{name}") else self.validators
        getattr(owner, f"do_{name}")(chain, dice)

    @initialize(seed=seeds)
    def begin(self, seed: int) -> None:
        """People arrive, get keys, and make pools."""
        dice = self.dice(seed)
        wallet = next(p for p in self.stage.people.values() if p.key is None)
        for person in (OPERATOR, ANN, BOB, KEYLESS, wallet):
            for token in TOKENS[dice.below(2) :]:
                chain = dice.pick(tuple(DECIMALS[token]))
                amount = unit(token) * (1 + dice.below(1_000)) + dice.below(1_000)
                self.life.deposit(chain, token, amount, person.owner, dice.pick(DEPOSITORS))
        while any(self.life.waiting(Lane.ACCOUNT, chain) for chain in CHAINS):
            self.validators.seal_accounts(dice, requests=10, signed=0)
        self.validators.seal_keys(dice)
        self.take(seed, 12, ("seal_accounts", "catch_up", "catch_up", "commit", "prove"))

    @rule(seed=seeds)
    def all_goes_on(self, seed: int) -> None:
        """Users use it and blocks live, in any order."""
        self.take(seed, 40, (*USERS, *CHAIN_WORK, *CHAIN_WORK))

    @rule(seed=seeds)
    def trouble(self, seed: int) -> None:
        """The same, with reverts, long waits and a receiver that refuses."""
        self.take(seed, 24, (*USERS, *CHAIN_WORK, *TROUBLE))

    def teardown(self) -> None:
        """The operator is gone: everybody gets out, unless something is broken already; then undo it all."""
        try:
            if not self.is_broken:
                self.bursts += 1
                Rescue(self.life, self.dice(self.last), self.count, self.validators.late).run()
        finally:
            self.undo.close()

    # -- users ---------------------------------------------------------------------------------------------------------

    def do_deposit(self, chain: ChainId, dice: Dice) -> None:
        """Anybody deposits for anybody."""
        token = dice.pick([t for t in TOKENS if chain in DECIMALS[t]])
        owner = dice.pick(list(self.stage.people))
        amount = dice.pick((MINIMUM, unit(token) + 1, 50 * unit(token) + dice.below(1_000)))
        self.life.deposit(chain, token, amount, owner, dice.pick(DEPOSITORS))
        self.count("deposit")

    def do_swap(self, chain: ChainId, dice: Dice) -> None:
        """Mostly into what there is; some ask for too much and will be refunded."""
        token_in = dice.pick([t for t in TOKENS if chain in DECIMALS[t]])
        routes = [(k, t) for t in TOKENS for k in DECIMALS[t] if (k, t) != (chain, token_in)]
        state = self.life.line[-1].state
        liquid = [(k, t) for k, t in routes if t == token_in or state.pool(token_in, t).lp_supply]
        destination, token_out = dice.pick(liquid if liquid and dice.below(4) else routes)
        receiver = self.life[destination].receiver.address
        self.life.swap(
            chain,
            token_in,
            dice.pick((MINIMUM, unit(token_in) // 1000 + 1, unit(token_in), 20 * unit(token_in))),
            (destination, token_out),
            min_out=dice.pick((0, 0, 0, 0, 0, 2**111)),
            operator_fee=dice.pick((0, MINIMUM // 4)),
            fill_fee=dice.pick((0, 3)),
            recipient=dice.pick((*RECIPIENTS, receiver)),
            sender=dice.pick(DEPOSITORS),
        )
        self.count("swap")

    def do_full_exit(self, chain: ChainId, dice: Dice) -> None:
        """An owner, or somebody who is not."""
        here = [t for t in TOKENS if chain in DECIMALS[t]]
        accounts = list(self.life.line[-1].state.accounts())
        rich = [(a, view, t) for a, view in accounts for t in here if view.balances.get(t)]
        account, view, token = dice.pick(rich or [(*accounts[0], here[0])])
        owner = self.stage.people[view.owner if dice.below(2) else ANN.owner]
        self.life.full_exit(chain, AccountId(account), token, owner)
        self.count("full exit" if owner.owner == view.owner else "full exit of another's account")

    def do_fill(self, chain: ChainId, dice: Dice) -> None:
        """A broker pays ahead what some block of the line promises here."""
        executed = self.life.status(chain)[3]
        promised = [p for step in self.life.line[executed + 1 :] for p in step.payouts if p.chain == chain]
        fast = [p for p in promised if p.kind in (Kind.SWAP_PAID, Kind.WITHDRAW_PAYOUT) and p.fill_fee < p.amount]
        waiting = [p for p in fast if p.fill_key(self.life.chains.deployment_hash) not in self.life.filled]
        if not waiting:
            return
        swaps = [p for p in waiting if p.kind == Kind.SWAP_PAID]
        payout = dice.pick(swaps or waiting)
        try:
            self.life.fill(payout, dice.pick(BROKERS))
        except Reverted:
            assert payout.recipient[12:].hex() == self.life[chain].receiver.address[2:].lower()
            return
        self.count(f"fill of {payout.kind.name}")

    def do_receiver_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The receiving contract changes what it does when it gets coin."""
        self.life[chain].receiver.set_mode(dice.pick((ReceiverMode.REFUSE, ReceiverMode.BURN, ReceiverMode.HONEST)))

    def do_wait(self, chain: ChainId, dice: Dice) -> None:
        """Time passes, sometimes so much that a block comes too late."""
        self.life.advance(1 + dice.below(400) + dice.pick((0, 3_700)))
        self.count("wait")
