"""The payouts that a broker may still fill, by their keys. Takes what is offered and what a chain has paid; gives what
waits, and about what to ask next. Never asks a chain.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from zklink.broker.policy import Verdict
from zklink.broker.records import Candidate
from zklink.protocol.ids import BlockNumber, ChainId

ASKED_AT_ONCE: Final = 16
"""Payouts about which a chain is asked in one look."""


@dataclass(slots=True)
class Waiting:
    """A payout that waits; `is_held`: it is refused at present; `asked`: the last look that asked about it; `verdict`:
    the last one while its chain had not its block yet, None if its turn never came.
    """

    candidate: Candidate
    verdict: Verdict | None = None
    is_held: bool = False
    asked: int = 0


class WaitingList:
    """Payouts in the order in which they wait, those that are refused at present behind the others. One that its chain
    has paid leaves: every payout of a block that the chain has executed, and any other that the chain shows as filled.
    """

    def __init__(self) -> None:
        self._entries: dict[bytes, Waiting] = {}
        self._executed: dict[ChainId, BlockNumber] = {}
        self._looks = 0

    def __iter__(self) -> Iterator[Candidate]:
        return iter([entry.candidate for entry in _order(self._entries.values())])

    def __contains__(self, key: bytes) -> bool:
        return key in self._entries

    def put(self, key: bytes, candidate: Candidate, *, is_held: bool = False) -> None:
        """Let a payout wait, or replace what waits under its key and keep its turn."""
        self._entries[key] = Waiting(candidate, is_held=is_held)

    def put_offered(self, key: bytes, candidate: Candidate) -> None:
        """As `put`, for a payout of a sealed block; does nothing if its chain has executed the block."""
        before = self._entries.get(key)
        if before is not None and before.is_held:
            del self._entries[key]
        if not self._is_paid(candidate):
            self.put(key, candidate)

    def take(self, key: bytes) -> Waiting | None:
        """Take a payout out; gives what waited."""
        return self._entries.pop(key, None)

    def retract(self, after: BlockNumber) -> None:
        """Take out the payouts of blocks after `after`."""
        self._drop(lambda candidate: candidate.block > after)

    def list_waiting(self, chain: ChainId) -> list[Waiting]:
        """The payouts of a chain in their order."""
        return _order(entry for entry in self._entries.values() if entry.candidate.payout.chain == chain)

    def note_executed(self, chain: ChainId, executed: BlockNumber) -> list[tuple[bytes, Waiting]]:
        """A chain has paid everything up to a block: its payouts leave, and are given by their keys. A chain that says
        the same again says nothing: what a reorganisation has put back meanwhile waits on.
        """
        if self._executed.get(chain) == executed:
            return []
        self._executed[chain] = executed
        left = [(key, entry) for key, entry in self._entries.items() if self._is_paid(entry.candidate)]
        for key, _ in left:
            del self._entries[key]
        return left

    def list_asked(self, chain: ChainId, most: int = ASKED_AT_ONCE) -> list[tuple[bytes, Candidate]]:
        """At most so many payouts on a chain, those about which it was asked longest ago."""
        mine = [(key, entry) for key, entry in self._entries.items() if entry.candidate.payout.chain == chain]
        return [(key, entry.candidate) for key, entry in sorted(mine, key=lambda item: item[1].asked)[:most]]

    def note_asked(self, keys: Iterable[bytes]) -> None:
        """A chain has answered about these."""
        self._looks += 1
        for key in keys:
            if key in self._entries:
                self._entries[key].asked = self._looks

    def _is_paid(self, candidate: Candidate) -> bool:
        return candidate.block <= self._executed.get(candidate.payout.chain, 0)

    def _drop(self, does_leave: Callable[[Candidate], bool]) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if not does_leave(entry.candidate)}


def _order(entries: Iterable[Waiting]) -> list[Waiting]:
    """As they came, those that are refused at present behind the others."""
    return sorted(entries, key=lambda entry: entry.is_held)
