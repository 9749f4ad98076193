"""The structs that users, the governor and owners in an exodus send to a chain (contracts/interfaces); `abi()` gives
the tuple that the ABI takes. The structs of blocks are in `zklink.protocol.bridge_blocks`.

Amounts are layer-2 units unless a name says `l1_amount`.
"""

from dataclasses import dataclass
from typing import Final

from eth_utils import to_checksum_address

from zklink.protocol.errors import WrongAddressLength
from zklink.protocol.ids import Amount, ChainId, TokenId

NATIVE: Final = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
"""Stands for a chain's own coin where a token's address is expected."""

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
    """A user's order to swap. `operator_fee` is in layer-2 units of token_in, `min_out` and `fill_fee` of token_out."""

    token_in: TokenId
    l1_amount: int
    destination: ChainId
    token_out: TokenId
    min_out: Amount
    operator_fee: Amount
    fill_fee: Amount
    recipient: bytes
    deadline: int

    def abi(self) -> tuple[object, ...]:
        """The tuple that `swap` takes."""
        return (
            self.token_in,
            self.l1_amount,
            self.destination,
            self.token_out,
            self.min_out,
            self.operator_fee,
            self.fill_fee,
            self.recipient,
            self.deadline,
        )


@dataclass(frozen=True, slots=True)
class DepositOrder:
    """A user's deposit; `owner` is the universal address whose account is credited."""

    token_id: TokenId
    l1_amount: int
    owner: bytes

    def abi(self) -> tuple[object, ...]:
        """The tuple that `deposit` takes."""
        return (self.token_id, self.l1_amount, self.owner)


@dataclass(frozen=True, slots=True)
class Permit:
    """An EIP-2612 signature for the bridge as spender and the order's l1_amount."""

    deadline: int
    v: int
    r: bytes
    s: bytes

    def abi(self) -> tuple[object, ...]:
        """The tuple that the functions with a permit take."""
        return (self.deadline, self.v, self.r, self.s)


@dataclass(frozen=True, slots=True)
class TokenConfig:
    """A token on one chain; `token` is NATIVE, a contract, or NO_ADDRESS where the token is not on that chain."""

    chains: frozenset[ChainId]
    token: str
    layer2_decimals: int
    minimum: Amount
    cap: Amount

    def abi(self) -> tuple[object, ...]:
        """The tuple that `register_token` takes."""
        mask = sum(1 << chain for chain in self.chains)
        return (mask, to_checksum_address(self.token), self.layer2_decimals, self.minimum, self.cap)

    @classmethod
    def from_abi(cls, values: tuple[int, str, int, int, int]) -> "TokenConfig":
        """Read the answer of the view `token_config`."""
        mask, token, decimals, minimum, cap = values
        chains = frozenset(ChainId(k) for k in range(16) if mask >> k & 1)
        return cls(chains, to_checksum_address(token), decimals, Amount(minimum), Amount(cap))


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
class Stages:
    """The last block of each stage on a chain."""

    committed: int
    proven: int
    accepted: int
    executed: int


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """The number of requests ever put into one of a chain's queues, and how many of them are in executed blocks."""

    total: int
    settled: int


@dataclass(frozen=True, slots=True)
class Solvency:
    """A bridge's balance and debts of a token: `balance` and `pending` in L1 units, `custody` in layer-2 units."""

    balance: int
    pending: int
    custody: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The contracts that a bridge relies on."""

    token_registry: str
    reader: str
    sync_ledger: str
    exodus: str
    swap_verifier: str
    account_verifier: str


@dataclass(frozen=True, slots=True)
class FreezeState:
    """Whether a chain is frozen, and how far its exodus has come.

    `frozen_at` is the last block that it had accepted then. `common_block` is the last block that is known to be
    common; if `is_common_known`, no later one is.
    """

    is_frozen: bool
    frozen_at: int
    common_block: int
    is_common_known: bool
    is_exodus: bool
