"""What happened, in plain words: one line per step, with the round and the chain or the way between chains.

Takes sentences; gives the text that a developer reads when something fails. Never judges.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

FAULT: Final = "FAULT"


@dataclass(frozen=True, slots=True)
class Line:
    """One step. `where` is a chain's name or a way's, empty for all chains."""

    round: int
    where: str
    text: str


@dataclass(slots=True)
class Story:
    """The steps so far, in order; `round` is the one that runs."""

    lines: list[Line] = field(default_factory=list)
    round: int = 0
    names: dict[str, str] = field(default_factory=dict)
    """What the transactions with these hashes are for."""
    unit: str = "round"
    """What is counted."""

    def tell(self, where: str, text: str) -> None:
        """Something happened in this round."""
        self.lines.append(Line(self.round, where, text))

    def tell_fault(self, where: str, text: str) -> None:
        """A fault struck in this round."""
        self.tell(where, f"{FAULT}: {text}")

    def name(self, tx_hash: str) -> str:
        """What a transaction is for."""
        return self.names.get(tx_hash, f"transaction {tx_hash[:8]}..")

    def copy(self) -> "Story":
        """The same story, to be told on its own."""
        return Story(list(self.lines), self.round, dict(self.names), self.unit)

    def __str__(self) -> str:
        return render(self.lines, self.unit)


def render(lines: Iterable[Line], unit: str = "round") -> str:
    """The steps as a table; a round, or whatever the unit is, is named once."""
    listed = list(lines)
    width = max((len(line.where) for line in listed), default=0)
    rows, last = [], -1
    for line in listed:
        number = f"{unit} {line.round}" if line.round != last else ""
        last = line.round
        rows.append(f"{number:<9} {line.where:<{width}}  {line.text}" if width else f"{number:<9} {line.text}")
    return "\n".join(rows)
