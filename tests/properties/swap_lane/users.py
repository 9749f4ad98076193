"""What users do in the state machine: depositors, brokers, owners of pending balances, the governor; and tokens that
turn bad.
"""

from collections.abc import Callable
from functools import partial

from tests.properties.swap_lane.door_users import DOORS, DoorUsers
from tests.support.books.chains import DECIMALS, ODD, ReceiverMode, TokenMode, unit
from tests.support.books.play import refused
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.evm import Reverted
from tests.support.three_chains import AS_COIN, BROKERS, DEPOSITORS, GOVERNOR, MINIMUM, MOST, RECIPIENTS, STRANGER, A
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.machines import Dice, step
from zklink.protocol.ids import NO_TOKEN, ChainId, TokenId

Route = tuple[TokenId, ChainId, TokenId, ChainId]
ROUTES: list[Route] = [
    (token_in, source, token_out, destination)
    for token_in in DECIMALS
    for source in DECIMALS[token_in]
    for token_out in DECIMALS
    for destination in DECIMALS[token_out]
    if (token_in, source) != (token_out, destination)
]
INTO_COIN = [route for route in ROUTES if DECIMALS[route[2]][route[3]] == AS_COIN]
SIZES: list[Callable[[TokenId], int]] = [
    lambda token: MINIMUM,
    lambda token: unit(token) // 1000 + 1,
    unit,
    lambda token: 40 * unit(token),
    lambda token: 3000 * unit(token),
]
TRADES = ["swap", "swap", "swap", "fill", "fill", "withdraw", "fill_something_else"]
CHANGES = [*DOORS, "donate", "token_turns_bad", "token_turns_bad", "receiver_turns_bad", "pause", "wait", "wait"]
STUBBORN = (TokenMode.NO, TokenMode.REVERT, TokenMode.LIE, TokenMode.BURN)


