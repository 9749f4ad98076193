"""One chain's queue of the account lane while a block is made: its next request, and when it moves on.

Takes the waiting requests in order; gives them one after the other. A full exit that was served in part stays the next
one. Never skips a request (QUE-1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from zklink.operations.full_exit import FullExitRequest
from zklink.operations.requests import AccountRequest
from zklink.protocol.presets import Preset


@dataclass(slots=True)
class RequestLine:
    """The requests of one chain, and how many of them the block has consumed."""

    requests: Sequence[AccountRequest]
    consumed: int = 0

    @property
    def head(self) -> AccountRequest | None:
        """The next request, None if there is no more."""
        return self.requests[self.consumed] if self.consumed < len(self.requests) else None

    def takes_pool_slot(self, preset: Preset) -> bool:
        """Whether the next request is a full exit of share tokens."""
        head = self.head
        return isinstance(head, FullExitRequest) and head.is_of_shares(preset)

    def advance(self) -> None:
        """The block consumes the next request."""
        self.consumed += 1
