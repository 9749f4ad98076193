"""Errors of the ceremony that makes keys for value."""

from dataclasses import dataclass

from zklink.protocol.errors.base import ProverError


@dataclass(eq=False)
class CeremonyBroken(ProverError):
    """A ceremony's files are not what its transcript says, or its keys do not come from the contributions that it
    lists. Nothing was changed.
    Do: Take the files anew from whoever publishes them; if it stays, go back to the last contribution that verifies.
    """

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(eq=False)
class CeremonyRefused(ProverError):
    """A step of a ceremony cannot be done now; nothing was changed.
    Do: What the reason says.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason
