"""What the groups of one chain make of evidence: their contract is asked before anything is shown to the chain.

Takes facts and evidence; gives whether the chain takes them, or those that it takes. What it has refused is set aside
for that chain alone, and only as long as its groups have the members that they had then. Never sends anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Protocol

from zklink.l1.contracts.bridge_structs import GroupMembers
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Accepted, End, EndDenial, Frozen, Group, Seal
from zklink.recovery.words_kept import Both, Word, WordsKept

Members = tuple[GroupMembers, ...]


class Groups(Protocol):
    """Port: the groups as one chain has them; each check raises CallReverted for evidence that the chain refuses."""

    def members(self, group: Group) -> GroupMembers: ...

    def check_seal(self, deployment_hash: bytes, fact: Seal, validators: bytes) -> None: ...

    def check_accepted(self, deployment_hash: bytes, fact: Accepted, validators: bytes, watchers: bytes) -> None: ...

    def check_frozen(self, deployment_hash: bytes, fact: Frozen, watchers: bytes) -> None: ...

    def check_end(self, deployment_hash: bytes, fact: End, group: Group, evidence: bytes) -> None: ...

    def check_denial(self, deployment_hash: bytes, fact: EndDenial, group: Group, evidence: bytes) -> None: ...


@dataclass
class Judge:
    """The groups of one chain. Raises RpcUnavailable."""

    groups: Groups
    deployment_hash: bytes
    members: Members = ()
    refused: set[tuple[Word, tuple[bytes, ...]]] = field(default_factory=set)

    def look(self) -> "Judge":
        """Forget what was refused if the groups have other members since; call it once before each search."""
        members = tuple(self.groups.members(group) for group in Group)
        if members != self.members:
            self.members = members
            self.refused.clear()
        return self

    def takes(self, fact: Word, group: Group, *evidence: bytes) -> bool:
        """Whether the chain takes the evidence of a group, or for ACC that of both, for a fact."""
        said = fact, (bytes([group]), *evidence)
        if said in self.refused:
            return False
        try:
            self._check(fact, group, *evidence)
        except CallReverted:
            self.refused.add(said)
            return False
        return True

    def choose(self, kept: WordsKept, fact: Word, group: Group) -> bytes:
        """Kept evidence of a group that the chain takes; empty if there is none."""
        return self._first(fact, group, kept.of(fact, group))

    def choose_both(self, kept: WordsKept, place: Accepted) -> Both | None:
        """Kept evidence of ACC that the chain takes; None if there is none."""
        said = product(kept.of(place, Group.VALIDATORS), kept.of(place, Group.WATCHERS))
        return next((both for both in said if self.takes(place, Group.VALIDATORS, *both)), None)

    def _first(self, fact: Word, group: Group, evidence: Iterable[bytes]) -> bytes:
        return next((each for each in evidence if self.takes(fact, group, each)), b"")

    def _check(self, fact: Word, group: Group, *evidence: bytes) -> None:
        groups, hash_ = self.groups, self.deployment_hash
        match fact:
            case Seal():
                groups.check_seal(hash_, fact, *evidence)
            case Accepted():
                groups.check_accepted(hash_, fact, *evidence)
            case Frozen():
                groups.check_frozen(hash_, fact, *evidence)
            case End():
                groups.check_end(hash_, fact, group, *evidence)
            case EndDenial():
                groups.check_denial(hash_, fact, group, *evidence)
