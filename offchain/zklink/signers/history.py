"""A piece of the history by its block commitments: how a signer sees that one sync hash follows from another. Pure."""

from dataclasses import dataclass

from zklink.protocol.bridge_hashes import fold
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber


@dataclass(frozen=True, slots=True)
class Path:
    """The commitments of blocks `start` + 1, `start` + 2, and so on."""

    start: BlockNumber
    commitments: tuple[bytes, ...] = ()

    def leads(self, since: Accepted, to: Accepted) -> bool:
        """Whether the history that stands at `since` has block `to`, as this path tells it."""
        first, last = since.number - self.start, to.number - self.start
        if not 0 <= first <= last <= len(self.commitments):
            return since == to
        return fold(since.sync_hash, self.commitments[first:last]) == to.sync_hash
