"""What a relayer counts: how orders were answered, what became of those that it took, what is at risk, and its coin.

Takes what a relayer tells; gives plain numbers, by chain. Safe to use from several threads. Keeps no owner, order or
amount of anybody's.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from zklink.protocol.ids import ChainId
from zklink.relayer.records import Standing

RECEIVED = "received"
REPEATED = "repeated"
"""It was on the books already."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A relayer's place on a chain at a time: orders on their way, what they and those in vain of the last day may
    cost or have cost, and the coin of its account, both in wei.
    """

    open_orders: int
    at_risk_wei: int
    coin_wei: int


@dataclass
class RelayMeter:
    """Counts since the start. `names` are the chains' names; `budget_wei` may be lost on each in a day."""

    names: Mapping[ChainId, str]
    budget_wei: int
    _answers: Counter[tuple[ChainId, str]] = field(default_factory=Counter)
    _ends: Counter[tuple[ChainId, Standing]] = field(default_factory=Counter)
    _holdings: dict[ChainId, Holding] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note_answer(self, chain: ChainId, answer: str) -> None:
        """An order was answered: RECEIVED, REPEATED, or the code of its refusal. Those for no chain of the deployment
        are not counted.
        """
        if chain in self.names:
            with self._lock:
                self._answers[chain, answer] += 1

    def note_end(self, chain: ChainId, standing: Standing) -> None:
        """An order is open no more."""
        with self._lock:
            self._ends[chain, standing] += 1

    def note_holding(self, chain: ChainId, holding: Holding) -> None:
        """How things stand on a chain now."""
        with self._lock:
            self._holdings[chain] = holding

    def count_answers(self, chain: ChainId, answer: str) -> int:
        with self._lock:
            return self._answers[chain, answer]

    def count_ends(self, chain: ChainId, standing: Standing) -> int:
        with self._lock:
            return self._ends[chain, standing]

    def holding(self, chain: ChainId) -> Holding | None:
        """The last that was noted of a chain."""
        with self._lock:
            return self._holdings.get(chain)
