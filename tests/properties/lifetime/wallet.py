"""The owner of the lifetime machine that is a contract: what it does on its own chain, and what whoever has its address
on another chain cannot do.

Takes a life and chance; makes one action.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from tests.properties.lifetime.actors import WALLET_CHAIN, Person, layer2_keys, make_person
from tests.properties.lifetime.life import Life
from tests.support.books.chains import DECIMALS, TOKENS, unit
from tests.support.books.play import refused
from tests.support.three_chains import CHAINS, DEPOSITORS, MINIMUM, RECIPIENTS
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.machines import Dice, step
from zklink.protocol.ids import NO_TOKEN, AccountId, ChainId

ELSEWHERE = tuple(chain for chain in CHAINS if chain != WALLET_CHAIN)


class WalletMode(IntEnum):
    """What the wallet does when it gets coin; the numbers of its contract."""

    HONEST = 0
    REFUSE = 1
    BURN = 2
    BOMB = 3


@dataclass
class WalletOwner:
    """What it does."""

    life: Life
    count: Callable[[str], None]

    @property
    def person(self) -> Person:
        """The owner that is bound to the wallet's chain."""
        return self.life.stage.wallet_person

    def account(self) -> AccountId | None:
        """Its account in the last block of the line."""
        accounts = self.life.line[-1].state.accounts_of(self.person.owner)
        return accounts[0] if accounts else None

    @step()
    def wallet_deposits(self, chain: ChainId, dice: Dice) -> None:
        """For itself, as the owner that is bound to its chain. The unbound one is refused there, whoever brings it."""
        token = dice.pick("token", [t for t in TOKENS if WALLET_CHAIN in DECIMALS[t]])
        amount = dice.pick("amount", (MINIMUM, unit(token) + dice.number("amount", 0, 999)))
        unbound, who = universal_address(self.person.address), dice.pick("who", (DEPOSITORS[0], self.person.address))
        assert refused(self.life.deposit, WALLET_CHAIN, token, amount, unbound, who) == "deposit: bind this owner"
        self.life.deposit(WALLET_CHAIN, token, amount, self.person.owner, self.person.address, dice.pick("tip", (0, 7)))
        self.count("wallet deposits for itself")

    @step()
    def wallet_asks(self, chain: ChainId, dice: Dice) -> None:
        """For a key of its account, or for a full exit on its chain."""
        account = self.account()
        if account is None:
            return
        if dice.chance("asks for a key", 2):
            self.life.set_key(WALLET_CHAIN, account, self.person, dice.pick("key", list(layer2_keys(self.person.name))))
            self.count("wallet asks for a key")
            return
        token = dice.pick("token", [t for t in TOKENS if WALLET_CHAIN in DECIMALS[t]])
        self.life.full_exit(WALLET_CHAIN, account, token, self.person)
        self.count("wallet asks for a full exit")

    @step()
    def namesake(self, chain: ChainId, dice: Dice) -> None:
        """Whoever has the wallet's address on another chain asks for what is the wallet's: it is another owner."""
        account, there = self.account(), dice.pick("there", ELSEWHERE)
        if account is None:
            return
        namesake = Person("namesake of the wallet", self.person.address, make_person("namesake").key)
        if dice.chance("asks for a key", 2):
            self.life.set_key(there, account, namesake, dice.pick("key", list(layer2_keys(namesake.name))))
        else:
            token = dice.pick("token", [t for t in TOKENS if there in DECIMALS[t]])
            self.life.full_exit(there, account, token, namesake)
        self.count("namesake asks elsewhere")

    @step()
    def wallet_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """It refuses coin in one way or another, or takes it again."""
        self.set_mode(dice.pick("mode", (WalletMode.REFUSE, WalletMode.BURN, WalletMode.BOMB, WalletMode.HONEST)))

    def set_mode(self, mode: WalletMode) -> None:
        """What it does when it gets coin."""
        self.life.stage.wallet.set_mode(mode)

    def pull(self, dice: Dice) -> None:
        """It gets all that it is owed, by calls of its own."""
        life, here = self.life, self.life[WALLET_CHAIN]
        self.set_mode(WalletMode.HONEST)
        me = self.person.address
        for token in (NO_TOKEN, *here.sites):
            owed = int(here.bridge.pending_balance(me, token))
            if not owed:
                continue
            receiver = dice.pick("receiver", (me, RECIPIENTS[0]))
            before = here.balance(token, receiver) if token else here.evm.balance(receiver)
            life.send(WALLET_CHAIN, me, here.bridge, "withdraw_pending_balance", token, receiver, owed)
            after = here.balance(token, receiver) if token else here.evm.balance(receiver)
            life.diary.check("what the wallet pulls", after - before, owed)
            assert here.bridge.pending_balance(me, token) == 0
            self.count("wallet pulls a fee that it is owed" if token == NO_TOKEN else "wallet pulls what it is owed")
