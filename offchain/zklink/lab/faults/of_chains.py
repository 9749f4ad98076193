"""What goes wrong on one chain: its past, its blocks, its clock, its fees, and what waits for a block.

Takes a world and a chain's name; changes the chain at once, or its pace for some rounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from zklink.lab.errors import PlanInapplicable
from zklink.lab.faults.base import REAL, Fault, count, is_whole
from zklink.lab.kinds import LITESVM

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld

GWEI: Final = 10**9
CANCEL_GAS: Final = 21_000


@dataclass(frozen=True, slots=True)
class OfChain(Fault):
    """A fault of the chain with this name."""

    chain: str

    def made_of(self, world: "LabWorld") -> str:
        return world.made_of(self.chain)

    @property
    def where(self) -> str:
        return self.chain


@dataclass(frozen=True, slots=True)
class Reorg(OfChain):
    """Other blocks in place of the last `depth`, of those made since rounds began. `back` are the places, in the list
    of their transactions, of those that come again, in that order; None is all. The others are gone.
    """

    backends = (*REAL, LITESVM)
    depth: int
    back: tuple[int, ...] | None = None

    def check(self, world: "LabWorld") -> None:
        # By class, not `super()`: slots make dataclasses other classes than the ones they were written as.
        Fault.check(self, world)
        if self.back is None:
            return
        if not isinstance(self.back, tuple) or not all(is_whole(place) and place >= 0 for place in self.back):
            raise PlanInapplicable(self.title, f"back is a list of places from 0, or nothing, not {self.back!r}")

    def strike(self, world: "LabWorld") -> None:
        chain = world.member(self.chain)
        depth = min(self.depth, world.own_height(self.chain))
        if depth < 1:
            world.story.tell_fault(self.chain, "a reorganisation finds no block of this play yet")
            return
        removed = chain.transactions(depth)
        places = range(len(removed)) if self.back is None else self.back
        again = list(dict.fromkeys(removed[place] for place in places if 0 <= place < len(removed)))
        chain.reorg(depth, again)
        gone = [world.story.name(each) for each in removed if each not in again]
        back = [world.story.name(each) for each in again]
        text = f"the last {count(depth, 'block')} {'is' if depth == 1 else 'are'} replaced by others"
        text += f"; back again: {', '.join(back)}" if back else ""
        text += f"; gone for good: {', '.join(gone)}" if gone else ""
        world.story.tell_fault(self.chain, text)

    def smaller(self) -> Iterator[Self]:
        """As for every fault, and with fewer that come back."""
        if self.back:
            yield replace(self, back=())
            for place in range(len(self.back)):
                yield replace(self, back=self.back[:place] + self.back[place + 1 :])
        yield from Fault.smaller(self)

    def __str__(self) -> str:
        order = "" if self.back is None else f"; of their transactions only {list(self.back)} come back"
        order = "; none of their transactions comes back" if self.back == () else order
        return f"{self.chain} replaces its last {count(self.depth, 'block')}{order}"


@dataclass(frozen=True, slots=True)
class Halt(OfChain):
    """No blocks for some rounds."""

    rounds: int

    def strike(self, world: "LabWorld") -> None:
        pace = world.pace(self.chain)
        pace.halted_until = max(pace.halted_until, world.coming_round + self.rounds - 1)
        world.story.tell_fault(self.chain, f"the chain halts for {count(self.rounds, 'round')}")

    def __str__(self) -> str:
        return f"{self.chain} halts for {count(self.rounds, 'round')}"


@dataclass(frozen=True, slots=True)
class SlowBlocks(OfChain):
    """Blocks only in one round of every `factor`."""

    least: ClassVar[dict[str, int]] = {"factor": 2}
    factor: int
    rounds: int

    def strike(self, world: "LabWorld") -> None:
        pace = world.pace(self.chain)
        pace.slow_factor, pace.slow_from = self.factor, world.coming_round - 1
        pace.slow_until = world.coming_round + self.rounds - 1
        world.story.tell_fault(self.chain, str(self).removeprefix(f"{self.chain} "))

    def __str__(self) -> str:
        return f"{self.chain} makes blocks in one of {self.factor} rounds, for {count(self.rounds, 'round')}"


@dataclass(frozen=True, slots=True)
class MissedBlocks(OfChain):
    """The next rounds with blocks have none: their producers were away."""

    rounds: int

    def strike(self, world: "LabWorld") -> None:
        world.pace(self.chain).missed += self.rounds
        world.story.tell_fault(self.chain, f"the blocks of the next {count(self.rounds, 'round')} are missing")

    def __str__(self) -> str:
        return f"{self.chain} misses the blocks of {count(self.rounds, 'round')}"


@dataclass(frozen=True, slots=True)
class Skew(OfChain):
    """The clock jumps; backwards, it stands still until time has caught up, as blocks cannot be older than before."""

    least: ClassVar[dict[str, int]] = {"seconds": -(10**9)}
    seconds: int

    def strike(self, world: "LabWorld") -> None:
        world.pace(self.chain).now += self.seconds
        world.story.tell_fault(self.chain, f"the clock jumps by {self.seconds} s")

    def __str__(self) -> str:
        return f"{self.chain}'s clock jumps by {self.seconds} s"


@dataclass(frozen=True, slots=True)
class Drift(OfChain):
    """From now on the clock runs so many per cent faster, or slower."""

    least: ClassVar[dict[str, int]] = {"percent": -99}
    percent: int

    def strike(self, world: "LabWorld") -> None:
        world.pace(self.chain).drift_percent = self.percent
        world.story.tell_fault(self.chain, f"the clock {str(self).partition(' clock ')[2]}")

    def __str__(self) -> str:
        way = "fast" if self.percent >= 0 else "slow"
        return f"{self.chain}'s clock runs {abs(self.percent)} % {way}"


@dataclass(frozen=True, slots=True)
class FeeSpike(OfChain):
    """Blocks ask for this base fee; transactions that offer less wait. (An anvil would throw them away.)"""

    backends = ("revm",)
    gwei: int
    rounds: int

    def strike(self, world: "LabWorld") -> None:
        until = world.coming_round + self.rounds - 1
        world.pace(self.chain).spike(world.chain(self.chain), self.gwei * GWEI, until)
        world.story.tell_fault(self.chain, f"gas costs {self.gwei} gwei for {count(self.rounds, 'round')}")

    def __str__(self) -> str:
        return f"{self.chain}'s base fee is {self.gwei} gwei for {count(self.rounds, 'round')}"


@dataclass(frozen=True, slots=True)
class FullPool(OfChain):
    """The node takes no further transaction in."""

    backends = ("revm",)
    rounds: int

    def strike(self, world: "LabWorld") -> None:
        pace = world.pace(self.chain)
        pace.full_until = world.coming_round + self.rounds - 1
        pace.apply_to_pool(world.chain(self.chain))
        world.story.tell_fault(self.chain, f"the node's pool is full for {count(self.rounds, 'round')}")

    def __str__(self) -> str:
        return f"{self.chain}'s pool is full for {count(self.rounds, 'round')}"


@dataclass(frozen=True, slots=True)
class Withheld(OfChain):
    """No block takes what waits now."""

    backends = ("revm", LITESVM)
    is_late = True
    rounds: int

    def strike(self, world: "LabWorld") -> None:
        pace, chain = world.pace(self.chain), world.member(self.chain)
        waiting = chain.waiting()
        pace.withheld.update(dict.fromkeys(waiting, world.coming_round + self.rounds - 1))
        pace.apply_to_pool(chain)
        what = ", ".join(map(world.story.name, waiting)) or "nothing: nothing waits"
        world.story.tell_fault(self.chain, f"withheld for {count(self.rounds, 'round')}: {what}")

    def __str__(self) -> str:
        return f"{self.chain}'s blocks withhold for {count(self.rounds, 'round')} what waits"


@dataclass(frozen=True, slots=True)
class Dropped(OfChain):
    """What waits is lost, and so is what is sent for some rounds: the node says each one's name, and no slot ever has
    it. Whoever sent it has to send it again.
    """

    backends = (LITESVM,)
    is_late = True
    rounds: int

    def strike(self, world: "LabWorld") -> None:
        pace, chain = world.pace(self.chain), world.member(self.chain)
        lost = ", ".join(map(world.story.name, chain.drop_waiting())) or "nothing: nothing waits"
        pace.dropping_until = world.coming_round + self.rounds - 1
        pace.apply_to_pool(chain)
        told = f"transactions are dropped for {count(self.rounds, 'round')}; of those that wait, {lost}"
        world.story.tell_fault(self.chain, told)

    def __str__(self) -> str:
        return f"{self.chain} drops transactions for {count(self.rounds, 'round')}"


@dataclass(frozen=True, slots=True)
class Replaced(OfChain):
    """The sender of a waiting transaction puts an empty one with the same nonce in its place; `which` of them is taken
    modulo how many there are.
    """

    backends = REAL
    is_late = True
    least: ClassVar[dict[str, int]] = {"which": 0}
    which: int = 0

    def strike(self, world: "LabWorld") -> None:
        chain = world.chain(self.chain)
        waiting = chain.waiting()
        if not waiting:
            world.story.tell_fault(self.chain, "somebody wants to replace a transaction, but none waits")
            return
        old = waiting[self.which % len(waiting)]
        known: Any = chain.w3.eth.get_transaction(old)  # type: ignore[arg-type]
        fees = ("maxFeePerGas", "maxPriorityFeePerGas") if known.get("maxFeePerGas") else ("gasPrice",)
        dearer = {name: 2 * int(known[name]) for name in fees}
        empty: Any = {"from": known["from"], "to": known["from"], "nonce": known["nonce"], "gas": CANCEL_GAS, **dearer}
        new = f"0x{bytes(chain.w3.eth.send_transaction(empty)).hex()}"
        world.story.names[new] = f"the replacement of {world.story.name(old)}"
        world.story.tell_fault(self.chain, f"{world.story.name(old)} is replaced by an empty transaction")

    def __str__(self) -> str:
        return f"{self.chain}: a waiting transaction is replaced by an empty one"