class Users(DoorUsers):
    """Everybody outside the protocol."""

    def set_up(self) -> None:
        """Nothing is interesting without a few swaps."""
        super().set_up()
        self.open_doors()
        for _ in range(self.pick("swaps at first", (0, 1, 2, 3, 4, 4, 4, 4))):
            self.take_step(self.swap)
            self.promises_hold()

    def mode(self, chain: ChainId, token: TokenId) -> TokenMode:
        """What a token does now."""
        return self.play.token_modes.get((chain, token), TokenMode.HONEST)

    @step()
    def swap(self, chain: ChainId, dice: Dice) -> None:
        """A depositor swaps; some ask for too much or set too soon a deadline, and will be refunded."""
        self.order([route for route in ROUTES if route[1] == chain], chain, dice)

    @step()
    def swap_into_coin(self, chain: ChainId, dice: Dice) -> None:
        """The same, into coin for a contract that may refuse it."""
        self.order([route for route in INTO_COIN if route[1] == chain], chain, dice, is_for_contract=True)

    def order(self, routes: list[Route], chain: ChainId, dice: Dice, *, is_for_contract: bool = False) -> None:
        """A swap on one of the routes, if the bridge takes it."""
        if self.mode(chain, ODD) and dice.chance("by the odd token", 2):
            routes = [route for route in routes if route[0] == ODD] or routes
        token_in, source, token_out, destination = dice.pick("route", routes)
        amount = dice.pick("amount", [size(token_in) for size in SIZES])
        here = self.play[source]
        mode, arrives = self.mode(source, token_in), amount
        if mode == TokenMode.FEE:
            l1_amount = amount * here.sites[token_in].scale
            arrives, rest = divmod(l1_amount - l1_amount // 100, here.sites[token_in].scale)
            if rest or arrives < MINIMUM:
                mode = TokenMode.NO
        receiver = self.play[destination].receiver.address
        price = int(here.bridge.quotes()[destination])
        scale = here.sites[token_in].scale
        between = [token for token in DECIMALS if token not in (token_in, token_out)] if token_in != token_out else []
        sender = dice.pick("sender", DEPOSITORS)
        swap = partial(
            self.play.swap,
            *(source, token_in, amount, destination, token_out),
            min_out=dice.pick("min out", [0, 0, 0, 2**111]),
            deadline=dice.pick("deadline", [FAR_DEADLINE, FAR_DEADLINE, FAR_DEADLINE, here.evm.time + 30]),
            operator_fee=dice.pick("operator fee", [0, MINIMUM // 4]),
            fill_fee=dice.pick("fill fee", [0, 3]),
            recipient=dice.pick("recipient", [*(() if is_for_contract else RECIPIENTS), receiver, receiver]),
            sender=sender,
            refund_to=dice.pick("refund to", [sender, sender, *RECIPIENTS]),
            via=dice.pick("via", [NO_TOKEN, NO_TOKEN, *between[:1]]),
            native_fee_gwei=price + dice.pick("native fee gwei", [0, 0, 1, 10**6]),
            dust=dice.pick("dust", [0, 0, 1 % scale, scale - 1]) if mode == TokenMode.HONEST else 0,
        )
        if mode in STUBBORN:
            refused(swap)
            self.count("swap of a token that does not deliver")
            return
        if dice.chance("tries a lower price", 4):
            assert refused(swap, native_fee_gwei=price - 1) == "fee: below the price"
            self.count("swap below the price")
        request = swap(arrives=arrives)
        if request.refund_to != universal_address(sender):
            self.count("swap of a router")
        if request.via:
            self.count("swap through a token between")
        kind = "coin" if DECIMALS[token_in][source] == AS_COIN else "token"
        self.count(f"swap {kind}" if mode == TokenMode.HONEST else f"swap {mode.name}")

    @step()
    def fill(self, chain: ChainId, dice: Dice) -> None:
        """A broker fills what some sealed block promises, whether that block will live or not."""
        payouts = self.payouts(chain)
        if not payouts:
            return
        payout, broker = dice.pick("payout", payouts), dice.pick("broker", BROKERS)
        key = payout.fill_key(self.chains.deployment_hash)
        if key in self.play.books.fills or key in self.play.books.settled_keys:
            self.count(refused(self.play.fill, payout, broker))
            return
        if payout.fill_fee >= payout.amount:
            assert refused(self.play.fill, payout, broker) == "fill: fee not below amount"
            return
        try:
            self.play.fill(payout, broker, repay_to=dice.pick("repay to", [broker, *BROKERS]))
        except Reverted:
            is_hostile = payout.recipient == universal_address(self.play[chain].receiver.address)
            assert is_hostile or self.mode(chain, payout.token), "a good fill was refused"
            self.count("fill refused")
            return
        self.count("fill")

    @step()
    def fill_something_else(self, chain: ChainId, dice: Dice) -> None:
        """A fill with one bit changed never counts for the real payout."""
        payouts = self.payouts(chain)
        if not payouts:
            return
        payout = dice.pick("payout", payouts)
        words = list(payout.words())
        words[dice.number("word", 0, 2)] ^= 1 << dice.number("bit", 0, 255)
        bridge = self.play[chain].bridge
        key = payout.fill_key(self.chains.deployment_hash)
        before = bridge.filler(key)
        with self.chains.rollback():
            try:
                bridge.fill(words, BROKERS[0], sender=BROKERS[0])
                self.count("fill of another payout")
            except Reverted:
                self.count("fill of nonsense")
            assert bridge.filler(key) == before

    @step()
    def donate(self, chain: ChainId, dice: Dice) -> None:
        """A stranger gives a bridge tokens, or coin by force."""
        self.play.donate(chain, dice.pick("token", sorted(self.play[chain].sites)), dice.number("amount", 1, 10**20))
        self.count("donate")

    @step()
    def token_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The ODD token changes what it does."""
        mode = dice.pick("mode", [TokenMode.HONEST, *TokenMode, TokenMode.REENTER, TokenMode.REENTER, TokenMode.FEE])
        self.play.set_token_mode(chain, ODD, mode, self.reentry(chain, dice))
        self.count("token turns bad")

    @step()
    def receiver_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The receiving contract changes what it does with coin."""
        mode = dice.pick("mode", [ReceiverMode.HONEST, *ReceiverMode, *ReceiverMode])
        self.play.set_receiver_mode(chain, mode, self.reentry(chain, dice))
        self.count("receiver turns bad")

    def reentry(self, chain: ChainId, dice: Dice) -> bytes:
        """Calldata of a call back into the bridge."""
        here = self.play[chain]
        token = dice.pick("token", sorted(here.sites))
        owing, payouts = self.play.owing(chain), self.payouts(chain)
        words = [word for payout in self.play.owed[chain][owing[0].number] for word in payout.words()] if owing else []
        return dice.pick(
            "call",
            [
                here.bridge.encode("withdraw_pending_balance", token, STRANGER, MOST),
                here.bridge.encode("swap", self.play.order(here.sites[token], MINIMUM, A, token, RECIPIENTS[0])),
                here.bridge.encode("pay", words[:3]),
                here.bridge.encode("fill", list(payouts[-1].words()) if payouts else [0, 0, 0], STRANGER),
            ],
        )

    @step()
    def pause(self, chain: ChainId, dice: Dice) -> None:
        """The governor pauses a token, a swap is refused, and the pause ends."""
        here = self.play[chain]
        token = dice.pick("token", sorted(here.sites))
        here.registry.pause_token(token, sender=GOVERNOR)
        others = [c for c in DECIMALS[token] if c != chain]
        assert refused(self.play.swap, chain, token, unit(token), others[0], token) == "bridge: token paused"
        assert refused(here.registry.unpause_token, token, sender=STRANGER) == "registry: not the governor"
        here.registry.unpause_token(token, sender=GOVERNOR)
        self.count("pause")

    @step()
    def wait(self, chain: ChainId, dice: Dice) -> None:
        """Time passes; the chains' clocks never agree exactly."""
        self.play.advance(dice.number("seconds", 1, 400))
        self.play[chain].evm.time += dice.number("seconds of one chain", 0, 29)
        if dice.chance("an hour", 4):
            self.play.advance(3_700)
        self.count("wait")
