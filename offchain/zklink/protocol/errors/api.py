"""Refusals of the public API, as its client meets them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zklink.protocol.errors.base import ApiError


@dataclass(eq=False)
class RequestRefused(ApiError):
    """A request that the API does not answer with a result; `code` is one of its table of refusals.
    Do: What the row of `code` in the table of refusals says.
    """

    code: str
    message: str
    details: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(eq=False)
class ServerNotStarted(ApiError):
    """The API cannot listen at this address.
    Do: Choose another port, or end what listens there.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"the API cannot listen at {self.host}:{self.port}: is the port taken?"
