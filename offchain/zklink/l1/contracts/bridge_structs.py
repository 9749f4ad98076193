"""The structs that users, the governor and owners in an exodus send to a chain, and what views answer
(contracts/interfaces); `abi()` gives the tuple that the ABI takes. The structs of blocks are in
`zklink.protocol.bridge_blocks`.

Amounts are layer-2 units unless a name says `l1_amount`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from eth_utils import to_checksum_address

from zklink.operations.ledger_data import NO_ACCOUNT
from zklink.protocol.errors import WrongAddressLength
from zklink.protocol.facts import Group
from zklink.protocol.ids import NO_CLASS, NO_TOKEN, AccountId, Amount, BlockNumber, ChainId, TokenClass, TokenId

NATIVE: Final = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
"""Stands for a chain's own coin where a token's address is expected."""

WEI_PER_GWEI: Final = 10**9

NO_ADDRESS: Final = "0x0000000000000000000000000000000000000000"


def universal_address(address: str) -> bytes:
    """The 32 bytes of an EVM address: 12 zero bytes, then the address."""
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def evm_address(address: bytes) -> str:
    """The EVM address in a universal address, with checksum; WrongAddressLength if it is not 32 bytes that hold one."""
    if len(address) != 32 or any(address[:12]):
        raise WrongAddressLength("EVM address", len(address.lstrip(b"\0")))
    return to_checksum_address(address[12:])


@dataclass(frozen=True, slots=True)
class SwapOrder:
    """A user's order to swap. `operator_fee` is in layer-2 units of token_in, `min_out` and `fill_fee` of token_out.

    `refund_to` gets the amount back if the swap is refunded; without it the sender does. `via`, 0 for none, is the
    token between that the swap goes through.
    """

    token_in: TokenId
    l1_amount: int
    destination: ChainId
    token_out: TokenId
    min_out: Amount
    operator_fee: Amount
    fill_fee: Amount
    recipient: bytes
    deadline: int
    refund_to: str | None = None
    via: TokenId = NO_TOKEN

    def abi(self, sender: str) -> tuple[object, ...]:
        """The tuple that `swap` takes from a sender."""
        return (
            self.token_in,
            self.l1_amount,
            self.destination,
            self.token_out,
            self.via,
            self.min_out,
            self.operator_fee,
            self.fill_fee,
            self.recipient,
            to_checksum_address(self.refund_to or sender),
            self.deadline,
        )


@dataclass(frozen=True, slots=True)
class DepositOrder:
    """A user's deposit; `owner` is the universal address whose account is credited.

    `account` is credited if it is the owner's, else another one of the owner, or a new one; 0 names none. `refund_to`
    gets the amount back in exodus; without it the sender does.
    """

    token_id: TokenId
    l1_amount: int
    owner: bytes
    account: AccountId = NO_ACCOUNT
    refund_to: str | None = None

    def abi(self, sender: str) -> tuple[object, ...]:
        """The tuple that `deposit` takes from a sender."""
        refund_to = to_checksum_address(self.refund_to or sender)
        return (self.token_id, self.l1_amount, self.owner, self.account, refund_to)


@dataclass(frozen=True, slots=True)
class Permit:
    """An EIP-2612 signature for the bridge as spender, for `value` (L1 units), which need not be the order's amount."""

    value: int
    deadline: int
    v: int
    r: bytes
    s: bytes

    def abi(self) -> tuple[object, ...]:
        """The tuple that the functions with a permit take."""
        return (self.value, self.deadline, self.v, self.r, self.s)


@dataclass(frozen=True, slots=True)
class TokenConfig:
    """A token on one chain; `token` is NATIVE, a contract, or NO_ADDRESS where the token is not on that chain."""

    chains: frozenset[ChainId]
    token: str
    layer2_decimals: int
    minimum: Amount
    cap: Amount
    token_class: TokenClass = NO_CLASS

    def abi(self) -> tuple[object, ...]:
        """The tuple that `register_token` takes."""
        mask, said = sum(1 << chain for chain in self.chains), self.token_class & ~TokenClass.REFUSES_NOTHING
        return (mask, to_checksum_address(self.token), self.layer2_decimals, self.minimum, self.cap, int(said))

    @classmethod
    def from_abi(cls, values: tuple[int, str, int, int, int, int]) -> "TokenConfig":
        """Read the answer of the view `token_config`."""
        mask, token, decimals, minimum, cap, said = values
        chains = frozenset(ChainId(k) for k in range(16) if mask >> k & 1)
        return cls(chains, to_checksum_address(token), decimals, Amount(minimum), Amount(cap), TokenClass(said))


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """The first price of a door and its bounds, in gwei of the chain's coin. `kind` is a chain for swaps to it, else a
    Door.
    """

    kind: int
    price_gwei: int
    low: int
    high: int

    def abi(self) -> tuple[int, int, int, int]:
        """The tuple that a registry's constructor takes."""
        return (self.kind, self.price_gwei, self.low, self.high)


