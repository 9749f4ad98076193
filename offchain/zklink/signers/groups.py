"""A group of signers: asks them one after the other until as many have signed as its contract asks for.

Takes signers, in this process or behind a port; gives evidence as contracts take it. With all keys in one process a
majority protects nobody: that is for local networks and tests.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from zklink.protocol.errors import EvidenceMissing, ZkLinkError
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, QueueFact
from zklink.signers.history import Path
from zklink.signers.ports import EndWord, SignerPort, ValidatorPort, WatcherPort
from zklink.signers.proposal import Proposal

S = TypeVar("S", bound=SignerPort)
T = TypeVar("T")


class SignerGroup(Generic[S]):
    """What both groups say."""

    def __init__(self, signers: Sequence[S], threshold: int | None = None) -> None:
        """`threshold` is the contract's; without it a majority of these signers."""
        self._signers = sorted(signers, key=lambda signer: int(signer.address, 16))
        self._threshold = threshold or len(signers) // 2 + 1

    @property
    def covered(self) -> Accepted:
        """The lowest of its signers' last ACCs."""
        return min((signer.covered for signer in self._signers), key=lambda place: place.number)

    def accepted(self, fact: Accepted, path: Path) -> bytes:
        """ACC. Raises EvidenceMissing."""
        return self._join(f"ACC({fact.number})", lambda signer: signer.accepted(fact, path))

    def end(self, fact: End, path: Path) -> EndWord:
        """END, and ACC for the same block. Raises EvidenceMissing."""
        words = self._gather(f"END({fact.number}) of chain {fact.member}", lambda signer: signer.end(fact, path))
        return EndWord(b"".join(word.end for word in words), b"".join(word.accepted for word in words))

    def denial(self, fact: EndDenial, path: Path) -> bytes:
        """The denial of an END. Raises EvidenceMissing."""
        return self._join(f"denial of END({fact.number})", lambda signer: signer.denial(fact, path))

    def _join(self, what: str, ask: Callable[[S], bytes]) -> bytes:
        return b"".join(self._gather(what, ask))

    def _gather(self, what: str, ask: Callable[[S], T]) -> list[T]:
        """The answers of exactly as many as it takes, in the order of the signers' addresses."""
        answers: list[T] = []
        reasons: list[str] = []
        for signer in self._signers:
            try:
                answers.append(ask(signer))
            except ZkLinkError as error:  # it has not seen it, has given another word, or cannot read or write now
                reasons.append(str(error))
            if len(answers) == self._threshold:
                return answers
        raise EvidenceMissing(what, len(answers), self._threshold, reasons[0] if reasons else "no other is named here")


class ValidatorGroup(SignerGroup[ValidatorPort]):
    """All validators."""

    def seal(self, proposal: Proposal) -> bytes:
        """The seal of a block. Raises EvidenceMissing."""
        return self._join(f"seal of block {proposal.number}", lambda signer: signer.seal(proposal))


class WatcherGroup(SignerGroup[WatcherPort]):
    """All watchers."""

    def queues(self, queues: Sequence[QueueFact]) -> bytes:
        """QUE, one evidence for all of these queues. Raises EvidenceMissing."""
        return self._join("QUE", lambda signer: signer.queues(queues))

    def frozen(self, fact: Frozen) -> bytes:
        """FRZ of a member. Raises EvidenceMissing."""
        return self._join(f"FRZ of chain {fact.chain}", lambda signer: signer.frozen(fact))
