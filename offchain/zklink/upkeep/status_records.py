"""How a deployment stands: plain records, one for each chain, and what is wrong with it. Never asks a chain."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from zklink.l1.contracts.bridge_structs import NO_ADDRESS, EndState
from zklink.l1.contracts.timelock import Ownership
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, Lane
from zklink.recovery.member_reading import LentRent
from zklink.recovery.outcome import Window


class Urgency(IntEnum):
    """How soon somebody should look; the value is the exit code of `status`."""

    WELL = 0
    ATTENTION = 1
    ACT_NOW = 2
    UNKNOWN = 3


LOUDNESS: Final = (Urgency.ACT_NOW, Urgency.UNKNOWN, Urgency.ATTENTION)
"""Which of several alarms counts: what must be done now before what cannot be told, and that before the rest."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong on a chain. `kind` is for programs, `text` for people, `help` says what to do."""

    urgency: Urgency
    chain: str
    kind: str
    text: str
    help: str


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """A lane's queue: how many requests no block has, since when (UNIX seconds) the oldest waits, from when on anybody
    may call a freeze over it, and the window of a freeze that is called.
    """

    lane: Lane
    waiting: int
    oldest_since: int | None
    freeze_from: int | None
    called: Window | None


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """What a bridge holds and owes of a token. `balance`, `pending` and `fees` in L1 units, `custody` in layer-2 units,
    of which one is `scale` L1 units. `expected` is the custody that the state, the open requests and the payouts still
    owed give, in layer-2 units; None where the state was not rebuilt.
    """

    symbol: str
    balance: int
    pending: int
    custody: int
    scale: int
    fees: int
    expected: int | None = None

    @property
    def surplus(self) -> int:
        """The balance beyond all debts, in L1 units; below 0 the bridge lacks what it owes."""
        return self.balance - self.pending - self.custody * self.scale - self.fees


@dataclass(frozen=True, slots=True)
class PendingStatus:
    """A balance that could not be pushed to its owner, in L1 units; `symbol` is "coin" for coin of no token."""

    owner: str
    symbol: str
    amount: int


@dataclass(frozen=True, slots=True)
class AnnouncedFreeze:
    """A member's FRZ that waits on the primary."""

    member: str
    window: Window


@dataclass(frozen=True, slots=True)
class ComingMembers:
    """Members of a group that are announced, and until when they have no word."""

    group: Group
    members: int
    threshold: int
    window: Window


@dataclass(frozen=True, slots=True)
class WaitingProposal:
    """A proposal that can be executed from `ready` on, a time (UNIX seconds) and a block; `words` say what it does."""

    proposal_id: bytes
    words: tuple[str, ...]
    ready: Window


@dataclass(frozen=True, slots=True)
class SignerStatus:
    """A named account's coin, in wei, and how many units of gas it buys now."""

    name: str
    address: str
    coin: int
    gas: int


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """One chain. `age` is how many seconds its newest block is old; `lag` how many blocks of the protocol a member is
    behind the primary and `lag_since` when the first of these was made (UNIX seconds), None where the primary was not
    read. `quiet_since` is when the primary accepted its last block; None for members, and before the first block.
    `pace` is its blocks of a day of a window. `end` is None on the primary, `end_window` while no END waits.
    `is_astray`: a member's last block is none of the primary's history, as far as that was read. `owner` is whose its
    timelock is, None on local chains without one; `governor` is whom the deployment's record names. `authority` may
    upgrade a program and `lock` is the address of its timelock; empty for nobody, None for contracts. `lent` are the
    accounts of a program's newest blocks that are not closed.
    """

    chain_id: ChainId
    name: str
    is_primary: bool
    head: int
    time: int
    age: int
    block: int
    unpaid: int
    lag: int | None
    lag_since: int | None
    quiet_since: int | None
    is_frozen: bool
    is_exodus: bool
    is_founding: bool
    lanes: Sequence[LaneStatus]
    missing: Sequence[str]
    end: EndState | None
    end_window: Window | None
    freezes: Sequence[AnnouncedFreeze]
    coming: ComingMembers | None
    pending: Sequence[PendingStatus]
    tokens: Sequence[TokenStatus]
    signers: Sequence[SignerStatus]
    is_astray: bool = False
    owner: Ownership | None = None
    governor: str = NO_ADDRESS
    proposals: Sequence[WaitingProposal] = ()
    authority: str | None = None
    lock: str | None = None
    lent: Sequence[LentRent] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A chain that could not be read, and the reason."""

    chain_id: ChainId
    name: str
    is_primary: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """A deployment at one moment, `looked_at` in UNIX seconds."""

    deployment_hash: bytes
    looked_at: int
    chains: Sequence[ChainStatus | Unread]
    alarms: Sequence[Alarm] = field(default=())

    @property
    def urgency(self) -> Urgency:
        """The loudest of all alarms."""
        found = {alarm.urgency for alarm in self.alarms}
        return next((each for each in LOUDNESS if each in found), Urgency.WELL)
