"""How a member whose bridge is a program stands, as plain records: what status and watch judge. Never asks a chain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zklink.l1.contracts.bridge_structs import ComingGroup, EndState, FreezeCall
from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import Request
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import BlockNumber, Lane, TokenId


@dataclass(frozen=True, slots=True)
class TokenReading:
    """What a bridge holds and owes of a token: `balance`, `owed` and `fees` in the mint's units (lamports), `custody`
    in layer-2 units, of which one is `scale` of them.
    """

    balance: int
    owed: int
    custody: int
    scale: int
    fees: int


@dataclass(frozen=True, slots=True)
class LockedCalls:
    """A proposal of the program's timelock that waits: its number, and since when (UNIX seconds, slot)."""

    number: int
    proposed_at: int
    proposed_in: int


@dataclass(frozen=True, slots=True)
class LentRent:
    """An imported block's account that nobody has closed: `lamports` are what its writer, in base58, gets back.
    `waiting` are its payouts that are not paid.
    """

    number: BlockNumber
    writer: str
    lamports: int
    is_executed: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class MemberReading:
    """A member in one slot of a level, `head`; its timelock and the program's authority a moment later. `waiting` are
    the requests that no block consumes, `open_fees` what they have paid, in lamports. `authority` may upgrade the
    program, `lock` is the address that governs by the record; both are base58, or empty for nobody. `lent` are the
    accounts of the newest blocks that are not closed, as many as the bridge names and one question can ask for.
    `queue_hashes` are those of a lane after its last requests, by their number.
    """

    head: BlockInfo
    tip: Tip
    is_frozen: bool
    is_exodus: bool
    end: EndState
    blocks_per_day: int
    waiting: Mapping[Lane, Sequence[Request]]
    called: Mapping[Lane, FreezeCall]
    coming: ComingGroup | None
    tokens: Mapping[TokenId, TokenReading]
    open_fees: int
    authority: str
    lock: str
    is_founding: bool = False
    proposals: Sequence[LockedCalls] = ()
    lent: Sequence[LentRent] = ()
    queue_hashes: Mapping[Lane, Mapping[int, bytes]] = field(default_factory=dict)
