"""What operators do in the state machine: sequencer, both groups (validators honest or not), and whoever imports and
executes.
"""

from dataclasses import replace
from typing import ClassVar

from tests.properties.swap_lane.machine import mood
from tests.properties.swap_lane.users import CHANGES, TRADES, Users
from tests.support.books.block_actions import has_room
from tests.support.books.chains import ETH, ODD, ReceiverMode, TokenMode, unit
from tests.support.books.play import refused
from tests.support.books.sealed import Sealed, forge_view
from tests.support.evm import Reverted
from tests.support.groups import Acc
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, STRANGER, USD
from zklink.lab.machines import Dice, step
from zklink.operations.payout import Payout
from zklink.protocol.bridge_blocks import AcceptCall, ImportCall
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import Amount, BlockNumber, ChainId

LIFE = [
    *("seal", "seal", "accept", "accept", "import_blocks", "import_blocks", "import_blocks"),
    *("import_again", "execute", "execute", "execute"),
]
CHEATS = [
    "import_again",
    "forge_fact",
    "another_queue",
    "forged_payout",
    "request_forged_elsewhere",
    "accept_unvouched",
]
DEBTS = [
    *["refuse_everywhere"] * 4,
    *("execute", "execute", "execute", "execute", "swap", *["swap_into_coin"] * 3),
    *("push", "push", "push", "push", "withdraw", "withdraw", "receiver_turns_bad", "token_turns_bad"),
]
"""Owners pull what is owed to them, and strangers push it."""
GOALS = frozenset({
    "swap coin", "swap token", "swap FEE", "swap REENTER", "swap of a token that does not deliver",
    "fill", "fills: already filled", "fills: already executed", "fill of nonsense", "fill of another payout",
    "swap below the price", "swap of a router", "swap through a token between",
    "price rises", "price falls", "prices: more than doubled", "prices: out of bounds", "collect",
    "push paid", "push refused", "push noted", "push wrapped",
    "withdraw", "withdraw some", "donate", "token turns bad", "receiver turns bad", "pause", "wait",
    "seal", "seal beside another", "accept", "accept and pay", "accept too old",
    "import", "import and pay", "import again", "execute", "execute some",
    "forged fact", "accept unvouched",
    "skip requests", "reorder requests", "repeat requests", "invent requests",
    "forged payout", "request forged elsewhere", "finish",
})  # fmt: skip
"""What some run must have done, or the machine proves less than it says."""
SEALED_AHEAD = 3
"""How many blocks are sealed beyond what the primary has accepted."""


