"""What operators do in the state machine: sequencer, both groups (validators honest or not), and whoever imports and
executes.
"""

from dataclasses import replace

from hypothesis.stateful import rule

from tests.properties.swap_lane.machine import guarded
from tests.properties.swap_lane.users import CHANGES, TRADES, Users
from tests.strategies import Dice
from tests.support.books.block_actions import has_room
from tests.support.books.chains import ETH, ODD, ReceiverMode, TokenMode, unit
from tests.support.books.play import refused
from tests.support.books.sealed import forge_view
from tests.support.bursts import Burst, bursts
from tests.support.evm import Reverted
from tests.support.groups import Acc
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, STRANGER, USD
from zklink.operations.payout import Payout
from zklink.protocol.bridge_blocks import AcceptCall, ImportCall
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import Amount, BlockNumber, ChainId

LIFE = [
    *("seal", "seal", "accept", "accept", "import", "import", "import"),
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
SEALED_AHEAD = 3
"""How many blocks are sealed beyond what the primary has accepted."""


class Operators(Users):
    """Everybody who runs the protocol."""

    @rule(burst=bursts(20))
    @guarded
    def blocks_live(self, burst: Burst) -> None:
        """Steps in the lives of blocks, in any order, while users go on."""
        self.take(burst, [*LIFE, *LIFE, *TRADES])

    @rule(burst=bursts(20))
    @guarded
    def everything_happens(self, burst: Burst) -> None:
        """The same, with cheats, and tokens and receivers that change."""
        self.take(burst, [*LIFE, *TRADES, *CHANGES, *CHEATS])

    @rule(burst=bursts(20))
    @guarded
    def debts_grow(self, burst: Burst) -> None:
        """The receiving contracts and the odd token refuse what they get; owners pull, strangers push."""
        for chain in CHAINS:
            self.play.set_receiver_mode(chain, ReceiverMode.REFUSE)
            self.play.set_token_mode(chain, ODD, TokenMode.NO)
        debts = ["push", "push", "push", "withdraw", "receiver_turns_bad", "token_turns_bad"]
        self.take(burst, [*LIFE, "execute", "execute", "swap", "swap", "swap", *debts])

    def do_seal(self, chain: ChainId, dice: Dice) -> None:
        """Seal waiting requests after some block of the one history, perhaps beside another of the same number."""
        parents = self.parents()
        parent = dice.pick([parents[-1], parents[-1], parents[-1], *parents])
        if parent.number >= self.base().number + SEALED_AHEAD:
            return
        sealed = self.play.seal_waiting(parent)
        if dice.below(4) == 0 and sealed.requests:
            sealed = self.play.seal(parent, sealed.requests[: dice.below(len(sealed.requests))])
        sealed.state.check_conservation()
        self.variants.append(sealed)
        self.count("seal beside another" if sum(v.parent is parent for v in self.variants) > 1 else "seal")

    def do_accept(self, chain: ChainId, dice: Dice) -> None:
        """The primary accepts one of the blocks that continue it; it may have aged out by now."""
        children = self.children()
        if not children:
            return
        sealed, pay = dice.pick([children[-1], *children]), dice.below(2) == 0
        try:
            self.play.accept(sealed, pay=pay)
        except Reverted as error:
            assert error.reason == "accept: too old", error.reason
            self.count("accept too old")
            return
        self.count("accept and pay" if pay else "accept")

    def do_import(self, chain: ChainId, dice: Dice) -> None:
        """A member imports the next blocks that the primary has, and pays now or later."""
        if chain == PRIMARY:
            return
        missing, pay = self.play.missing(chain), dice.below(2) == 0
        for sealed in missing[: 1 + dice.below(3)]:
            self.play.import_(chain, sealed, pay=pay)
            self.count("import and pay" if pay else "import")

    def do_import_again(self, chain: ChainId, dice: Dice) -> None:
        """What is there already changes nothing, however often it comes, and nothing is paid twice."""
        entries = self.play.entries[chain]
        if chain == PRIMARY or len(entries) < 2:
            return
        entry = dice.pick(entries[1:])
        assert entry.view is not None
        tip = self.play[chain].tip()
        acc = self.chains.groups.acc(entry.number, entry.sync_hash)
        call = ImportCall(BlockNumber(entry.number), (entry.view.member(),), (), *acc, True)
        self.play[chain].history.import_blocks(*call.abi(), sender=STRANGER)
        assert self.play[chain].tip() == tip
        self.count("import again")

    def do_execute(self, chain: ChainId, dice: Dice) -> None:
        """Pay what some block owes, all of it or the first few; no other chain is asked."""
        owing = self.play.owing(chain)
        if not owing:
            return
        entry = dice.pick(owing)
        owed = len(self.play.owed[chain][entry.number])
        count = dice.pick([owed, owed, 1 + dice.below(owed)])
        self.play.execute(chain, entry, count)
        self.count("execute" if count == owed else "execute some")

    # -- dishonesty ----------------------------------------------------------------------------------------------

    def do_forge_fact(self, chain: ChainId, dice: Dice) -> None:
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

    def do_another_queue(self, chain: ChainId, dice: Dice) -> None:
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
        how = dice.pick(sorted(ways))
        sealed = self.play.seal(top, ways[how])
        assert refused(self.play.accept, sealed).startswith(("accept: ", "queue: "))
        if chain == PRIMARY or not self.play.missing(chain):
            assert refused(self.play.force, chain, sealed) == "queue: other requests"
        self.count(f"{how} requests")

    def do_forged_payout(self, chain: ChainId, dice: Dice) -> None:
        """Somebody raises or adds a payout in a slice: no proof fits, whoever vouches."""
        waiting = self.children()[-1:] if chain == PRIMARY else self.play.missing(chain)[:1]
        if not waiting or not waiting[0].view(chain).payouts():
            return
        view = waiting[0].view(chain)
        payout = Payout.from_words(view.payouts()[0])
        forged = replace(payout, amount=Amount(payout.amount + 1 + dice.below(10**9)))
        words = list(view.words)
        if dice.below(2):
            words[view.words.index(payout.words()[0])] = forged.words()[0]
        else:
            words += forged.words()
        reason = refused(self.play.enter_view, chain, forge_view(view, words), lies=True)
        assert reason in ("ideal: not true", "accept: too old"), reason
        self.count("forged payout")

    def do_request_forged_elsewhere(self, chain: ChainId, dice: Dice) -> None:
        """A deposit that nobody made on a member: honest watchers do not vouch for it, so that the primary takes no
        block with it, and no other member imports one.
        """
        if chain == PRIMARY:
            return
        forged = self.play.invent_request(chain, USD, unit(USD), PRIMARY, USD)
        sealed = self.play.seal(self.base(), [forged])
        assert refused(self.play.accept, sealed) == "accept: not the queued requests"
        self.count("request forged elsewhere")

    def do_accept_unvouched(self, chain: ChainId, dice: Dice) -> None:
        """Without the seal, or without the watchers' word for a queue that it serves, no block is accepted."""
        children = [sealed for sealed in self.children() if sealed.requests]
        if not children:
            return
        view = dice.pick(children).view(PRIMARY)
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
