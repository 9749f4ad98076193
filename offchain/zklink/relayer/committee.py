"""A quorum of committee members: gives the acceptances and freezes that it would sign, and the evidence for each.

`LocalCommittee` holds members whose keys are all in this process, for local networks and tests: there k of n protects
nobody. A committee of separate members implements the same port over whatever connects them. Never delivers a message.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from zklink.protocol.errors import L1Error, NotFinal, QuorumMissing
from zklink.protocol.ids import ChainId
from zklink.protocol.messages import SyncMessage
from zklink.relayer.member import CommitteeMember


class Committee(Protocol):
    """Port: the committee as a relayer sees it."""

    def watch(self, chain: ChainId) -> None:
        """Let the members read the newly final events of `chain`."""
        ...

    def messages(self, chain: ChainId) -> Sequence[SyncMessage]:
        """Acceptances of `chain` for which a quorum would sign, ascending, and its freeze at the end."""
        ...

    def evidence(self, message: SyncMessage) -> bytes:
        """Signatures of a quorum, as the transport wants them. Raises QuorumMissing."""
        ...


class LocalCommittee:
    """All members in this process."""

    def __init__(self, members: Sequence[CommitteeMember], threshold: int) -> None:
        self._members = sorted(members, key=lambda member: int(member.address, 16))
        self._threshold = threshold

    def watch(self, chain: ChainId) -> None:
        for member in self._members:
            member.watch(chain)

    def messages(self, chain: ChainId) -> tuple[SyncMessage, ...]:
        votes = Counter(message for member in self._members for message in member.messages(chain))
        agreed = (message for message, count in votes.items() if count >= self._threshold)
        return tuple(sorted(agreed, key=lambda message: (message.kind, message.number)))

    def evidence(self, message: SyncMessage) -> bytes:
        """Concatenated 65-byte signatures in strictly ascending order of signers, exactly as many as the threshold."""
        signatures: list[bytes] = []
        for member in self._members:
            try:
                signatures.append(member.sign(message))
            except (NotFinal, L1Error):  # this member has not seen it, or its node is away
                continue
            if len(signatures) == self._threshold:
                return b"".join(signatures)
        raise QuorumMissing(message.source_chain, message.number, len(signatures), self._threshold)
