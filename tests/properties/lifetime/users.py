"""Whoever uses the deployment in the lifetime machine: depositors, owners, brokers, and a receiver that turns bad.

Takes a life and chance; makes one action of one user.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.properties.lifetime.actors import ANN, KEYLESS, PRESET, acting_chains, layer2_keys
from tests.properties.lifetime.doors import HIGH, KINDS, LOW
from tests.properties.lifetime.life import Life
from tests.support.books.chains import DECIMALS, ODD, TOKENS, ReceiverMode, unit
from tests.support.books.play import refused
from tests.support.evm import Reverted
from tests.support.three_chains import BROKERS, CHAINS, DEPOSITORS, MINIMUM, RECIPIENTS, USD
from zklink.lab.machines import Dice, step
from zklink.protocol.ids import OPERATOR_ACCOUNT, AccountId, ChainId, Kind

TIPS = (0, 0, 0, 7)
"""What a request pays above its price, gwei."""


@dataclass
class Users:
    """What they do."""

    life: Life
    count: Callable[[str], None]

    @step()
    def deposit(self, chain: ChainId, dice: Dice) -> None:
        """Anybody deposits for anybody."""
        token = dice.pick("token", [t for t in TOKENS if chain in DECIMALS[t]])
        owner = dice.pick("owner", list(self.life.stage.people))
        amount = dice.pick("amount", (MINIMUM, unit(token) + 1, 50 * unit(token) + dice.number("amount", 0, 999)))
        self.life.deposit(chain, token, amount, owner, dice.pick("depositor", DEPOSITORS), dice.pick("tip", TIPS))
        self.count("deposit")

    @step()
    def swap(self, chain: ChainId, dice: Dice) -> None:
        """Mostly into what there is; some ask for too much and will be refunded."""
        token_in = dice.pick("token in", [t for t in TOKENS if chain in DECIMALS[t]])
        routes = [(k, t) for t in TOKENS for k in DECIMALS[t] if (k, t) != (chain, token_in)]
        state = self.life.line[-1].state
        liquid = [(k, t) for k, t in routes if t == token_in or state.pool(token_in, t).lp_supply]
        destination, token_out = dice.pick("into", liquid if liquid and not dice.chance("into a pool", 4) else routes)
        receiver = self.life[destination].receiver.address
        self.life.swap(
            chain,
            token_in,
            dice.pick("amount", (MINIMUM, unit(token_in) // 1000 + 1, unit(token_in), 20 * unit(token_in))),
            (destination, token_out),
            min_out=dice.pick("min out", (0, 0, 0, 0, 0, 2**111)),
            operator_fee=dice.pick("operator fee", (0, MINIMUM // 4)),
            fill_fee=dice.pick("fill fee", (0, 3)),
            recipient=dice.pick("recipient", (*RECIPIENTS, receiver)),
            sender=dice.pick("sender", DEPOSITORS),
            tip=dice.pick("tip", TIPS),
        )
        self.count("swap")

    @step()
    def full_exit(self, chain: ChainId, dice: Dice) -> None:
        """An owner, or somebody who is not."""
        here = [t for t in TOKENS if chain in DECIMALS[t]]
        accounts = list(self.life.line[-1].state.accounts())
        rich = [(a, view, t) for a, view in accounts for t in view.balances if t in here or t >= PRESET.lp_base]
        shares = [one for one in rich if one[2] >= PRESET.lp_base]
        chosen = shares if shares and dice.chance("chosen", 4) else rich
        account, view, token = dice.pick("holding", chosen or [(*accounts[0], here[0])])
        owner = self.life.stage.people[view.owner if dice.chance("owner", 2) else ANN.owner]
        if chain not in acting_chains(owner):
            return
        others = [k for k in CHAINS if k != chain and dice.chance("others", 2)] if owner.key is not None else []
        self.life.full_exit(chain, AccountId(account), token, owner, others, dice.pick("tip", TIPS))
        self.count("full exit" if owner.owner == view.owner else "full exit of another's account")

    @step()
    def set_key(self, chain: ChainId, dice: Dice) -> None:
        """An owner, or somebody who is not, asks for a key by a transaction."""
        account, view = dice.pick("account", list(self.life.line[-1].state.accounts()))
        owner = self.life.stage.people[view.owner if not dice.chance("owner", 3) else ANN.owner]
        keys = list(layer2_keys(owner.name))
        if chain in acting_chains(owner) and owner.owner != KEYLESS.owner:
            self.life.set_key(chain, AccountId(account), owner, dice.pick("key", keys), dice.pick("tip", TIPS))
            self.count("key request" if owner.owner == view.owner else "key request for another's account")

    @step()
    def fill(self, chain: ChainId, dice: Dice) -> None:
        """A broker pays ahead what some block of the line promises here."""
        done = self.life.executed.values()
        promised = [p for step in self.life.line for p in step.payouts if p.chain == chain and p not in done]
        fast = [p for p in promised if p.kind in (Kind.SWAP_PAID, Kind.WITHDRAW_PAYOUT) and p.fill_fee < p.amount]
        waiting = [p for p in fast if p.fill_key(self.life.chains.deployment_hash) not in self.life.filled]
        if not waiting:
            return
        swaps = [p for p in waiting if p.kind == Kind.SWAP_PAID]
        payout = dice.pick("payout", swaps or waiting)
        try:
            self.life.fill(payout, dice.pick("broker", BROKERS))
        except Reverted:
            assert payout.recipient[12:].hex() == self.life[chain].receiver.address[2:].lower()
            return
        self.count(f"fill of {payout.kind.name}")

    @step()
    def pay_too_little(self, chain: ChainId, dice: Dice) -> None:
        """A request that brings one gwei less than its price is refused, whatever it is."""
        life, token = self.life, dice.pick("token", [t for t in TOKENS if chain in DECIMALS[t]])
        terms = {"recipient": RECIPIENTS[0], "sender": DEPOSITORS[0], "tip": -1}
        token_out = USD if token != USD else ODD
        tries = (
            lambda: life.deposit(chain, token, unit(token), ANN.owner, DEPOSITORS[0], -1),
            lambda: life.swap(chain, token, unit(token), (chain, token_out), **terms),
            lambda: life.full_exit(chain, OPERATOR_ACCOUNT, USD, ANN, tip=-1),
            lambda: life.set_key(chain, OPERATOR_ACCOUNT, ANN, 0, -1),
        )
        assert refused(dice.pick("request", tries)) == "fee: below the price"
        self.count("paid too little")

    @step()
    def set_price(self, chain: ChainId, dice: Dice) -> None:
        """The setter lets a price rise or fall within its bounds."""
        kind = dice.pick("kind", KINDS)
        now = self.life.doors.price(chain, kind)
        gwei = dice.pick("gwei", (LOW, now + now // 2, 2 * now, min(now + 1, HIGH)))
        try:
            self.life.doors.set_price(chain, kind, gwei)
        except Reverted as error:
            assert error.reason == ("prices: out of bounds" if gwei > HIGH else "prices: more than doubled")
            return
        self.count("price rises" if gwei > now else "price falls")

    @step()
    def collect(self, chain: ChainId, dice: Dice) -> None:
        """Anybody sends the earned fees to their recipient."""
        if self.life.doors.collect(chain, self.life.line[self.life.height(chain)].consumed):
            self.count("fees collected")

    @step()
    def receiver_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The receiving contract changes what it does when it gets coin."""
        self.life[chain].receiver.set_mode(
            dice.pick("mode", (ReceiverMode.REFUSE, ReceiverMode.BURN, ReceiverMode.HONEST))
        )

    @step()
    def wait(self, chain: ChainId, dice: Dice) -> None:
        """Time passes, sometimes so much that a block comes too late."""
        self.life.advance(dice.number("seconds", 1, 400) + dice.pick("much longer", (0, 3_700)))
        self.count("wait")
