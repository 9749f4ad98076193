"""Every operation, every way to stop and every way out, at random, as one state machine over three chains.

Takes a stage; lives on it in bursts of steps, each step followed by the laws of its chain. Every life ends the same
way: the operator is gone, and everybody gets out (rescue.py).
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import ClassVar

from hypothesis import event, note
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.properties.lifetime.actors import ANN, BOB, KEYLESS, OPERATOR, WALLET_CHAIN, Stage, layer2_keys
from tests.properties.lifetime.life import Life
from tests.properties.lifetime.members import Members
from tests.properties.lifetime.operators import Operators
from tests.properties.lifetime.rescue import Rescue
from tests.properties.lifetime.users import Users
from tests.properties.lifetime.wallet import WalletOwner
from tests.strategies import Dice
from tests.support.books.chains import DECIMALS, TOKENS, unit
from tests.support.books.diary import Diary
from tests.support.bursts import Burst, bursts, spread
from tests.support.three_chains import CHAINS, DEPOSITORS, PRIMARY
from zklink.protocol.ids import ChainId, Lane

USERS = ("deposit", "swap", "swap", "full_exit", "full_exit", "full_exit", "set_key", "fill", "fill", "fill", "fill")
WALLET = ("wallet_deposits", "wallet_asks", "wallet_asks", "namesake")
DOORS = ("set_price", "set_price", "collect", "pay_too_little")
BLOCKS = ("seal_accounts", "seal_accounts", "seal_swaps", "seal_swaps", "accept", "accept")
CHAIN_WORK = (*BLOCKS, "catch_up", "catch_up", "import", "import", "import", "execute", "execute", "execute")
REMOVAL = ("remove_member", "remove_member")
TROUBLE = ("wait", "wait", "wait", "receiver_turns_bad", "wallet_turns_bad", "wallet_turns_bad", *REMOVAL)
CHANCE = 600
"""Bytes of chance for one step."""


class Lifetime(RuleBasedStateMachine):
    """The rules; what they do is in Users and Operators."""

    stage: ClassVar[Stage]
    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.undo.enter_context(self.stage.chains.rollback())
        self.life = Life(self.stage, Diary(note, event))
        self.users = Users(self.life, self.count)
        self.wallet = WalletOwner(self.life, self.count)
        self.members = Members(self.life, self.count)
        self.operators = Operators(self.life, self.count)
        self.is_broken = True
        self.has_rotated = False
        self.bursts = 0
        self.last = b""

    def count(self, what: str) -> None:
        """Something has been done that the machine is for."""
        self.reached[what] += 1

    def take(self, burst: Burst, names: Sequence[str]) -> None:
        """Steps on some chains, each followed by the laws; a name that is listed twice is likelier."""
        self.is_broken = True
        self.bursts += 1
        self.last = b"".join(burst.choices)
        for dice in burst.dice(self.bursts, CHANCE):
            name, chain = dice.pick(names), dice.pick(CHAINS)
            self.do(name, chain, dice)
            for concerned in {PRIMARY, chain}:  # accepting is a step of any chain
                self.life.check(concerned)
        self.is_broken = False

    def do(self, name: str, chain: ChainId, dice: Dice) -> None:
        """One step, of a user or of whoever runs the protocol."""
        everybody = (self.users, self.wallet, self.members, self.operators)
        owner = next(one for one in everybody if hasattr(one, f"do_{name}"))
        if name != "import" or chain != PRIMARY:
            getattr(owner, f"do_{name}")(chain, dice)

    @initialize(start=bursts(1), burst=bursts(12))
    def begin(self, start: Burst, burst: Burst) -> None:
        """People arrive, get keys, and make pools."""
        dice = spread(start.choices, CHANCE)
        self.life.doors.open()
        wallet = self.stage.wallet_person
        for person in (OPERATOR, ANN, BOB, KEYLESS, wallet):
            for token in TOKENS[dice.below(2) :]:
                chain = dice.pick(tuple(DECIMALS[token]))
                amount = unit(token) * (1 + dice.below(1_000)) + dice.below(1_000)
                self.life.deposit(chain, token, amount, person.owner, dice.pick(DEPOSITORS))
        self.serve_all(dice)
        (account,) = self.life.line[-1].state.accounts_of(wallet.owner)
        self.life.set_key(WALLET_CHAIN, account, wallet, dice.pick(list(layer2_keys(wallet.name))))
        self.serve_all(dice)
        self.operators.seal_keys(dice)
        self.operators.accept(dice, self.life.line[-1].number, pay=False)
        self.take(burst, ("seal_accounts", "catch_up", "catch_up", "accept", "import"))

    def serve_all(self, dice: Dice) -> None:
        """Blocks until no request waits."""
        while any(self.life.waiting(Lane.ACCOUNT, chain) for chain in CHAINS):
            self.operators.seal_accounts(dice, requests=10, signed=0)

    @rule(burst=bursts(40))
    def all_goes_on(self, burst: Burst) -> None:
        """Users use it and blocks live, in any order."""
        self.take(burst, (*USERS, *DOORS, *WALLET, *CHAIN_WORK, *CHAIN_WORK))

    @rule(burst=bursts(24))
    def trouble(self, burst: Burst) -> None:
        """The same, with long waits and a receiver that refuses."""
        self.take(burst, (*USERS, *WALLET, *CHAIN_WORK, *TROUBLE))

    @precondition(lambda self: not self.has_rotated)
    @rule(burst=bursts(12))
    def groups_change(self, burst: Burst) -> None:
        """New members of a group take over, and life goes on."""
        self.is_broken = True
        self.has_rotated = True
        chance = spread([b"%d" % self.bursts, self.last, *burst.choices], CHANCE)
        self.members.rotate(chance, self.operators.late)
        for chain in CHAINS:
            self.life.check(chain)
        self.take(burst, (*USERS, *WALLET, *CHAIN_WORK, *REMOVAL))

    def teardown(self) -> None:
        """The operator is gone: everybody gets out, unless something is broken already; then undo it all."""
        try:
            if not self.is_broken:
                dice = spread([self.last], CHANCE)
                Rescue(self.life, dice, self.count, self.operators.late).run()
        finally:
            self.undo.close()
