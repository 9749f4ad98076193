"""What goes on at the doors of the state machine: a setter who asks for as much as it can, who collects fees, owners of
pending balances who pull in pieces, and strangers who push.
"""

from tests.properties.swap_lane.machine import SwapLane
from tests.support.books.chains import ReceiverMode
from tests.support.books.play import refused
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, MOST, RECIPIENTS, SETTER, STRANGER
from zklink.lab.machines import Dice, step
from zklink.protocol.ids import WRAP_DELAY_SECONDS, ChainId, TokenId

LOW, HIGH = 100, 3_000
"""Bounds of what a swap costs, gwei."""
DOORS = ["push", "collect", "setter_is_hostile", "setter_is_hostile"]


class DoorUsers(SwapLane):
    """Who meets the doors without swapping."""

    def open_doors(self) -> None:
        """A swap costs something everywhere."""
        for chain in CHAINS:
            self.play.open_doors(chain, LOW, HIGH)

    @step()
    def setter_is_hostile(self, chain: ChainId, dice: Dice) -> None:
        """The setter asks for any price; nobody else sets one."""
        registry, destination = self.play[chain].registry, dice.pick("destination", CHAINS)
        now = int(registry.price(destination))
        assert refused(registry.set_prices, [(destination, now)], sender=STRANGER) == "prices: not the setter"
        any_price = dice.number("any price", 0, 2 * HIGH)
        gwei = dice.pick("gwei", [LOW, HIGH, 2 * now, 2 * now + 1, now + 1, LOW - 1, HIGH + 1, any_price])
        try:
            self.play.set_price(chain, destination, gwei)
        except Reverted as error:
            is_inside = LOW <= gwei <= HIGH
            assert error.reason == ("prices: more than doubled" if is_inside else "prices: out of bounds"), error.reason
            assert not is_inside or gwei > now, "a fall was refused"
            self.count(error.reason)
            return
        self.count("price falls" if gwei <= now else "price rises")

    @step()
    def collect(self, chain: ChainId, dice: Dice) -> None:
        """Anybody sends the earned fees to their recipient; what is open stays."""
        has_earned = self.play.books.fees.earned[chain] > 0
        self.play.collect(chain)
        self.count("collect" if has_earned else "collect nothing")

    def owed(self, chain: ChainId) -> list[tuple[TokenId, str]]:
        """Pending balances on a chain: token and owner."""
        owed = self.play.books.pending_l1.items()
        return [(token, owner) for ((place, token), owner), amount in owed if place == chain and amount]

    def go_where_owed(self, chain: ChainId) -> ChainId:
        """The chain, or another one if nothing is owed on it."""
        self.at = next((place for place in (chain, *CHAINS) if self.owed(place)), chain)
        return self.at

    def may_refuse(self, chain: ChainId, token: TokenId, owner: str) -> bool:
        """Whether a payment may fail for a reason that is not the bridge's."""
        is_hostile = owner == self.play[chain].receiver.address.lower()
        return is_hostile or bool(self.play.token_modes.get((chain, token)))

    @step()
    def withdraw(self, chain: ChainId, dice: Dice) -> None:
        """An owner pulls what could not be pushed, all or some; nobody else can pull anything."""
        chain = self.go_where_owed(chain)
        refused(self.play.withdraw, chain, dice.pick("token of nobody", sorted(self.play[chain].sites)), STRANGER)
        owed = self.owed(chain)
        if not owed:
            return
        token, owner = dice.pick("owed", owed)
        booked = self.play.books.pending_l1[(chain, token), owner]
        most = dice.pick("most", [MOST, booked, dice.number("most", 1, booked)])
        try:
            paid = self.play.withdraw(chain, token, owner, dice.pick("paid", [owner, RECIPIENTS[0]]), most)
        except Reverted:
            assert self.may_refuse(chain, token, owner), "a good withdrawal was refused"
            return
        assert paid == min(most, booked), "another amount was paid than was asked for"
        self.count("withdraw" if paid == booked else "withdraw some")

    @step()
    def push(self, chain: ChainId, dice: Dice) -> None:
        """A stranger pushes to an owner what it is owed: the owner gets it or keeps its claim. Coin that was refused
        reaches it as wrapped coin a week later.
        """
        owed = self.owed(chain)
        chain = self.go_where_owed(chain)
        nobody = dice.pick("nobody", sorted(self.play[chain].sites))
        assert refused(self.play.push, chain, nobody, SETTER) == "custody: nothing pending"
        if not owed:
            return
        token, owner = dice.pick("owed", owed)
        try:
            how = self.play.push(chain, token, owner)
        except Reverted:
            assert self.may_refuse(chain, token, owner), "a good push was refused"
            self.count("push refused")
            return
        self.count(f"push {how}")
        if how == "noted":
            self.check_wrapped_later(chain, token, owner)

    def check_wrapped_later(self, chain: ChainId, token: TokenId, owner: str) -> None:
        """What was refused is wrapped a week later, and not before. In a world that is undone: so long a silence would
        end the chains.
        """
        here, booked = self.play[chain], self.play.books.pending_l1[(chain, token), owner]
        with self.chains.rollback():
            self.play.set_receiver_mode(chain, ReceiverMode.REFUSE)
            here.evm.time += WRAP_DELAY_SECONDS - 1
            assert refused(here.bridge.push_pending_balance, owner, token, sender=STRANGER) == "push: too early to wrap"
            here.evm.time += 1
            here.bridge.push_pending_balance(owner, token, sender=STRANGER)
            assert here.wrapped.balanceOf(owner) == booked
            assert here.bridge.pending_balance(owner, token) == 0
        self.count("push wrapped")
