"""The bridge's structs (contracts/interfaces/IBridge.vyi) as records; `abi()` gives the tuple that the ABI takes.

Amounts are layer-2 units unless a name says `l1_amount`.
"""

from dataclasses import dataclass
from typing import Final

from eth_utils import to_checksum_address

from zklink.protocol.chain import StoredBlock
from zklink.protocol.commitment import PublicInputs
from zklink.protocol.errors import WrongAddressLength
from zklink.protocol.ids import Amount, ChainId, TokenId

NATIVE: Final = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
"""Stands for a chain's own coin where a token's address is expected."""

NO_ADDRESS: Final = "0x0000000000000000000000000000000000000000"


def universal_address(address: str) -> bytes:
    """The 32 bytes of an EVM address: 12 zero bytes, then the address."""
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def evm_address(address: bytes) -> str:
    """The EVM address in a universal one; WrongAddressLength if there is none in it."""
    if len(address) != 32 or any(address[:12]):
        raise WrongAddressLength("EVM address", len(address.lstrip(b"\0")))
    return to_checksum_address(address[12:])


@dataclass(frozen=True, slots=True)
class SwapOrder:
    """What a user asks for. `operator_fee` is in units of token_in, `min_out` and `fill_fee` of token_out."""

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
class Permit:
    """An EIP-2612 signature for the bridge as spender and the order's l1_amount."""

    deadline: int
    v: int
    r: bytes
    s: bytes

    def abi(self) -> tuple[object, ...]:
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
        mask = sum(1 << chain for chain in self.chains)
        return (mask, to_checksum_address(self.token), self.layer2_decimals, self.minimum, self.cap)

    @classmethod
    def from_abi(cls, values: tuple[int, str, int, int, int]) -> "TokenConfig":
        """Read what `token_config` gives."""
        mask, token, decimals, minimum, cap = values
        chains = frozenset(ChainId(k) for k in range(16) if mask >> k & 1)
        return cls(chains, to_checksum_address(token), decimals, Amount(minimum), Amount(cap))


@dataclass(frozen=True, slots=True)
class CommitBlock:
    """A block for one chain: its own slice's words; claims about the other concerned chains, ascending."""

    timestamp: int
    counts: int
    new_root: int
    commitment: int
    words: tuple[int, ...]
    slice_hashes: tuple[bytes, ...]
    evaluations: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        return (
            self.timestamp,
            self.counts,
            self.new_root,
            self.commitment,
            list(self.words),
            list(self.slice_hashes),
            list(self.evaluations),
        )


@dataclass(frozen=True, slots=True)
class ProveBlock:
    """A committed block with its public inputs and its proof: eight numbers in the precompile's order."""

    block: StoredBlock
    inputs: PublicInputs
    proof: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        return (stored_block_abi(self.block), list(self.inputs.as_tuple()), list(self.proof))


@dataclass(frozen=True, slots=True)
class ExecuteBlock:
    """An accepted block with the payout words of the chain's own slice, three per payout."""

    block: StoredBlock
    payouts: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        return (stored_block_abi(self.block), list(self.payouts))


@dataclass(frozen=True, slots=True)
class Stages:
    """How far a chain has got: the last block of each stage."""

    committed: int
    proven: int
    accepted: int
    executed: int


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """How many requests of a chain's queue have reached each stage."""

    total: int
    committed: int
    executed: int


@dataclass(frozen=True, slots=True)
class Solvency:
    """What a bridge holds of a token and owes: `balance` and `pending` in L1 units, `custody` in layer-2 units."""

    balance: int
    pending: int
    custody: int


def stored_block_abi(block: StoredBlock) -> tuple[object, ...]:
    """A stored block as the ABI takes it."""
    return (
        block.number,
        block.timestamp,
        block.counts,
        block.root,
        block.request_count,
        block.payouts_hash,
        block.inputs_hash,
        block.sync_hash,
    )
