"""What operators do in the state machine: sequencer, validators (honest or not), committee, and whoever executes."""

from dataclasses import replace

from hypothesis.stateful import rule

from tests.properties.swap_lane.machine import guarded
from tests.properties.swap_lane.users import CHANGES, TRADES, Users
from tests.strategies import Dice
from tests.support.books.block_actions import Ack
from tests.support.books.chains import ETH, unit
from tests.support.books.play import refused
from tests.support.books.sealed import forge_view
from tests.support.bursts import Burst, bursts
from tests.support.committee import sort_keys
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, PRIMARY, STRANGER, USD
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, BlockNumber, ChainId

LIFE = [
    *("seal", "commit", "commit", "commit", "prove", "prove", "revert"),
    *("deliver", "deliver", "apply", "execute", "execute"),
]
CHEATS = [
    "revert",
    "apply",
    "forge_message",
    "commit_another_queue",
    "commit_forged_payout",
    "commit_request_forged_elsewhere",
    "commit_by_a_stranger",
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
        """The same, with reverts, cheats, and tokens and receivers that change."""
        self.take(burst, [*LIFE, *TRADES, *CHANGES, *CHEATS])

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

    def do_commit(self, chain: ChainId, dice: Dice) -> None:
        """Commit a block that continues the chain; it may be too old for the primary by now."""
        children = self.children(chain)
        if not children:
            return
        primarys = [sealed for sealed in children if sealed in self.play.history[PRIMARY]]
        try:
            self.play.commit(chain, dice.pick([*primarys, *primarys, *children[-1:], *children]))
        except Reverted as error:
            assert (error.reason, chain) == ("commit: too old", PRIMARY), error.reason
            self.count("commit too old")
            return
        self.count("commit")

    def do_prove(self, chain: ChainId, dice: Dice) -> None:
        """Prove one or more committed blocks; on the primary that accepts them."""
        committed, proven, _, _ = self.play.status(chain)
        if proven == committed:
            refused(self.play.prove, chain)
            return
        self.play.prove(chain, dice.pick([None, None, 1 + dice.below(committed - proven)]))
        self.count("prove on the primary" if chain == PRIMARY else "prove")

    def do_revert(self, chain: ChainId, dice: Dice) -> None:
        """Drop some of what is not accepted; never what is."""
        committed, _, accepted, _ = self.play.status(chain)
        if accepted:
            assert refused(self.play.revert, chain, accepted - 1) == "revert: already accepted"
        is_astray = self.play.history[chain][committed] not in self.parents()
        if committed > accepted and (is_astray or dice.below(4) == 0):
            self.play.revert(chain, accepted + dice.below(committed - accepted))
            self.count("revert")

    def do_deliver(self, chain: ChainId, dice: Dice) -> None:
        """Any acknowledgement, old or new, once or twice, to anybody."""
        others = [source for source in (PRIMARY, *CHAINS) if self.accepted(source)]
        for source in others if dice.below(2) else others[dice.below(3) :][:1]:
            ack = self.play.acknowledge(source, max(1, self.accepted(source) - dice.pick([0, 0, 0, 1, 2])))
            times = 1 + dice.below(2)
            for _ in range(times):
                if source == chain:
                    assert refused(self.play.deliver, chain, ack) == "message: from this chain"
                else:
                    self.play.deliver(chain, ack)
            self.count("deliver twice" if times > 1 else "deliver")

    def do_apply(self, chain: ChainId, dice: Dice) -> None:
        """Anybody announces a message again; one that never came is not known."""
        source = dice.pick([PRIMARY, *CHAINS])
        number = max(1, self.accepted(source) - dice.below(2))
        try:
            self.play.apply(chain, source, number)
            self.count("apply")
        except Reverted as error:
            assert error.reason == "message: not known", error.reason
            self.count("apply unknown")

    def do_execute(self, chain: ChainId, dice: Dice) -> None:
        """Execute the next block: possible only if every chain it concerns has accepted the same block."""
        executed = self.play.status(chain)[3]
        if len(self.play.committed[chain]) <= executed + 1:
            return
        entry = self.play.committed[chain][executed + 1]
        try:
            self.play.execute(chain)
        except Reverted as error:
            assert error.reason in ("execute: not accepted", "execute: a chain is missing"), error.reason
            self.count(error.reason)
            return
        assert entry.view is not None
        for other in CHAINS:
            if other == PRIMARY or entry.view.header.counts[other]:
                assert self.accepted(other) >= entry.number
                assert self.play.committed[other][entry.number].stored.sync_hash == entry.stored.sync_hash
        self.count("execute with payouts" if entry.view.payouts() else "execute")

    # -- dishonesty ----------------------------------------------------------------------------------------------

    def do_forge_message(self, chain: ChainId, dice: Dice) -> None:
        """What is not signed by a quorum over exactly this content is refused."""
        entry = self.play.committed[chain][-1]
        if not entry.number:
            return
        source = dice.pick([c for c in CHAINS if c != chain])
        message = self.play.sign(source, entry).message
        committee, deployment = self.chains.committee, self.chains.deployment_hash
        k = committee.keys
        other = replace(message, number=BlockNumber(entry.number + 1))
        stranger = sort_keys([committee.stranger, *k[:2]])
        forgeries = (
            b"",
            committee.sign_message(message, deployment, k[:2]),
            committee.sign_message(message, deployment, [k[0], k[1], k[1]]),
            committee.sign_message(message, deployment, stranger),
            committee.sign_message(message, bytes(32)),
            committee.sign_message(other, deployment),
        )
        before = self.play.status(chain)
        for evidence in forgeries:
            refused(self.play.deliver, chain, Ack(message, evidence))
        assert self.play.status(chain) == before
        self.count("forged message")

    def do_commit_another_queue(self, chain: ChainId, dice: Dice) -> None:
        """A dishonest validator skips, reorders, repeats or invents a request of the chain itself."""
        top = self.play.history[chain][-1]
        assert top is not None
        waiting = self.play.waiting(top, chain)
        invented = self.play.invent_request(chain, USD, unit(USD), PRIMARY, ETH)
        ways = {"invent": [*waiting[:1], invented]}
        if waiting:
            ways["repeat"] = [waiting[0], waiting[0]]
        if len(waiting) > 1:
            ways |= {"skip": waiting[1:2], "reorder": waiting[:2][::-1]}
        how = dice.pick(sorted(ways))
        sealed = self.play.seal(top, ways[how])
        assert refused(self.play.commit, chain, sealed) == "commit: not the queued requests"
        self.count(f"{how} requests")

    def do_commit_forged_payout(self, chain: ChainId, dice: Dice) -> None:
        """A dishonest validator raises or adds a payout: no proof fits."""
        children = [c for c in self.children(chain) if c.view(chain).payouts()]
        committed, proven, _, _ = self.play.status(chain)
        if not children or committed != proven:
            return
        view = dice.pick(children).view(chain)
        payout = Payout.from_words(view.payouts()[0])
        forged = replace(payout, amount=Amount(payout.amount + 1 + dice.below(10**9)))
        words = list(view.words)
        if dice.below(2):
            words[view.words.index(payout.words()[0])] = forged.words()[0]
        else:
            words += forged.words()
        try:
            self.play.commit_view(chain, forge_view(view, words))
        except Reverted as error:
            assert error.reason == "commit: too old", error.reason
            return
        assert refused(self.play.prove, chain) == "ideal: not true"
        self.play.revert(chain, committed)
        self.count("forged payout")

    def do_commit_request_forged_elsewhere(self, chain: ChainId, dice: Dice) -> None:
        """A deposit that nobody made on another chain: this chain cannot know, so it waits for that chain for ever."""
        top = self.play.history[chain][-1]
        committed, proven, _, _ = self.play.status(chain)
        if chain == PRIMARY or committed != proven:
            return
        assert top is not None
        source = dice.pick([c for c in CHAINS if c != chain])
        self.play.commit(chain, self.play.seal(top, [self.play.invent_request(source, USD, unit(USD), chain, USD)]))
        self.play.prove(chain)
        assert self.play.status(chain)[2] <= committed
        self.play.revert(chain, committed)
        self.count("request forged elsewhere")

    def do_commit_by_a_stranger(self, chain: ChainId, dice: Dice) -> None:
        """Only validators commit."""
        children = self.children(chain)
        if children:
            view = dice.pick(children).view(chain)
            assert refused(self.play.commit_view, chain, view, sender=STRANGER) == "roles: not a validator"
            self.count("commit by a stranger")
