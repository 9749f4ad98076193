"""The three chains as a state machine: any actor does anything at any time, and after every step the promises hold.

Takes three chains; plays at random on them. Validators may be dishonest and tokens bad; the proof system is ideal and
the transport honest. At the end everybody behaves, everything is settled, and each request must have exactly one end.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import wraps
from typing import Any, ClassVar, TypeVar

from hypothesis import event, note
from hypothesis.stateful import RuleBasedStateMachine

from tests.support.books.books import Books
from tests.support.books.chains import BookedChains, ReceiverMode, TokenMode
from tests.support.books.diary import Diary, name_chain, name_place
from tests.support.books.play import Play, refused
from tests.support.books.sealed import Sealed
from tests.support.bursts import Burst
from tests.support.three_chains import BROKERS, CHAINS, PRIMARY
from zklink.operations.payout import Payout
from zklink.protocol.ids import ChainId, Kind, Lane

Rule = TypeVar("Rule", bound=Callable[..., Any])

CHANCE = 32
"""Bytes of chance for one step: what, where, and the rest for its values."""


def guarded(action: Rule) -> Rule:
    """A rule in which something unexpected was raised leaves the machine broken: it must not be drained."""

    @wraps(action)
    def run(self: "SwapLane", *args: Any, **options: Any) -> Any:
        self.is_broken = True
        result = action(self, *args, **options)
        self.is_broken = False
        return result

    return run  # type: ignore[return-value]


class SwapLane(RuleBasedStateMachine):
    """State and invariants; the rules are in the subclasses."""

    chains: ClassVar[BookedChains]
    reached: ClassVar[Counter[str]]
    books: ClassVar[type[Books]] = Books

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.undo.enter_context(self.chains.rollback())
        self.play = Play(self.chains, self.books)
        self.variants: list[Sealed] = [self.play.genesis]
        self.play.diary = Diary(note, event)
        self.is_broken = False
        self.bursts = 0

    def take(self, burst: Burst, names: Sequence[str]) -> None:
        """Steps on some chains, each followed by all checks; a name that is listed twice is likelier."""
        self.bursts += 1
        for dice in burst.dice(self.bursts, CHANCE):
            name, chain = dice.pick(names), dice.pick(CHAINS)
            getattr(self, f"do_{name}")(chain, dice)
            self.check_all(chain)

    def count(self, what: str) -> None:
        """A rule has done what it is for."""
        self.reached[what] += 1

    def teardown(self) -> None:
        """The end of every run: settle it if nothing is broken yet, and undo it in any case."""
        try:
            if not self.is_broken:
                self.finish()
        finally:
            self.undo.close()

    # -- what is there to work on --------------------------------------------------------------------------------

    def accepted(self, chain: ChainId) -> int:
        """Number of the last block that the chain has accepted."""
        return self.play.status(chain)[2]

    def base(self) -> Sealed:
        """The last block of the one history so far: what the primary has accepted."""
        sealed = self.play.history[PRIMARY][self.accepted(PRIMARY)]
        assert sealed is not None
        return sealed

    def parents(self) -> list[Sealed]:
        """Sealed blocks on which another one can be built: those after the primary's history."""
        base = self.base()
        return [v for v in self.variants if v.number >= base.number and v.at(base.number) is base]

    def children(self, chain: ChainId) -> list[Sealed]:
        """Sealed blocks that continue what the chain has committed."""
        top = self.play.history[chain][-1]
        return [v for v in self.variants if v.parent is top and top is not None]

    def payouts(self, chain: ChainId) -> list[Payout]:
        """Payments on the chain that some sealed block promises."""
        promised = [p for v in self.variants[1:] for p in v.payouts()]
        return [p for p in promised if p.chain == chain and p.kind == Kind.SWAP_PAID]

    # -- invariants ----------------------------------------------------------------------------------------------

    def check_all(self, chain: ChainId) -> None:
        """What must hold after a step on a chain; the others cannot have changed."""
        self.play.check(chain)
        status = {k: self.play.status(k) for k in CHAINS}
        self.check_no_skips(chain, status[chain])
        self.check_one_history(chain, {k: accepted for k, (_, _, accepted, _) in status.items()})
        self.check_queue(chain, status[chain][3])

    def check_no_skips(self, chain: ChainId, status: tuple[int, int, int, int]) -> None:
        """SYN-2: executed <= accepted <= proven <= committed, and what is committed is what was committed."""
        committed, proven, accepted, executed = status
        diary, name = self.play.diary, name_chain(chain)
        diary.check(f"last block committed on {name}", committed, len(self.play.committed[chain]) - 1)
        diary.check_at_most(f"last block proven on {name}", proven, committed)
        diary.check_at_most(f"last block accepted on {name}", accepted, proven)
        diary.check_at_most(f"last block executed on {name}", executed, accepted)

    def check_one_history(self, chain: ChainId, accepted: dict[ChainId, int]) -> None:
        """SYN-8 and SYN-1: nobody accepts what the primary has not; an acknowledgement is of the same block."""
        diary, name = self.play.diary, name_chain(chain)
        diary.check_at_most(f"last block accepted on {name}", accepted[chain], accepted[PRIMARY])
        for number in range(1, accepted[chain] + 1):
            ours, primarys = self.play.committed[chain][number].stored, self.play.committed[PRIMARY][number].stored
            diary.check(f"sync hash of block {number} on {name}", ours.sync_hash.hex(), primarys.sync_hash.hex())
            diary.check(f"root of block {number} on {name}", ours.root, primarys.root)
        for other in CHAINS:
            if other != chain:
                known = self.play[chain].bridge.acknowledged(other)
                what = f"what {name} takes for accepted on {name_chain(other)}"
                diary.check_at_most(what, known, min(accepted[chain], accepted[other]))

    def check_queue(self, chain: ChainId, executed: int) -> None:
        """QUE-1: what is committed are the first requests of the queue, in order, each once; what is executed is a
        prefix.
        """
        queue, entries = self.play.queues[chain], self.play.committed[chain]
        consumed = [words for entry in entries if entry.view for words in entry.view.requests()]
        expected = [request.words() for request in queue[: len(consumed)]]
        self.play.diary.check(f"requests consumed on {name_chain(chain)}", consumed, expected)
        counts = self.play[chain].bridge.request_counts(Lane.SWAP)
        expected_counts = (len(queue), entries[executed].stored.swap_requests)
        self.play.diary.check(f"requests queued and executed on {name_chain(chain)}", tuple(counts), expected_counts)

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
