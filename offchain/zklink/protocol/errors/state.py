"""Impossible states and blocks."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class TokenOutOfRange(StateError):
    """A token id has no place in the token tree of this preset."""

    token_id: int
    limit: int

    def __str__(self) -> str:
        return f"token {self.token_id} is not in 0..{self.limit - 1}"


@dataclass(eq=False)
class AccountOutOfRange(StateError):
    """An account id has no place in the account tree of this preset."""

    account: int
    limit: int

    def __str__(self) -> str:
        return f"account {self.account} is not in 0..{self.limit - 1}"


@dataclass(eq=False)
class OrderSlotOutOfRange(StateError):
    """An order slot has no place in an account's order tree of this preset."""

    slot: int
    limit: int

    def __str__(self) -> str:
        return f"order slot {self.slot} is not in 0..{self.limit - 1}"


@dataclass(eq=False)
class NotAPool(StateError):
    """A pool is between two different tokens, the lower id first."""

    lower: int
    higher: int

    def __str__(self) -> str:
        return f"({self.lower}, {self.higher}) is not a pair of ascending token ids"


@dataclass(eq=False)
class AmountOutOfRange(StateError):
    """A reserve, fee or supply left the range of an amount, or a pool fee its own."""

    what: str
    value: int
    limit: int

    def __str__(self) -> str:
        return f"{self.what} = {self.value} is not in 0..{self.limit - 1}"


@dataclass(eq=False)
class WrongReserveCount(StateError):
    """A token row has one reserve for each of the MAX_CHAINS chains."""

    expected: int
    count: int

    def __str__(self) -> str:
        return f"a token row has {self.expected} reserves, not {self.count}"


@dataclass(eq=False)
class ConservationBroken(StateError):
    """The chains' reserves of a token, or an LP token's supply, differ from what the state owes (SOL-2)."""

    token_id: int
    held: int
    owed: int

    def __str__(self) -> str:
        return f"token {self.token_id}: {self.held} exist, the state owes {self.owed}"


@dataclass(eq=False)
class PoolsMiscounted(StateError):
    """The counter that names the next LP token differs from the number of pools, or the LP tokens do not follow from
    it.
    """

    counted: int
    found: int

    def __str__(self) -> str:
        return f"{self.counted} pools are counted and {self.found} are found with LP tokens of their own"


@dataclass(eq=False)
class GenesisInvalid(StateError):
    """A genesis that no deployment can start from."""

    reason: str

    def __str__(self) -> str:
        return f"genesis: {self.reason}"


@dataclass(eq=False)
class InadmissibleRequest(StateError):
    """A request that no bridge admits, so no block can contain it."""

    source: int
    request_id: int
    reason: str

    def __str__(self) -> str:
        return f"request {self.request_id} of chain {self.source}: {self.reason}"


@dataclass(eq=False)
class BlockFull(StateError):
    """The requests need more slots, token rows or pools than a block of this preset has."""

    what: str
    needed: int
    available: int

    def __str__(self) -> str:
        return f"the block needs {self.needed} {self.what} and has {self.available}"


@dataclass(eq=False)
class RequestOvertakes(StateError):
    """A block would consume a request before an earlier one of its chain: a full exit that is served in part, or one of
    share tokens, whose slot comes later in the block.
    """

    chain: int

    def __str__(self) -> str:
        return f"a request of chain {self.chain} comes in this block before an earlier one of its queue"
