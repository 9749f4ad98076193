"""Every operation, every way to stop and every way out, at random, as one state machine over three chains.

Takes a stage; lives on it in bursts of steps, each step followed by the laws of its chain. Every life ends the same
way: the operator is gone, and everybody gets out (rescue.py).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from tests.properties.lifetime.actors import ANN, BOB, KEYLESS, OPERATOR, WALLET_CHAIN, Stage, layer2_keys
from tests.properties.lifetime.life import Life
from tests.properties.lifetime.members import Members
from tests.properties.lifetime.operators import Operators
from tests.properties.lifetime.rescue import Rescue
from tests.properties.lifetime.users import Users
from tests.properties.lifetime.wallet import WalletOwner
from tests.support.books.chains import DECIMALS, TOKENS, unit
from tests.support.books.diary import Diary, say_drawn
from tests.support.three_chains import CHAINS, DEPOSITORS, PRIMARY
from zklink.lab.machines import Dice, StagedMachine, invariant, step
from zklink.protocol.ids import ChainId, Lane

USERS = ("deposit", "swap", "swap", "full_exit", "full_exit", "full_exit", "set_key", "fill", "fill", "fill", "fill")
WALLET = ("wallet_deposits", "wallet_asks", "wallet_asks", "namesake")
DOORS = ("set_price", "set_price", "collect", "pay_too_little")
BLOCKS = ("seal_account_block", "seal_account_block", "seal_swaps", "seal_swaps", "accept_next", "accept_next")
IMPORTS = ("catch_up", "catch_up", "import_next", "import_next", "import_next")
CHAIN_WORK = (*BLOCKS, *IMPORTS, "execute", "execute", "execute")
REMOVAL = ("remove_member", "remove_member")
TROUBLE = ("wait", "wait", "wait", "receiver_turns_bad", "wallet_turns_bad", "wallet_turns_bad", *REMOVAL)
AT_FIRST = ("seal_account_block", "catch_up", "catch_up", "accept_next", "import_next")
GOALS = frozenset({
    "DepositRequest", "FullExitRequest", "KeyRequest",
    "Transfer", "Withdraw", "ForcedExit", "ChangePubKey", "ClaimFees",
    "CreatePool", "AddLiquidity", "RemoveLiquidity", "PoolSwap", "OrderMatch", "SwapRequest",
    "transfer to a new owner", "order filled further", "full exit of another's account",
    "full exit in part", "full exit of shares",
    "key request", "key request for another's account",
    "swap paid", "swap refunded",
    "fill of SWAP_PAID", "fill of WITHDRAW_PAYOUT", "broker repaid for SWAP_PAID", "broker repaid for WITHDRAW_PAYOUT",
    "paid too little", "price rises", "price falls", "fees collected", "fees collected at the end",
    "wallet deposits for itself", "wallet asks for a key", "wallet asks for a full exit", "namesake asks elsewhere",
    "wallet cancels", "wallet pulls what it is owed", "wallet pulls a fee that it is owed",
    "new VALIDATORS", "new WATCHERS", "one of the VALIDATORS removed", "one of the WATCHERS removed",
    "second removal refused",
    "old word of VALIDATORS refused by accept", "old word of VALIDATORS refused by import",
    "old word of VALIDATORS refused by END", "old word of WATCHERS refused by accept",
    "old word of WATCHERS refused by import", "old word of WATCHERS refused by END",
    "consent forged", "wait", "accept", "accept several", "accept too old", "import", "execute",
    "frozen by a request of lane 1", "frozen by a request of lane 2",
    "ended by request", "ended by member", "ended by silence",
    "END of validators and watchers", "END of watchers", "END of validators", "END that falls",
    "imported while END waits", "imported by END",
    "cancelled SwapRequest", "cancelled DepositRequest", "cancelled FullExitRequest", "cancelled KeyRequest",
    "signed exit", "unsigned exit", "signed exit of a wallet", "unsigned exit of a wallet", "exit of shares", "finish",
})  # fmt: skip
"""What some life must have done, or the machine proves less than it says."""


def mood(*names: Iterable[str]) -> Mapping[str, int]:
    """How often each step is chosen: as often as it stands there."""
    return Counter(name for some in names for name in some)


class Lifetime(StagedMachine):
    """The moods, the beginning and the end of a life; what is done in it is in the roles."""

    stage: Stage
    examples = 34
    most_steps = 96
    mood_steps = 24
    roles = (Users, WalletOwner, Members, Operators)
    goals = GOALS
    has_own_words = True
    moods: ClassVar = {
        "all goes on": mood(USERS, DOORS, WALLET, CHAIN_WORK, CHAIN_WORK),
        "trouble": mood(USERS, WALLET, CHAIN_WORK, TROUBLE),
        "groups change": mood(USERS, WALLET, CHAIN_WORK, REMOVAL, ["rotate"] * 2),
    }

    def isolated(self) -> AbstractContextManager[None]:
        return self.stage.chains.rollback()

    def make_role(self, kind: type) -> Any:
        return kind(self.life, self.count)

    def take_step(self, method: Callable[..., Any]) -> Any:
        """On some chain."""
        self.at = self.pick("chain", CHAINS)
        return method(self.at, self)

    def in_words(self, name: str, value: Any) -> str:
        return say_drawn(name, value)

    def count(self, what: str) -> None:
        """Something has been done that the machine is for."""
        self.reach(what)

    @invariant()
    def laws_hold(self) -> None:
        """Of a chain on which something has been done, and of the primary: accepting is a step of any chain."""
        for chain in {PRIMARY, self.at}:
            self.life.check(chain)

    def set_up(self) -> None:
        """People arrive, get keys, and make pools."""
        self.life = Life(self.stage, Diary(self.note))
        self.has_rotated, self.at = False, PRIMARY
        operators, wallet = self.role(Operators), self.stage.wallet_person
        self.life.doors.open()
        for person in (OPERATOR, ANN, BOB, KEYLESS, wallet):
            for token in TOKENS[self.number("without the first", 0, 1) :]:
                chain = self.pick("chain", tuple(DECIMALS[token]))
                amount = unit(token) * self.number("whole", 1, 1_000) + self.number("units", 0, 999)
                self.life.deposit(chain, token, amount, person.owner, self.pick("depositor", DEPOSITORS))
        self.serve_all()
        (account,) = self.life.line[-1].state.accounts_of(wallet.owner)
        self.life.set_key(WALLET_CHAIN, account, wallet, self.pick("key", list(layer2_keys(wallet.name))))
        self.serve_all()
        operators.seal_keys(self)
        operators.accept(self, self.life.line[-1].number, pay=False)
        for _ in range(self.pick("blocks at first", (0, 4, 8, 12, 12, 12))):
            name = self.pick("work", AT_FIRST)
            self.take_step(getattr(operators, name))
            self.laws_hold()

    def serve_all(self) -> None:
        """Blocks until no request waits."""
        while any(self.life.waiting(Lane.ACCOUNT, chain) for chain in CHAINS):
            self.role(Operators).seal_accounts(self, requests=10, signed=0)

    @step(when=lambda self: not self.has_rotated)
    def rotate(self, chain: ChainId, dice: Dice) -> None:
        """New members of a group take over, and life goes on."""
        self.has_rotated = True
        self.role(Members).rotate(self, self.role(Operators).late)
        for each in CHAINS:
            self.life.check(each)

    def finish(self) -> None:
        """The operator is gone: everybody gets out."""
        Rescue(self.life, self, self.count, self.role(Operators).late).run()
