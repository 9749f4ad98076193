"""What one chain's bridge says of itself now: how far it is, and its queues. Contract or program, the port is one."""

from dataclasses import dataclass
from typing import Protocol

from zklink.l1.contracts.bridge import BridgeClient
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import Lane
from zklink.sequencer.submitter import FinalView


class Standing(Protocol):
    """Port: a bridge at its chain's head, asked anew at each question. All raise RpcUnavailable."""

    @property
    def name(self) -> str:
        """The chain's."""
        ...

    def tip(self) -> Tip:
        """The last block that it has."""
        ...

    def final(self) -> FinalView | None:
        """What is final there; None if nothing is yet, and for a chain that is never the primary."""
        ...

    def count(self, lane: Lane) -> int:
        """How many requests a queue has had."""
        ...

    def queue_hash(self, lane: Lane, count: int) -> bytes:
        """The hash of a queue's first `count` requests; zero if the chain has forgotten it."""
        ...


@dataclass(frozen=True, slots=True)
class BridgeStanding:
    """The Standing of a chain whose bridge is a contract."""

    bridge: BridgeClient

    @property
    def name(self) -> str:
        return self.bridge.client.profile.name

    def tip(self) -> Tip:
        return self.bridge.history.tip()

    def final(self) -> FinalView | None:
        height = self.bridge.client.confirmed_height()
        if height < 0:
            return None
        return FinalView(self.bridge.client.block(height).timestamp, self.bridge.history.tip(block=height))

    def count(self, lane: Lane) -> int:
        return self.bridge.request_counts(lane).total

    def queue_hash(self, lane: Lane, count: int) -> bytes:
        return self.bridge.queue_hash(lane, count)
