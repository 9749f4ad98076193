"""The three chains as a state machine: any actor does anything at any time, and after every step the promises hold.

Takes a world; plays random stories on it. Validators may be dishonest and tokens bad; the proof system is ideal and the
transport honest. At the end everybody behaves, everything is settled, and each request must have exactly one end.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import wraps
from hashlib import shake_128
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.strategies import Dice
from tests.support.ledger import Ledger
from tests.support.sealed import Sealed
from tests.support.story import Story, refused
from tests.support.world import BROKERS, CHAINS, PRIMARY, ReceiverMode, TokenMode, World
from zklink.operations.payout import Payout
from zklink.protocol.ids import ChainId, Kind, Lane

Rule = TypeVar("Rule", bound=Callable[..., Any])

seeds = st.integers(0, 2**64 - 1)
"""Of one burst of steps; everything else follows from it, evenly."""


def guarded(action: Rule) -> Rule:
    """A rule in which something unexpected was raised leaves the machine broken: it must not be drained."""

    @wraps(action)
    def run(self: "ThreeChains", *args: Any, **options: Any) -> Any:
        self.is_broken = True
        result = action(self, *args, **options)
        self.is_broken = False
        return result

    return run  # type: ignore[return-value]


class ThreeChains(RuleBasedStateMachine):
    """State and invariants; the rules are in the subclasses."""

    world: ClassVar[World]
    reached: ClassVar[Counter[str]]
    ledger: ClassVar[type[Ledger]] = Ledger

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.undo.enter_context(self.world.rollback())
        self.story = Story(self.world, self.ledger)
        self.variants: list[Sealed] = [self.story.genesis]
        self.is_broken = False
        self.bursts = 0

    def take(self, seed: int, steps: int, names: Sequence[str]) -> None:
        """Some steps on some chains, each followed by all checks; a name that is listed twice is likelier."""
        self.bursts += 1
        dice = Dice(shake_128(f"{self.bursts} {seed}".encode()).digest(32 * steps))
        for _ in range(steps):
            name, chain, choices = dice.pick(names), dice.pick(CHAINS), Dice(dice.bytes(24))
            getattr(self, f"do_{name}")(chain, choices)
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
        return self.story.status(chain)[2]

    def base(self) -> Sealed:
        """The last block of the one history so far: what the primary has accepted."""
        sealed = self.story.history[PRIMARY][self.accepted(PRIMARY)]
        assert sealed is not None
        return sealed

    def parents(self) -> list[Sealed]:
        """Sealed blocks on which another one can be built: those after the primary's history."""
        base = self.base()
        return [v for v in self.variants if v.number >= base.number and v.at(base.number) is base]

    def children(self, chain: ChainId) -> list[Sealed]:
        """Sealed blocks that continue what the chain has committed."""
        top = self.story.history[chain][-1]
        return [v for v in self.variants if v.parent is top and top is not None]

    def payouts(self, chain: ChainId) -> list[Payout]:
        """Payments on the chain that some sealed block promises."""
        promised = [p for v in self.variants[1:] for p in v.payouts()]
        return [p for p in promised if p.chain == chain and p.kind == Kind.SWAP_PAID]

    # -- invariants ----------------------------------------------------------------------------------------------

    def check_all(self, chain: ChainId) -> None:
        """What must hold after a step on a chain; the others cannot have changed."""
        self.story.check(chain)
        status = {k: self.story.status(k) for k in CHAINS}
        self.check_no_skips(chain, status[chain])
        self.check_one_history(chain, {k: accepted for k, (_, _, accepted, _) in status.items()})
        self.check_queue(chain, status[chain][3])

    def check_no_skips(self, chain: ChainId, status: tuple[int, int, int, int]) -> None:
        """SYN-2: executed <= accepted <= proven <= committed, and what is committed is what was committed."""
        committed, proven, accepted, executed = status
        assert executed <= accepted <= proven <= committed == len(self.story.links[chain]) - 1

    def check_one_history(self, chain: ChainId, accepted: dict[ChainId, int]) -> None:
        """SYN-8 and SYN-1: nobody accepts what the primary has not; an acknowledgement is of the same block."""
        assert accepted[chain] <= accepted[PRIMARY]
        for number in range(1, accepted[chain] + 1):
            ours, primarys = self.story.links[chain][number].stored, self.story.links[PRIMARY][number].stored
            assert (ours.sync_hash, ours.root) == (primarys.sync_hash, primarys.root)
        for other in CHAINS:
            if other != chain:
                known = self.story.side(chain).bridge.acknowledged(other)
                assert known <= min(accepted[chain], accepted[other])

    def check_queue(self, chain: ChainId, executed: int) -> None:
        """QUE-1: what is committed are the first requests of the queue, in order, each once; what is executed is a
        prefix.
        """
        queue, links = self.story.queues[chain], self.story.links[chain]
        consumed = [words for link in links if link.view for words in link.view.requests()]
        assert consumed == [request.words() for request in queue[: len(consumed)]]
        counts = self.story.side(chain).bridge.request_counts(Lane.SWAP)
        assert tuple(counts) == (len(queue), links[executed].stored.swap_requests)

    # -- the end -------------------------------------------------------------------------------------------------

    def behave(self) -> None:
        """From now on every token and receiver is honest."""
        for site in self.world.places():
            if site.contract is not None:
                self.story.set_token_mode(site.chain, site.token, TokenMode.HONEST)
        for chain in CHAINS:
            self.story.set_receiver_mode(chain, ReceiverMode.HONEST)

    def finish(self) -> None:
        """Settle everything: SOL-4 and SOL-5 at their ends, and every bridge holds the state's reserves and nothing
        else.
        """
        tip = self.story.drain()
        self.story.check()
        self.story.check_settled()
        self.story.check_pending()
        self.behave()
        for chain, token, owner in [(*place, owner) for place, owner in self.story.ledger.pending_l1]:
            self.story.withdraw(chain, token, owner)
            self.count("withdraw")
        for payout in [p for chain in CHAINS for p in self.payouts(chain)]:
            if payout.fill_key(self.world.deployment_hash) in self.story.ledger.settled_keys:
                self.count(refused(self.story.fill, payout, BROKERS[0]))
        self.story.check()
        tip.state.check_conservation()
        for (chain, token), custody in self.story.ledger.custody.items():
            assert custody == tip.state.token(token).reserve(chain), (
                f"{chain} {token}: custody is not the state's reserve"
            )
        assert {key for key in self.story.ledger.fills if key in self.story.ledger.settled_keys} == set(
            self.story.ledger.repaid
        )
        self.count("finish")
