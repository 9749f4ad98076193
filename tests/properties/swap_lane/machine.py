"""The three chains as a state machine: any actor does anything at any time, and after every step the promises hold.

Takes three chains; plays at random on them. Whoever brings blocks may be dishonest and tokens bad; the proof system is
ideal and watchers are honest. At the end everybody behaves, everything is settled, and each request must have exactly
one end.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from tests.support.books.books import Books
from tests.support.books.chains import BookedChains, ReceiverMode, TokenMode
from tests.support.books.diary import Diary, name_chain, name_place, say_drawn
from tests.support.books.play import Play, refused
from tests.support.books.sealed import Sealed
from tests.support.three_chains import BROKERS, CHAINS, PRIMARY
from zklink.lab.machines import StagedMachine, invariant
from zklink.operations.payout import Payout
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import ChainId, Kind, Lane


def mood(*names: Iterable[str]) -> Mapping[str, int]:
    """How often each step is chosen: as often as it stands there."""
    return Counter(name for some in names for name in some)


class SwapLane(StagedMachine):
    """State and invariants; the steps are in the subclasses. The stage are three chains."""

    stage: BookedChains
    books: ClassVar[type[Books]] = Books
    has_own_words = True

    @property
    def chains(self) -> BookedChains:
        """The three chains."""
        return self.stage

    def isolated(self) -> AbstractContextManager[None]:
        return self.chains.rollback()

    def set_up(self) -> None:
        self.play = Play(self.chains, self.books)
        self.variants: list[Sealed] = [self.play.genesis]
        self.play.diary = Diary(self.note)
        self.at = PRIMARY

    def take_step(self, method: Callable[..., Any]) -> Any:
        """On some chain."""
        self.at = self.pick("chain", CHAINS)
        return method(self.at, self)

    def in_words(self, name: str, value: Any) -> str:
        return say_drawn(name, value)

    def count(self, what: str) -> None:
        """A step has done what it is for."""
        self.reach(what)

    # -- what is there to work on --------------------------------------------------------------------------------

    def base(self) -> Sealed:
        """The last block of the one history so far: what the primary has accepted."""
        return self.play.tip()

    def parents(self) -> list[Sealed]:
        """Sealed blocks on which another one can be built: those after the primary's history."""
        base = self.base()
        return [v for v in self.variants if v.number >= base.number and v.at(base.number) is base]

    def children(self) -> list[Sealed]:
        """Sealed blocks that continue what the primary has."""
        return [v for v in self.variants if v.parent is self.base()]

    def payouts(self, chain: ChainId) -> list[Payout]:
        """Payments on the chain that some sealed block promises."""
        promised = [p for v in self.variants[1:] for p in v.payouts()]
        return [p for p in promised if p.chain == chain and p.kind == Kind.SWAP_PAID]

    # -- invariants ----------------------------------------------------------------------------------------------

    @invariant()
    def promises_hold(self) -> None:
        """Whatever has happened on a chain."""
        self.check_all(self.at)

    def check_all(self, chain: ChainId) -> None:
        """What must hold after a step of a chain; any step may be one of the primary, which accepts."""
        self.play.check(PRIMARY, chain)
        tip = self.play[chain].tip()
        self.check_no_skips(chain, tip)
        self.check_one_history(chain, tip)
        self.check_queue(chain)

    def check_no_skips(self, chain: ChainId, tip: Tip) -> None:
        """SYN-2: what a chain has is what it was given, block after block; it owes what was not paid."""
        diary, name = self.play.diary, name_chain(chain)
        diary.check(f"last block on {name}", tip.number, len(self.play.entries[chain]) - 1)
        diary.check(f"hash on {name}", tip.sync_hash.hex(), self.play.entries[chain][-1].sync_hash.hex())
        diary.check(f"blocks that owe payouts on {name}", tip.unpaid, len(self.play.owing(chain)))

    def check_one_history(self, chain: ChainId, tip: Tip) -> None:
        """SYN-8 and SYN-1: no member has what the primary has not."""
        diary, name, primarys = self.play.diary, name_chain(chain), self.play.entries[PRIMARY]
        diary.check_at_most(f"last block on {name}", tip.number, len(primarys) - 1)
        for ours, theirs in zip(self.play.entries[chain], primarys, strict=False):
            diary.check(f"sync hash of block {ours.number} on {name}", ours.sync_hash.hex(), theirs.sync_hash.hex())
            diary.check(f"root of block {ours.number} on {name}", ours.root, theirs.root)

    def check_queue(self, chain: ChainId) -> None:
        """QUE-1: what is consumed are the first requests of the queue, in order, each once; the primary has consumed at
        least as many of a member's, and has their hash.
        """
        queue, entries = self.play.queues[chain], self.play.entries[chain]
        name, diary, bridge = name_chain(chain), self.play.diary, self.play[chain].bridge
        consumed = [words for entry in entries if entry.view for words in entry.view.requests()]
        expected = [request.words() for request in queue[: len(consumed)]]
        diary.check(f"requests consumed on {name}", consumed, expected)
        counts = tuple(bridge.request_counts(Lane.SWAP))
        diary.check(f"requests queued and consumed on {name}", counts, (len(queue), len(consumed)))
        if chain != PRIMARY:
            seen = self.play.entries[PRIMARY][-1].consumed.get(chain, 0)
            diary.check_at_most(f"requests consumed on {name}", len(consumed), seen)
            held = bytes(self.play[PRIMARY].history.queue_of(chain, Lane.SWAP))
            diary.check(f"queue of {name} as the primary has it", held, bytes(bridge.queue_hash(Lane.SWAP, seen)))

    # -- the end -------------------------------------------------------------------------------------------------

    def behave(self) -> None:
        """From now on every token and receiver is honest."""
        for site in self.chains.sites():
            if site.contract is not None:
                self.play.set_token_mode(site.chain, site.token, TokenMode.HONEST)
        for chain in CHAINS:
            self.play.set_receiver_mode(chain, ReceiverMode.HONEST)

    def finish(self) -> None:
        """Settle everything: SOL-4 and SOL-5 at their ends, and every bridge holds the state's reserves and nothing
        else.
        """
        tip = self.play.drain()
        self.play.check()
        self.play.check_settled()
        self.play.check_pending()
        self.behave()
        for chain, token, owner in [(*place, owner) for place, owner in self.play.books.pending_l1]:
            self.play.withdraw(chain, token, owner)
            self.count("withdraw")
        for chain in CHAINS:
            self.play.diary.check(
                f"open fees of chain {name_chain(chain)} at the end", self.play.books.fees.open[chain], 0
            )
            self.play.collect(chain)
        for payout in [p for chain in CHAINS for p in self.payouts(chain)]:
            if payout.fill_key(self.chains.deployment_hash) in self.play.books.settled_keys:
                self.count(refused(self.play.fill, payout, BROKERS[0]))
        self.play.check()
        tip.state.check_conservation()
        for (chain, token), custody in self.play.books.custody.items():
            reserve = tip.state.token(token).reserve(chain)
            self.play.diary.check(f"custody of {name_place(chain, token)} at the end", custody, reserve)
        true_fills = set(self.play.books.fills) & self.play.books.settled_keys
        self.play.diary.check("brokers repaid", len(self.play.books.repaid), len(true_fills))
        assert true_fills == set(self.play.books.repaid), "another broker was repaid"
        self.count("finish")
