"""The facts that travel between chains and the seal of a block, as groups sign them (EIP-712).

Takes numbers and hashes, gives the 32 bytes that are signed. A fact is timeless: late, twice or out of order is
harmless. Never signs, and knows nothing of who may say what (contracts/Groups.vy checks that).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.ids import BlockNumber, ChainId, Lane

DOMAIN_NAME: Final = "zkLink sync"
DOMAIN_VERSION: Final = "2"
DOMAIN_TYPE: Final = "EIP712Domain(string name,string version,bytes32 salt)"
SEAL_TYPE: Final = "Seal(uint64 number,bytes32 syncHash)"
ACCEPTED_TYPE: Final = "Accepted(uint64 number,bytes32 syncHash)"
QUEUE_TYPE: Final = "Queue(uint8 chain,uint8 lane,uint64 count,bytes32 hash)"
QUEUES_TYPE: Final = "Queues(Queue[] queues)" + QUEUE_TYPE
FROZEN_TYPE: Final = "Frozen(uint8 chain,uint32 round)"
END_TYPE: Final = "End(uint8 member,uint64 number,bytes32 syncHash,uint32 round)"
END_DENIAL_TYPE: Final = "EndDenial(uint8 member,uint64 number,bytes32 syncHash,uint32 round)"

DOMAIN_TYPE_HASH: Final = keccak256(DOMAIN_TYPE.encode())
DOMAIN_NAME_HASH: Final = keccak256(DOMAIN_NAME.encode())
DOMAIN_VERSION_HASH: Final = keccak256(DOMAIN_VERSION.encode())
SEAL_TYPE_HASH: Final = keccak256(SEAL_TYPE.encode())
ACCEPTED_TYPE_HASH: Final = keccak256(ACCEPTED_TYPE.encode())
QUEUE_TYPE_HASH: Final = keccak256(QUEUE_TYPE.encode())
QUEUES_TYPE_HASH: Final = keccak256(QUEUES_TYPE.encode())
FROZEN_TYPE_HASH: Final = keccak256(FROZEN_TYPE.encode())
END_TYPE_HASH: Final = keccak256(END_TYPE.encode())
END_DENIAL_TYPE_HASH: Final = keccak256(END_DENIAL_TYPE.encode())


class Group(IntEnum):
    """Whose evidence it is; no signer is in both."""

    VALIDATORS = 1
    WATCHERS = 2


class Fact(Protocol):
    """What a group signs."""

    def digest(self, deployment_hash: bytes) -> bytes:
        """The 32 bytes that a member of a group signs."""
        ...


@dataclass(frozen=True, slots=True)
class Seal:
    """Validators: block `number` of the history with this sync hash may enter the primary."""

    number: BlockNumber
    sync_hash: bytes

    def digest(self, deployment_hash: bytes) -> bytes:
        return _sign_for(deployment_hash, SEAL_TYPE_HASH, self.number, self.sync_hash)


@dataclass(frozen=True, slots=True)
class Accepted:
    """ACC, validators and watchers: the primary has accepted block `number` of the history with this sync hash."""

    number: BlockNumber
    sync_hash: bytes

    def digest(self, deployment_hash: bytes) -> bytes:
        return _sign_for(deployment_hash, ACCEPTED_TYPE_HASH, self.number, self.sync_hash)


@dataclass(frozen=True, slots=True)
class QueueFact:
    """On `chain`, the queue of this lane has this hash at its place `count`."""

    chain: ChainId
    lane: Lane
    count: int
    hash: bytes

    def struct_hash(self) -> bytes:
        """EIP-712 hash of one entry."""
        return keccak_words(QUEUE_TYPE_HASH, self.chain, self.lane, self.count, self.hash)

    def abi(self) -> tuple[object, ...]:
        """The tuple that the ABI takes."""
        return (int(self.chain), int(self.lane), self.count, self.hash)


@dataclass(frozen=True, slots=True)
class Queues:
    """QUE, watchers: one evidence for every queue that blocks of a call serve."""

    queues: tuple[QueueFact, ...]

    def digest(self, deployment_hash: bytes) -> bytes:
        entries = keccak256(b"".join(queue.struct_hash() for queue in self.queues))
        return _sign_for(deployment_hash, QUEUES_TYPE_HASH, entries)


@dataclass(frozen=True, slots=True)
class Frozen:
    """FRZ, watchers: this member is frozen. A void on the primary raises the round."""

    chain: ChainId
    round: int

    def digest(self, deployment_hash: bytes) -> bytes:
        return _sign_for(deployment_hash, FROZEN_TYPE_HASH, self.chain, self.round)


@dataclass(frozen=True, slots=True)
class End:
    """Validators, watchers: for this member the history ends at block `number` with this sync hash."""

    member: ChainId
    number: BlockNumber
    sync_hash: bytes
    round: int

    def digest(self, deployment_hash: bytes) -> bytes:
        return _sign_for(deployment_hash, END_TYPE_HASH, self.member, self.number, self.sync_hash, self.round)


@dataclass(frozen=True, slots=True)
class EndDenial:
    """Validators or watchers: this END, raised on this member in this round, is false."""

    member: ChainId
    number: BlockNumber
    sync_hash: bytes
    round: int

    def digest(self, deployment_hash: bytes) -> bytes:
        return _sign_for(deployment_hash, END_DENIAL_TYPE_HASH, self.member, self.number, self.sync_hash, self.round)


def compute_domain_separator(deployment_hash: bytes) -> bytes:
    """EIP-712 domain separator; the salt is the deployment, so one signature serves every chain of it."""
    return keccak_words(DOMAIN_TYPE_HASH, DOMAIN_NAME_HASH, DOMAIN_VERSION_HASH, deployment_hash)


def _sign_for(deployment_hash: bytes, *struct: int | bytes) -> bytes:
    return keccak256(b"\x19\x01" + compute_domain_separator(deployment_hash) + keccak_words(*struct))