class Operators(Users):
    """Everybody who runs the protocol."""

    examples = 100
    most_steps = 96
    mood_steps = 24
    goals = GOALS
    moods: ClassVar = {
        "blocks live": mood(LIFE, LIFE, TRADES),
        "everything happens": mood(LIFE, TRADES, CHANGES, CHEATS),
        "debts grow": mood(LIFE, LIFE, DEBTS),
    }

    def set_up(self) -> None:
        """Sometimes something is owed already that could not be paid."""
        super().set_up()
        if self.chance("debts at first", 2):
            self.refuse_everywhere(PRIMARY, self)
            self.swap_into_coin(self.pick("chain", CHAINS), self)
            self.variants.append(self.play.settle())

    @step()
    def refuse_everywhere(self, chain: ChainId, dice: Dice) -> None:
        """The receiving contracts and the odd token refuse what they get, on every chain."""
        for place in CHAINS:
            self.play.set_receiver_mode(place, ReceiverMode.REFUSE)
            self.play.set_token_mode(place, ODD, TokenMode.NO)

    @step()
    def seal(self, chain: ChainId, dice: Dice) -> None:
        """Seal waiting requests after some block of the one history, perhaps beside another of the same number."""
        parents = self.parents()
        parent = dice.pick("parent", [parents[-1], parents[-1], parents[-1], *parents])
        if parent.number >= self.base().number + SEALED_AHEAD:
            return
        sealed = self.play.seal_waiting(parent)
        if dice.chance("seals fewer", 4) and sealed.requests:
            sealed = self.play.seal(parent, sealed.requests[: dice.number("sealed", 0, len(sealed.requests) - 1)])
        sealed.state.check_conservation()
        self.variants.append(sealed)
        self.count("seal beside another" if sum(v.parent is parent for v in self.variants) > 1 else "seal")

    @step()
    def accept(self, chain: ChainId, dice: Dice) -> None:
        """The primary accepts one of the blocks that continue it; it may have aged out by now."""
        children = self.children()
        if not children:
            return
        sealed, pay = dice.pick("sealed", [children[-1], *children]), dice.chance("pay", 2)
        try:
            self.play.accept(sealed, pay=pay)
        except Reverted as error:
            assert error.reason == "accept: too old", error.reason
            self.count("accept too old")
            return
        self.count("accept and pay" if pay else "accept")

    @step()
    def import_blocks(self, chain: ChainId, dice: Dice) -> None:
        """A member imports the next blocks that the primary has, and pays now or later."""
        if chain == PRIMARY:
            return
        missing, pay = self.play.missing(chain), dice.chance("pay", 2)
        for sealed in missing[: dice.number("blocks", 1, 3)]:
            self.play.import_(chain, sealed, pay=pay)
            self.count("import and pay" if pay else "import")

    @step()
    def import_again(self, chain: ChainId, dice: Dice) -> None:
        """What is there already changes nothing, however often it comes, and nothing is paid twice."""
        entries = self.play.entries[chain]
        if chain == PRIMARY or len(entries) < 2:
            return
        entry = dice.pick("entry", entries[1:])
        assert entry.view is not None
        tip = self.play[chain].tip()
        acc = self.chains.groups.acc(entry.number, entry.sync_hash)
        call = ImportCall(BlockNumber(entry.number), (entry.view.member(),), (), *acc, True)
        self.play[chain].history.import_blocks(*call.abi(), sender=STRANGER)
        assert self.play[chain].tip() == tip
        self.count("import again")

    @step()
    def execute(self, chain: ChainId, dice: Dice) -> None:
        """Pay what some block owes, all of it or the first few; no other chain is asked."""
        owing = self.play.owing(chain)
        if not owing:
            return
        entry = dice.pick("entry", owing)
        owed = len(self.play.owed[chain][entry.number])
        count = dice.pick("count", [owed, owed, dice.number("count", 1, owed)])
        self.play.execute(chain, entry, count)
        self.count("execute" if count == owed else "execute some")

    def is_forged(self, sealed: Sealed) -> bool:
        """Whether the block or one before it contains a request that nobody made; the sequencer is honest here."""
        return False

    # -- dishonesty ----------------------------------------------------------------------------------------------

    @step()
    def forge_fact(self, chain: ChainId, dice: Dice) -> None:
        """An ACC that is not signed by both groups over exactly this content is refused."""
        missing = self.play.missing(chain) if chain in MEMBERS else []
        if not missing:
            return
        known, view = self.chains.groups, missing[0].view(chain)
        self.play[chain].swap_verifier.allow(list(view.inputs.as_tuple()))
        entry = self.play.entries[chain][-1].follow(view)
        good = known.acc(entry.number, entry.sync_hash)
        fact = Accepted(BlockNumber(entry.number), entry.sync_hash)
        few = known.sign(fact, Group.WATCHERS, known.watchers.keys[:2])
        twice = known.sign(fact, Group.WATCHERS, [known.watchers.keys[0], *known.watchers.keys[1:2] * 2])
        forgeries = (
            good._replace(watchers=b""),
            good._replace(validators=good.watchers),
            good._replace(watchers=few),
            good._replace(watchers=twice),
            known.acc(entry.number + 1, entry.sync_hash),
            Acc(known.seal(entry.number, entry.sync_hash), good.watchers),
        )
        for evidence in forgeries:
            call = ImportCall(BlockNumber(entry.number), (view.member(),), (), *evidence, False)
            assert refused(self.play[chain].history.import_blocks, *call.abi()).startswith("groups: ")
        self.count("forged fact")

    @step()
    def another_queue(self, chain: ChainId, dice: Dice) -> None:
        """Somebody skips, reorders, repeats or invents a request: no honest watcher vouches for a member's, and the
        primary and the member know their own queues, whoever vouches.
        """
        top = self.base()
        waiting = self.play.waiting(top, chain)
        invented = self.play.invent_request(chain, USD, unit(USD), PRIMARY if chain != PRIMARY else MEMBERS[0], ETH)
        ways = {"invent": [*waiting[:1], invented]}
        if waiting:
            ways["repeat"] = [waiting[0], waiting[0]]
        if len(waiting) > 1:
            ways |= {"skip": waiting[1:2], "reorder": waiting[:2][::-1]}
        ways = {how: requests for how, requests in ways.items() if has_room(requests)}
        if not ways:
            return
        how = dice.pick("how", sorted(ways))
        sealed = self.play.seal(top, ways[how])
        assert refused(self.play.accept, sealed).startswith(("accept: ", "queue: "))
        if chain == PRIMARY or not self.play.missing(chain):
            assert refused(self.play.force, chain, sealed) == "queue: other requests"
        self.count(f"{how} requests")

    @step()
    def forged_payout(self, chain: ChainId, dice: Dice) -> None:
        """Somebody raises or adds a payout in a slice: no proof fits, whoever vouches."""
        waiting = self.children()[-1:] if chain == PRIMARY else self.play.missing(chain)[:1]
        if not waiting or not waiting[0].view(chain).payouts():
            return
        view = waiting[0].view(chain)
        payout = Payout.from_words(view.payouts()[0])
        forged = replace(payout, amount=Amount(payout.amount + 1 + dice.number("amount", 0, 10**9 - 1)))
        words = list(view.words)
        if dice.chance("changes a payout", 2):
            words[view.words.index(payout.words()[0])] = forged.words()[0]
        else:
            words += forged.words()
        reason = refused(self.play.enter_view, chain, forge_view(view, words), lies=True)
        assert reason in ("ideal: not true", "accept: too old"), reason
        self.count("forged payout")

    @step()
    def request_forged_elsewhere(self, chain: ChainId, dice: Dice) -> None:
        """A deposit that nobody made on a member: honest watchers do not vouch for it, so that the primary takes no
        block with it, and no other member imports one.
        """
        if chain == PRIMARY:
            return
        forged = self.play.invent_request(chain, USD, unit(USD), PRIMARY, USD)
        sealed = self.play.seal(self.base(), [forged])
        assert refused(self.play.accept, sealed) == "accept: not the queued requests"
        self.count("request forged elsewhere")

    @step()
    def accept_unvouched(self, chain: ChainId, dice: Dice) -> None:
        """Without the seal, or without the watchers' word for a queue that it serves, no block is accepted."""
        children = [sealed for sealed in self.children() if sealed.requests and not self.is_forged(sealed)]
        if not children:
            return
        view = dice.pick("view", children).view(PRIMARY)
        entry = self.play.entries[PRIMARY][-1].follow(view)
        self.play[PRIMARY].swap_verifier.allow(list(view.inputs.as_tuple()))
        facts, known = self.play.que(entry), self.chains.groups
        seal = known.seal(entry.number, entry.sync_hash)
        call = AcceptCall(BlockNumber(entry.number), (view.full(),), facts, seal, known.queues(facts), False)
        unvouched = [replace(call, seal=seal[:130])]
        if facts:
            unvouched += [replace(call, watchers=b""), replace(call, queues=(), watchers=known.queues(()))]
        for less in unvouched:
            reason = refused(self.play[PRIMARY].history.accept, *less.abi())
            assert reason.startswith("groups: ") or reason in (
                "accept: no word for a queue",
                "accept: too old",
            ), reason
        self.count("accept unvouched")