@dataclass(frozen=True, slots=True)
class PriceState:
    """A door's price in gwei: `now`, and `later` from `counts_from` (UNIX seconds) on; and its bounds."""

    now: int
    later: int
    counts_from: int
    low: int
    high: int

    def at(self, time: int) -> int:
        """What a caller pays at a time, unless it is set again before."""
        return max(self.low, min(self.later if time >= self.counts_from else self.now, self.high))


@dataclass(frozen=True, slots=True)
class Exit:
    """An owner's share of a token (protocol section 11); `proof` is eight numbers in the precompile's order."""

    x0: int
    recipient_lo: int
    x1: int
    proof: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        """The four arguments of `exit`."""
        return (self.x0, self.recipient_lo, self.x1, list(self.proof))


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """The number of requests ever put into one of a chain's queues, and how many of them blocks have consumed."""

    total: int
    consumed: int


@dataclass(frozen=True, slots=True)
class Solvency:
    """A bridge's balance and debts of a token: `balance` and `pending` in L1 units, `custody` in layer-2 units."""

    balance: int
    pending: int
    custody: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What requests have paid at a chain's doors, in wei: `open_wei` of those that no block has consumed, `earned_wei`
    what nobody has collected yet.
    """

    open_wei: int
    earned_wei: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A payout that a broker has paid: who is repaid, and when it was (UNIX seconds; 0 once it is executed)."""

    repay_to: str
    filled_at: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What a call pays at a door beside tokens: `fee_gwei`, which blocks earn, `burnt_gwei`, which nobody gets, and
    `coin`, the amount in wei where it is the chain's own coin that comes in.
    """

    fee_gwei: int
    burnt_gwei: int = 0
    coin: int = 0

    @property
    def fee_wei(self) -> int:
        """All that is no amount, in wei."""
        return (self.fee_gwei + self.burnt_gwei) * WEI_PER_GWEI

    @property
    def value(self) -> int:
        """The coin that goes with the call, in wei."""
        return self.fee_wei + self.coin


@dataclass(frozen=True, slots=True)
class Parts:
    """The contracts that a bridge relies on."""

    registry: str
    history: str
    end: str
    exodus: str

    def abi(self) -> tuple[object, ...]:
        """The tuple that the bridge's constructor takes."""
        return (self.registry, self.history, self.end, self.exodus)


@dataclass(frozen=True, slots=True)
class HistoryParts:
    """The contracts that a history relies on."""

    bridge: str
    groups: str
    end: str
    exodus: str
    swap_verifier: str
    account_verifier: str

    def abi(self) -> tuple[object, ...]:
        """The tuple that a history's constructor takes."""
        return (self.bridge, self.groups, self.end, self.exodus, self.swap_verifier, self.account_verifier)


@dataclass(frozen=True, slots=True)
class GroupMembers:
    """The signers of a group, and how many of them it takes."""

    members: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class ComingGroup:
    """A group's next signers, and the time (UNIX seconds) and the block in which the governor has announced them."""

    group: Group
    signers: GroupMembers
    announced_at: int
    announced_in: int


@dataclass(frozen=True, slots=True)
class FreezeCall:
    """The request over which a freeze is called, and the time (UNIX seconds) and the block of the call; zero where none
    is.
    """

    request_id: int
    called_at: int
    called_in: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """The round of a member's FRZ, and the time (UNIX seconds) and the block in which it was shown; zero where none
    waits.
    """

    round: int
    announced_at: int
    announced_in: int


class EndWord(IntEnum):
    """Whose word an END is."""

    NONE = 0
    WATCHERS = 1
    VALIDATORS_AND_GOVERNOR = 2
    VALIDATORS_AND_WATCHERS = 3


@dataclass(frozen=True, slots=True)
class EndState:
    """The END that is raised on a member, and how far the contest about it has come: since when (UNIX seconds) and in
    which block. Where none is raised, all but the round is zero.
    """

    round: int
    word: EndWord
    stands: bool
    denied_by_validators: bool
    denied_by_governor: bool
    number: BlockNumber
    sync_hash: bytes
    raised_at: int
    raised_in: int

    @classmethod
    def from_abi(cls, values: Sequence[Any]) -> "EndState":
        """Read the struct `EndState`."""
        round_, word, stands, by_validators, by_governor, number, sync_hash, raised_at, raised_in = values
        return cls(
            round=round_,
            word=EndWord(word),
            stands=stands,
            denied_by_validators=by_validators,
            denied_by_governor=by_governor,
            number=BlockNumber(number),
            sync_hash=bytes(sync_hash),
            raised_at=raised_at,
            raised_in=raised_in,
        )
