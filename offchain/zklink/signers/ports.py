"""The ports of signers: a chain as a signer reads it, a signer as its group asks it, a group as everybody else asks it.

A signer in another process implements the same port over whatever connects it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, QueueFact
from zklink.protocol.ids import Lane
from zklink.signers.history import Path
from zklink.signers.proposal import Proposal


@dataclass(frozen=True, slots=True)
class EndState:
    """What a member's contract for its end says: the round, and the END that is pending or stands there, if any."""

    round: int
    end: Accepted | None


class ChainReader(Protocol):
    """Port: one chain as a signer reads it. `height` is an L1 block. Each answer raises RpcUnavailable."""

    def newest(self) -> BlockInfo:
        """The newest L1 block."""
        ...

    def final(self) -> BlockInfo | None:
        """The newest L1 block that counts as final; None if there is none yet."""
        ...

    def tip(self, height: int) -> Tip:
        """The last block that the chain has accepted or imported."""
        ...

    def is_frozen(self, height: int) -> bool:
        """Whether the chain is frozen; the primary also when it is silent."""
        ...

    def queue_hash(self, lane: Lane, count: int, height: int) -> bytes:
        """The rolling hash of a queue's first `count` requests; zero if there are not so many."""
        ...

    def end_state(self, height: int) -> EndState:
        """The round of a member and its END."""
        ...


@dataclass(frozen=True, slots=True)
class EndWord:
    """What goes together: a signature of END, and one of ACC for the same block (ADR 0018)."""

    end: bytes
    accepted: bytes


class SignerPort(Protocol):
    """Port: one signer of either group. Each answer is a signature, 65 bytes r || s || v, and raises a StateError that
    says why there is none.
    """

    @property
    def address(self) -> str: ...

    @property
    def covered(self) -> Accepted:
        """The last ACC that this signer has signed; at first the genesis."""
        ...

    def accepted(self, fact: Accepted, path: Path) -> bytes: ...

    def end(self, fact: End, path: Path) -> EndWord: ...

    def denial(self, fact: EndDenial, path: Path) -> bytes: ...


class ValidatorPort(SignerPort, Protocol):
    """Port: one validator. Whoever may ask it for seals can hold up the deployment, ten minutes with each block that
    nobody can prove: a validator in another process answers its sequencer alone.
    """

    def seal(self, proposal: Proposal) -> bytes: ...


class WatcherPort(SignerPort, Protocol):
    """Port: one watcher."""

    def queues(self, queues: Sequence[QueueFact]) -> bytes: ...

    def frozen(self, fact: Frozen) -> bytes: ...


class Group(Protocol):
    """Port: either group as everybody else asks it. Each answer is evidence: the signatures of a majority, ascending by
    signer. Raises EvidenceMissing.
    """

    @property
    def covered(self) -> Accepted:
        """The lowest of its signers' last ACCs: a path for this group starts there or below."""
        ...

    def accepted(self, fact: Accepted, path: Path) -> bytes: ...

    def end(self, fact: End, path: Path) -> EndWord: ...

    def denial(self, fact: EndDenial, path: Path) -> bytes: ...


class Validators(Group, Protocol):
    """Port: the group of validators."""

    def seal(self, proposal: Proposal) -> bytes: ...


class Watchers(Group, Protocol):
    """Port: the group of watchers."""

    def queues(self, queues: Sequence[QueueFact]) -> bytes: ...

    def frozen(self, fact: Frozen) -> bytes: ...
