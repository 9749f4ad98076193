"""The broker's books as they are kept: the port to the place where fills outlive a restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from zklink.broker.records import Position


class Standing(Enum):
    """How certain a fill is."""

    DOUBTFUL = "doubtful"
    """It is about to be sent, was sent and its fate is unknown, or was lost and may come back."""
    FILLED = "filled"
    FINAL = "final"
    """It is repaid, and no reorganisation can take that."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A fill and its standing."""

    position: Position
    standing: Standing

    @property
    def is_filled(self) -> bool:
        """Whether it is sure to be a fill of this broker."""
        return self.standing is not Standing.DOUBTFUL


class FillBooks(Protocol):
    """Port: fills by their key. Safe to use from several threads; what is kept is durable when a call returns."""

    def load(self) -> Sequence[Kept]:
        """Every fill that is not final, the oldest first."""
        ...

    def load_final(self) -> Sequence[Position]:
        """Every fill that is final, the oldest first: what was earned, and by which leads."""
        ...

    def keep(self, kept: Kept) -> None:
        """Put a fill into the books, or what is now known of it in the place of what was."""
        ...

    def drop(self, key: bytes) -> None:
        """Nothing was filled under this key; does nothing if the books say so already."""
        ...


class NoBooks:
    """Books of a broker that remembers nothing after a restart: it asks bridges again, and finds what is open there."""

    def load(self) -> Sequence[Kept]:
        return ()

    def load_final(self) -> Sequence[Position]:
        return ()

    def keep(self, kept: Kept) -> None:
        pass

    def drop(self, key: bytes) -> None:
        pass


FORGETFUL: Final = NoBooks()
