"""Errors of published blocks that contradict their claims, and of blocks that were applied without paths."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class ReplayMismatch(StateError):
    """A published block and the state do not agree."""

    number: int
    what: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"block {self.number}: {self.what} is {self.found}, and should be {self.expected}"


@dataclass(eq=False)
class ReplayIncomplete(StateError):
    """A published block has a record without the one that belongs to it."""

    number: int
    slice: int
    what: str

    def __str__(self) -> str:
        return f"block {self.number}, slice {self.slice}: {self.what}"


@dataclass(eq=False)
class ReplayRefused(StateError):
    """A record of a published block cannot be read or applied; `__cause__` says why."""

    number: int
    slice: int
    detail: str

    def __str__(self) -> str:
        return f"block {self.number}, slice {self.slice}: {self.detail}"


@dataclass(eq=False)
class PathsMissing(StateError):
    """A block was applied without the paths that its witness needs."""

    number: int

    def __str__(self) -> str:
        return f"block {self.number} was applied without paths: apply it again with them to prove it"
