"""Delivers signed acceptances to every chain that needs them, and freezes to every chain.

Takes a committee and the bridges; sends each message with its evidence. Before every delivery it asks the destination
which messages it knows, so a lost receipt, a restart or another relayer costs at most a transaction without effect.
Never signs a message.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zklink.l1.transport.receipts import Receipt
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage
from zklink.relayer.committee import Committee


class Destination(Protocol):
    """Port: the bridge that receives messages, with the relayer's account behind it."""

    def accepted(self) -> BlockNumber:
        """The last block that the destination has accepted."""
        ...

    def acknowledged(self, source: ChainId) -> BlockNumber:
        """The last block whose acceptance by `source` counts on the destination."""
        ...

    def is_message_known(self, message: SyncMessage) -> bool:
        """Whether the destination has received the message, applied or not."""
        ...

    def is_freeze_known(self, source: ChainId) -> bool:
        """Whether the destination knows that `source` has frozen."""
        ...

    def receive_messages(self, messages: Sequence[tuple[SyncMessage, bytes]]) -> Sequence[Receipt]:
        """Deliver messages with their evidence, in this order; on a slow chain they share a block."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that was delivered."""

    destination: ChainId
    message: SyncMessage
    receipt: Receipt


def choose_message(
    messages: Sequence[SyncMessage],
    is_primary: bool,
    accepted: BlockNumber,
    acknowledged: BlockNumber,
    is_known: Callable[[SyncMessage], bool],
) -> SyncMessage | None:
    """The newest acceptance of one source that the destination needs; `messages` ascending.

    An acceptance by the primary is useful at once: the destination applies it when it proves. An acceptance by another
    chain counts only for blocks that the destination has accepted, so it waits until then. The submitter applies a
    message that is known but not applied yet.
    """
    for message in reversed(messages):
        if message.number <= acknowledged:
            return None
        if is_primary or message.number <= accepted:
            return None if is_known(message) else message
    return None


class Relayer:
    """Brings each destination up to date.

    `is_needed(source, after, number)` can save deliveries that no block waits for: acknowledgements of a chain that no
    block in (after, number] concerns.
    """

    def __init__(
        self,
        committee: Committee,
        destinations: Mapping[ChainId, Destination],
        primary: ChainId,
        is_needed: Callable[[ChainId, BlockNumber, BlockNumber], bool] = lambda source, after, number: True,
    ) -> None:
        self._committee = committee
        self._destinations = destinations
        self._primary = primary
        self._is_needed = is_needed

    def watch(self, source: ChainId) -> None:
        """Let the committee read the newly final events of `source`."""
        self._committee.watch(source)

    def message_count(self) -> int:
        """How many messages the committee would sign now; while the number stays, there is nothing new to deliver."""
        return sum(len(self._committee.messages(source)) for source in self._destinations)

    def deliver(self, destination: ChainId) -> tuple[Delivered, ...]:
        """Send the messages that `destination` needs: from each source at most one acceptance and its freeze, the
        primary's first. Raises QuorumMissing and the errors of sending.
        """
        bridge = self._destinations[destination]
        accepted = bridge.accepted()
        due: list[SyncMessage] = []
        for source in sorted(self._destinations, key=lambda chain: (chain != self._primary, chain)):
            messages = () if source == destination else self._committee.messages(source)
            if not messages:
                continue
            acknowledged = bridge.acknowledged(source)
            acceptances = [message for message in messages if message.kind is MessageKind.ACC]
            is_primary = source == self._primary
            message = choose_message(acceptances, is_primary, accepted, acknowledged, bridge.is_message_known)
            if message is not None and self._is_needed(source, acknowledged, message.number):
                due.append(message)
            freezes = [message for message in messages if message.kind is MessageKind.FRZ]
            if freezes and not bridge.is_freeze_known(source):
                due += freezes
        if not due:
            return ()
        receipts = bridge.receive_messages([(message, self._committee.evidence(message)) for message in due])
        return tuple(Delivered(destination, message, receipt) for message, receipt in zip(due, receipts, strict=True))
