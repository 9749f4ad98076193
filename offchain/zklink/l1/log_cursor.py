"""The way along a contract's logs that believes no answer alone: one cursor for everybody who reads logs.

Takes a question for the events of a range of blocks, and a tally; gives each event once, in the chain's order. A tally
adds the events up and compares the sum with what the contract's own views say at the same height: counts, last numbers,
hashes, frozen or not. The cursor moves only when they agree, else the same blocks are read again, and after repeated
disagreement all blocks from the first. So a node that leaves events out, for one answer or for ever, is never believed,
and a first reading fails where the contract has more than the logs show. Never asks a node itself.
"""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, Self, TypeVar

from zklink.protocol.errors import LogsIncomplete, RequestGap, RpcUnavailable

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)
T = TypeVar("T", bound="Tally")  # type: ignore[type-arg]  # of the cursor's events


class Tally(Protocol[E_contra]):
    """Port: what a contract's events add up to. Immutable."""

    def after(self, events: Sequence[E_contra]) -> Self:
        """The tally with the events that came next. Raises LogsIncomplete or RequestGap if one is left out."""
        ...

    def check(self, height: int) -> None:
        """Raise LogsIncomplete or RequestGap unless the contract's views at block `height` say the same."""
        ...


class LogCursor(Generic[E, T]):
    """A reader's place in the logs of one contract. `tally` is of all blocks below `next_block`."""

    def __init__(self, chain: str, read: Callable[[int, int], Sequence[E]], from_block: int, tally: T) -> None:
        self._chain, self._read = chain, read
        self._start = from_block, tally
        self.next_block, self.tally = self._start
        self._highest = -1
        self._doubts = 0

    def check_height(self, height: int) -> None:
        """Raise RpcUnavailable if a node is behind the blocks that were read before."""
        if height < self._highest:
            detail = f"the node confirms block {height}, behind block {self._highest} that was read before"
            raise RpcUnavailable(self._chain, "eth_getBlockByNumber", 1, detail)

    def advance(self, height: int) -> tuple[E, ...]:
        """The events of all blocks up to `height` that were not read yet; after a restart also those of earlier ones.

        Raises LogsIncomplete, RequestGap, RpcUnavailable; then the cursor has not moved forward.
        """
        self.check_height(height)
        if height < self.next_block:
            return ()
        events = tuple(self._read(self.next_block, height))
        try:
            tally = self.tally.after(events)
            tally.check(height)
        except (LogsIncomplete, RequestGap):
            self._doubts += 1
            if self._doubts.bit_count() == 1 < self._doubts:  # 2, 4, 8, ..: what was read before may be wrong too
                self.restart()
            raise
        self._doubts = 0
        self.next_block, self.tally, self._highest = height + 1, tally, height
        return events

    def go_back(self, next_block: int, tally: T) -> None:
        """Take an earlier place: the chain was rewritten from `next_block` on."""
        self.next_block, self.tally = max(next_block, self._start[0]), tally
        self._highest = self.next_block - 1 if self.next_block > self._start[0] else -1

    def restart(self) -> None:
        """Read everything again; a node that is behind is still noticed."""
        self.next_block, self.tally = self._start
