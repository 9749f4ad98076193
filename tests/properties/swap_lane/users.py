"""What users do in the state machine: depositors, brokers, owners of pending balances, the governor; and tokens that
turn bad.
"""

from collections.abc import Callable
from functools import partial

from hypothesis.stateful import initialize

from tests.properties.swap_lane.door_users import DOORS, DoorUsers
from tests.properties.swap_lane.machine import guarded
from tests.strategies import Dice
from tests.support.books.chains import DECIMALS, ODD, ReceiverMode, TokenMode, unit
from tests.support.books.play import refused
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.bursts import Burst, bursts
from tests.support.evm import Reverted
from tests.support.three_chains import AS_COIN, BROKERS, DEPOSITORS, GOVERNOR, MINIMUM, MOST, RECIPIENTS, STRANGER, A
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import NO_TOKEN, ChainId, TokenId

ROUTES = [
    (token_in, source, token_out, destination)
    for token_in in DECIMALS
    for source in DECIMALS[token_in]
    for token_out in DECIMALS
    for destination in DECIMALS[token_out]
    if (token_in, source) != (token_out, destination)
]
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

    @initialize(burst=bursts(4))
    @guarded
    def begin(self, burst: Burst) -> None:
        """Nothing is interesting without a few swaps."""
        self.open_doors()
        self.take(burst, ["swap"])

    def mode(self, chain: ChainId, token: TokenId) -> TokenMode:
        """What a token does now."""
        return self.play.token_modes.get((chain, token), TokenMode.HONEST)

    def do_swap(self, chain: ChainId, dice: Dice) -> None:
        """A depositor swaps; some ask for too much or set too soon a deadline, and will be refunded."""
        routes = [route for route in ROUTES if route[1] == chain]
        if self.mode(chain, ODD) and dice.below(2):
            routes = [route for route in routes if route[0] == ODD]
        token_in, source, token_out, destination = dice.pick(routes)
        amount = dice.pick(SIZES)(token_in)
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
        sender = dice.pick(DEPOSITORS)
        swap = partial(
            self.play.swap,
            *(source, token_in, amount, destination, token_out),
            min_out=dice.pick([0, 0, 0, 2**111]),
            deadline=dice.pick([FAR_DEADLINE, FAR_DEADLINE, FAR_DEADLINE, here.evm.time + 30]),
            operator_fee=dice.pick([0, MINIMUM // 4]),
            fill_fee=dice.pick([0, 3]),
            recipient=dice.pick([*RECIPIENTS, receiver, receiver]),
            sender=sender,
            refund_to=dice.pick([sender, sender, *RECIPIENTS]),
            via=dice.pick([NO_TOKEN, NO_TOKEN, *between[:1]]),
            native_fee_gwei=price + dice.pick([0, 0, 1, 10**6]),
            dust=dice.pick([0, 0, 1 % scale, scale - 1]) if mode == TokenMode.HONEST else 0,
        )
        if mode in STUBBORN:
            refused(swap)
            self.count("swap of a token that does not deliver")
            return
        if dice.below(4) == 0:
            assert refused(swap, native_fee_gwei=price - 1) == "fee: below the price"
            self.count("swap below the price")
        request = swap(arrives=arrives)
        if request.refund_to != universal_address(sender):
            self.count("swap of a router")
        if request.via:
            self.count("swap through a token between")
        kind = "coin" if DECIMALS[token_in][source] == AS_COIN else "token"
        self.count(f"swap {kind}" if mode == TokenMode.HONEST else f"swap {mode.name}")

    def do_fill(self, chain: ChainId, dice: Dice) -> None:
        """A broker fills what some sealed block promises, whether that block will live or not."""
        payouts = self.payouts(chain)
        if not payouts:
            return
        payout, broker = dice.pick(payouts), dice.pick(BROKERS)
        key = payout.fill_key(self.chains.deployment_hash)
        if key in self.play.books.fills or key in self.play.books.settled_keys:
            self.count(refused(self.play.fill, payout, broker))
            return
        if payout.fill_fee >= payout.amount:
            assert refused(self.play.fill, payout, broker) == "fill: fee not below amount"
            return
        try:
            self.play.fill(payout, broker, repay_to=dice.pick([broker, *BROKERS]))
        except Reverted:
            is_hostile = payout.recipient == universal_address(self.play[chain].receiver.address)
            assert is_hostile or self.mode(chain, payout.token), "a good fill was refused"
            self.count("fill refused")
            return
        self.count("fill")

    def do_fill_something_else(self, chain: ChainId, dice: Dice) -> None:
        """A fill with one bit changed never counts for the real payout."""
        payouts = self.payouts(chain)
        if not payouts:
            return
        payout = dice.pick(payouts)
        words = list(payout.words())
        words[dice.below(3)] ^= 1 << dice.below(256)
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

    def do_donate(self, chain: ChainId, dice: Dice) -> None:
        """A stranger gives a bridge tokens, or coin by force."""
        self.play.donate(chain, dice.pick(sorted(self.play[chain].sites)), 1 + dice.below(10**20))
        self.count("donate")

    def do_token_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The ODD token changes what it does."""
        mode = dice.pick([TokenMode.HONEST, *TokenMode, TokenMode.REENTER, TokenMode.REENTER, TokenMode.FEE])
        self.play.set_token_mode(chain, ODD, mode, self.reentry(chain, dice))
        self.count("token turns bad")

    def do_receiver_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The receiving contract changes what it does with coin."""
        self.play.set_receiver_mode(
            chain, dice.pick([ReceiverMode.HONEST, *ReceiverMode, *ReceiverMode]), self.reentry(chain, dice)
        )
        self.count("receiver turns bad")

    def reentry(self, chain: ChainId, dice: Dice) -> bytes:
        """Calldata of a call back into the bridge."""
        here = self.play[chain]
        token = dice.pick(sorted(here.sites))
        owing, payouts = self.play.owing(chain), self.payouts(chain)
        words = [word for payout in self.play.owed[chain][owing[0].number] for word in payout.words()] if owing else []
        return dice.pick(
            [
                here.bridge.encode("withdraw_pending_balance", token, STRANGER, MOST),
                here.bridge.encode("swap", self.play.order(here.sites[token], MINIMUM, A, token, RECIPIENTS[0])),
                here.bridge.encode("pay", words[:3]),
                here.bridge.encode("fill", list(payouts[-1].words()) if payouts else [0, 0, 0], STRANGER),
            ]
        )

    def do_pause(self, chain: ChainId, dice: Dice) -> None:
        """The governor pauses a token, a swap is refused, and the pause ends."""
        here = self.play[chain]
        token = dice.pick(sorted(here.sites))
        here.registry.pause_token(token, sender=GOVERNOR)
        others = [c for c in DECIMALS[token] if c != chain]
        assert refused(self.play.swap, chain, token, unit(token), others[0], token) == "bridge: token paused"
        assert refused(here.registry.unpause_token, token, sender=STRANGER) == "registry: not the governor"
        here.registry.unpause_token(token, sender=GOVERNOR)
        self.count("pause")

    def do_wait(self, chain: ChainId, dice: Dice) -> None:
        """Time passes; the chains' clocks never agree exactly."""
        self.play.advance(1 + dice.below(400))
        self.play[chain].evm.time += dice.below(30)
        if dice.below(4) == 0:
            self.play.advance(3_700)
        self.count("wait")
