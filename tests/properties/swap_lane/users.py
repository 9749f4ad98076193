"""What users do in the state machine: depositors, brokers, owners of pending balances, the governor; and tokens that
turn bad.
"""

from collections.abc import Callable
from functools import partial

from hypothesis.stateful import initialize

from tests.properties.swap_lane.machine import ThreeChains, guarded, seeds
from tests.strategies import Dice
from tests.support.evm import Reverted
from tests.support.ledger import universal_address
from tests.support.scene import FAR_DEADLINE
from tests.support.story import refused
from tests.support.world import (
    BROKERS,
    COIN,
    DECIMALS,
    DEPOSITORS,
    GOVERNOR,
    MINIMUM,
    ODD,
    RECIPIENTS,
    STRANGER,
    A,
    ReceiverMode,
    TokenMode,
    unit,
)
from zklink.protocol.ids import ChainId, TokenId

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
TRADES = ["swap", "swap", "fill", "fill", "withdraw", "fill_something_else"]
CHANGES = ["donate", "token_turns_bad", "token_turns_bad", "receiver_turns_bad", "pause", "wait"]
STUBBORN = (TokenMode.NO, TokenMode.REVERT, TokenMode.LIE, TokenMode.BURN)


class Users(ThreeChains):
    """Everybody outside the protocol."""

    @initialize(seed=seeds)
    @guarded
    def begin(self, seed: int) -> None:
        """Nothing is interesting without a few swaps."""
        self.take(seed, 4, ["swap"])

    def mode(self, chain: ChainId, token: TokenId) -> TokenMode:
        """What a token does now."""
        return self.story.token_modes.get((chain, token), TokenMode.HONEST)

    def do_swap(self, chain: ChainId, dice: Dice) -> None:
        """A depositor swaps; some ask for too much or set too soon a deadline, and will be refunded."""
        routes = [route for route in ROUTES if route[1] == chain]
        if self.mode(chain, ODD) and dice.below(2):
            routes = [route for route in routes if route[0] == ODD]
        token_in, source, token_out, destination = dice.pick(routes)
        amount = dice.pick(SIZES)(token_in)
        side = self.story.side(source)
        mode, arrives = self.mode(source, token_in), amount
        if mode == TokenMode.FEE:
            l1_amount = amount * side.sites[token_in].scale
            arrives, rest = divmod(l1_amount - l1_amount // 100, side.sites[token_in].scale)
            if rest or arrives < MINIMUM:
                mode = TokenMode.NO
        receiver = self.story.side(destination).receiver.address
        swap = partial(
            self.story.swap,
            *(source, token_in, amount, destination, token_out),
            min_out=dice.pick([0, 0, 0, 2**111]),
            deadline=dice.pick([FAR_DEADLINE, FAR_DEADLINE, FAR_DEADLINE, side.mini.time + 30]),
            operator_fee=dice.pick([0, MINIMUM // 4]),
            fill_fee=dice.pick([0, 3]),
            recipient=dice.pick([*RECIPIENTS, receiver, receiver]),
            sender=dice.pick(DEPOSITORS),
        )
        if mode in STUBBORN:
            refused(swap)
            self.count("swap of a token that does not deliver")
            return
        swap(arrives=arrives)
        kind = "coin" if DECIMALS[token_in][source] == COIN else "token"
        self.count(f"swap {kind}" if mode == TokenMode.HONEST else f"swap {mode.name}")

    def do_fill(self, chain: ChainId, dice: Dice) -> None:
        """A broker fills what some sealed block promises, whether that block will live or not."""
        payouts = self.payouts(chain)
        if not payouts:
            return
        payout, broker = dice.pick(payouts), dice.pick(BROKERS)
        key = payout.fill_key(self.world.deployment_hash)
        if key in self.story.ledger.fills or key in self.story.ledger.settled_keys:
            self.count(refused(self.story.fill, payout, broker))
            return
        if payout.fill_fee >= payout.amount:
            assert refused(self.story.fill, payout, broker) == "fill: fee not below amount"
            return
        try:
            self.story.fill(payout, broker)
        except Reverted:
            is_hostile = payout.recipient == universal_address(self.story.side(chain).receiver.address)
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
        bridge = self.story.side(chain).bridge
        key = payout.fill_key(self.world.deployment_hash)
        before = bridge.filler(key)
        with self.world.rollback():
            try:
                bridge.fill(words, sender=BROKERS[0])
                self.count("fill of another payout")
            except Reverted:
                self.count("fill of nonsense")
            assert bridge.filler(key) == before

    def do_withdraw(self, chain: ChainId, dice: Dice) -> None:
        """An owner pulls what could not be pushed; nobody else can pull anything."""
        refused(self.story.withdraw, chain, dice.pick(sorted(self.story.side(chain).sites)), STRANGER)
        owed = [(token, owner) for (place, token), owner in self.story.ledger.pending_l1 if place == chain]
        if not owed:
            return
        token, owner = dice.pick(owed)
        try:
            self.story.withdraw(chain, token, owner, dice.pick([owner, RECIPIENTS[0]]))
        except Reverted:
            is_hostile = owner == self.story.side(chain).receiver.address.lower()
            assert is_hostile or self.mode(chain, token), "a good withdrawal was refused"
            return
        self.count("withdraw")

    def do_donate(self, chain: ChainId, dice: Dice) -> None:
        """A stranger gives a bridge tokens, or coin by force."""
        self.story.donate(chain, dice.pick(sorted(self.story.side(chain).sites)), 1 + dice.below(10**20))
        self.count("donate")

    def do_token_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The ODD token changes what it does."""
        mode = dice.pick([TokenMode.HONEST, *TokenMode, TokenMode.REENTER, TokenMode.FEE])
        self.story.set_token_mode(chain, ODD, mode, self.reentry(chain, dice))
        self.count("token turns bad")

    def do_receiver_turns_bad(self, chain: ChainId, dice: Dice) -> None:
        """The receiving contract changes what it does with coin."""
        self.story.set_receiver_mode(
            chain, dice.pick([ReceiverMode.HONEST, *ReceiverMode, *ReceiverMode]), self.reentry(chain, dice)
        )
        self.count("receiver turns bad")

    def reentry(self, chain: ChainId, dice: Dice) -> bytes:
        """Calldata of a call back into the bridge."""
        side = self.story.side(chain)
        token = dice.pick(sorted(side.sites))
        last = self.story.links[chain][-1]
        payouts = self.payouts(chain)
        return dice.pick(
            [
                side.bridge.encode("withdraw_pending_balance", token, STRANGER),
                side.bridge.encode("swap", self.story.order(side.sites[token], MINIMUM, A, token, RECIPIENTS[0])),
                side.bridge.encode("execute_blocks", [(last.stored_args(), [])]),
                side.bridge.encode("fill", list(payouts[-1].words()) if payouts else [0, 0, 0]),
            ]
        )

    def do_pause(self, chain: ChainId, dice: Dice) -> None:
        """The governor pauses a token, a swap is refused, and the pause ends."""
        side = self.story.side(chain)
        token = dice.pick(sorted(side.sites))
        side.registry.set_paused(token, True, sender=GOVERNOR)
        others = [c for c in DECIMALS[token] if c != chain]
        assert refused(self.story.swap, chain, token, unit(token), others[0], token) == "bridge: token paused"
        assert refused(side.registry.set_paused, token, False, sender=STRANGER) == "registry: not the governor"
        side.registry.set_paused(token, False, sender=GOVERNOR)
        self.count("pause")

    def do_wait(self, chain: ChainId, dice: Dice) -> None:
        """Time passes; the chains' clocks never agree exactly."""
        self.story.advance(1 + dice.below(400))
        self.story.side(chain).mini.time += dice.below(30)
        if dice.below(4) == 0:
            self.story.advance(3_700)
        self.count("wait")
