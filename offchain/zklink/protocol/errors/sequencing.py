"""Blocks that are built, journalled and sent."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class RequestOutOfOrder(StateError):
    """A request was given to the mempool before an earlier one of its chain, or differs from the one it holds."""

    chain: int
    expected: int
    found: int

    def __str__(self) -> str:
        return f"chain {self.chain}: request {self.found} where {self.expected} is next"


@dataclass(eq=False)
class NoSuchTransition(StateError):
    """A block cannot take this step from the status it has."""

    status: str
    step: str

    def __str__(self) -> str:
        return f"a {self.status} block cannot {self.step}"


@dataclass(eq=False)
class NothingToSeal(StateError):
    """No confirmed request waits, or the next block of an earlier run waits for requests that are not confirmed yet."""

    def __str__(self) -> str:
        return "no confirmed request is waiting"


@dataclass(eq=False)
class UnknownBlock(StateError):
    """No block with this number is sealed."""

    number: int
    height: int

    def __str__(self) -> str:
        return f"block {self.number} is not sealed; the last one is {self.height}"


@dataclass(eq=False)
class JournalBroken(StateError):
    """A line of the sequencer's journal cannot be read."""

    line: int
    detail: str

    def __str__(self) -> str:
        return f"journal, line {self.line}: {self.detail}"


@dataclass(eq=False)
class JournalOutdated(StateError):
    """A request is no longer what it was when a block of an earlier run was sealed: that block and all after it are
    given up.
    """

    number: int

    def __str__(self) -> str:
        return f"a request of block {self.number} changed while the node was down"


@dataclass(eq=False)
class HistoryDiverged(StateError):
    """An accepted block is not the one sealed here, or the chain no longer has its requests; nothing can be sent on
    top of it.
    """

    chain: int
    number: int

    def __str__(self) -> str:
        return f"chain {self.chain} and the accepted block {self.number} sealed here do not agree"
