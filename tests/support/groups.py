"""Validators and watchers whose keys the tests know: they sign whatever a test tells them, true or not.

Takes facts (zklink.protocol.facts), gives evidence as contracts take it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import PrivateKey

from zklink.primitives.keccak import keccak256
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, QueueFact, Queues, Seal
from zklink.protocol.ids import BlockNumber, ChainId

STRANGER_KEY = PrivateKey(keccak256(b"in no group"))


class Acc(NamedTuple):
    """The evidence of both groups for an ACC, in the order in which calls take it."""

    validators: bytes
    watchers: bytes


NO_ACC = Acc(b"", b"")
"""In its place where END stands."""


@dataclass(frozen=True)
class KnownGroup:
    """A group's keys, ascending by address, and how many of them it takes."""

    keys: tuple[PrivateKey, ...]
    threshold: int

    @classmethod
    def make(cls, name: str, size: int = 5, threshold: int = 3) -> "KnownGroup":
        """A group of its own keys."""
        return cls(sort_keys(PrivateKey(keccak256(f"{name} {i}".encode())) for i in range(size)), threshold)

    @classmethod
    def of(cls, accounts: Iterable[LocalAccount], threshold: int) -> "KnownGroup":
        """A group of these accounts."""
        return cls(sort_keys(PrivateKey(bytes(account.key)) for account in accounts), threshold)

    @property
    def members(self) -> tuple[str, ...]:
        """Their addresses, ascending."""
        return tuple(key.public_key.to_checksum_address() for key in self.keys)

    def evidence(self, digest: bytes, keys: Sequence[PrivateKey] | None = None) -> bytes:
        """Signatures of these keys, in their order; without any, of just enough members."""
        return b"".join(sign(digest, key) for key in (self.keys[: self.threshold] if keys is None else keys))


@dataclass(frozen=True)
class KnownGroups:
    """Both groups of a deployment. One evidence serves every chain."""

    deployment_hash: bytes = bytes(32)
    validators: KnownGroup = field(default_factory=lambda: KnownGroup.make("validator"))
    watchers: KnownGroup = field(default_factory=lambda: KnownGroup.make("watcher"))

    def group(self, group: Group) -> KnownGroup:
        """One of them."""
        return self.validators if group is Group.VALIDATORS else self.watchers

    def sign(self, fact: Fact, group: Group, keys: Sequence[PrivateKey] | None = None) -> bytes:
        """A group's evidence for a fact."""
        return self.group(group).evidence(fact.digest(self.deployment_hash), keys)

    def seal(self, number: int, sync_hash: bytes) -> bytes:
        """The validators' seal of a block."""
        return self.sign(Seal(BlockNumber(number), sync_hash), Group.VALIDATORS)

    def queues(self, facts: Iterable[QueueFact]) -> bytes:
        """The watchers' QUE."""
        return self.sign(Queues(tuple(facts)), Group.WATCHERS)

    def acc(self, number: int, sync_hash: bytes) -> Acc:
        """ACC of both groups."""
        fact = Accepted(BlockNumber(number), sync_hash)
        return Acc(self.sign(fact, Group.VALIDATORS), self.sign(fact, Group.WATCHERS))

    def frozen(self, chain: ChainId, round_: int = 0) -> bytes:
        """The watchers' FRZ."""
        return self.sign(Frozen(chain, round_), Group.WATCHERS)

    def end(self, fact: End, group: Group) -> bytes:
        """A group's END."""
        return self.sign(fact, group)

    def denial(self, fact: End, group: Group) -> bytes:
        """A group's denial of an END."""
        return self.sign(EndDenial(fact.member, fact.number, fact.sync_hash, fact.round), group)


@lru_cache(maxsize=4096)
def sign(digest: bytes, key: PrivateKey) -> bytes:
    """65 bytes r || s || v; a key signs a digest in one way alone."""
    signature = key.sign_msg_hash(digest)
    return bytes(signature.r.to_bytes(32, "big") + signature.s.to_bytes(32, "big") + bytes([signature.v + 27]))


def sort_keys(keys: Iterable[PrivateKey]) -> tuple[PrivateKey, ...]:
    """Ascending by address, as evidence must be."""
    return tuple(sorted(keys, key=lambda key: int(key.public_key.to_address(), 16)))
