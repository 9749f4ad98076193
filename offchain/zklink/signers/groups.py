"""A group of signers: asks them one after the other until as many have signed as its contract asks for.

Takes signers, in this process or behind a port; gives evidence as contracts take it. Contracts refuse evidence with the
word of anybody who is no member, so whoever was removed is not asked, and need not be taken off a list first; and while
chains have different members, those of all chains are asked before the others. With all keys in one process a majority
protects nobody: that is for local networks and tests.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from zklink.l1.contracts.bridge_structs import GroupMembers
from zklink.protocol.errors import EvidenceMissing, ZkLinkError
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, QueueFact
from zklink.signers.history import Path
from zklink.signers.ports import EndWord, SignerPort, ValidatorPort, WatcherPort
from zklink.signers.proposal import Proposal

S = TypeVar("S", bound=SignerPort)
T = TypeVar("T")


class SignerGroup(Generic[S]):
    """What both groups say."""

    def __init__(
        self,
        signers: Sequence[S],
        threshold: int | None = None,
        read_members: Callable[[], Sequence[GroupMembers]] | None = None,
    ) -> None:
        """`threshold` is the contract's; without it a majority of these signers. `read_members` asks the contracts of
        one or more chains for it and for the members, now and before each word; while they do not answer, what they
        have said last holds.
        """
        by_address = {int(signer.address, 16): signer for signer in signers}
        self._listed = [by_address[address] for address in sorted(by_address)]
        self._read_members = read_members
        self._members: Sequence[GroupMembers] = () if read_members is None else read_members()
        self._threshold = threshold or len(self._listed) // 2 + 1

    @property
    def covered(self) -> Accepted:
        """The lowest of its signers' last ACCs."""
        return min((signer.covered for signer in self._choose() or self._listed), key=lambda place: place.number)

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
        self._look()
        answers: dict[int, T] = {}
        reasons: list[str] = []
        threshold = max((each.threshold for each in self._members), default=self._threshold)
        for signer in self._choose():
            try:
                answers[int(signer.address, 16)] = ask(signer)
            except ZkLinkError as error:  # it has not seen it, has given another word, or cannot read or write now
                reasons.append(str(error))
            if len(answers) == threshold:
                return [answers[address] for address in sorted(answers)]
        raise EvidenceMissing(what, len(answers), threshold, reasons[0] if reasons else "no other member is named here")

    def _look(self) -> None:
        """Ask who is a member now."""
        if self._read_members is not None:
            with suppress(ZkLinkError):
                self._members = self._read_members()

    def _choose(self) -> list[S]:
        """The signers that are members of any chain's group, those of most chains first."""
        if not self._members:
            return self._listed
        groups = [{int(member, 16) for member in each.members} for each in self._members]
        counts = {id(signer): sum(int(signer.address, 16) in group for group in groups) for signer in self._listed}
        return sorted((each for each in self._listed if counts[id(each)]), key=lambda each: -counts[id(each)])


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
