"""What chains of all kinds have in common, so that a world plays with each of them.

EVM chains (`chain.LocalChain`) and Solana (`solana.base.SolanaChain`) are both of this form. A number of blocks is one
of slots on Solana, and a transaction's hash its first signature.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

Kind = Literal["evm", "solana"]
EVM: Final[Kind] = "evm"
SOLANA: Final[Kind] = "solana"

LITESVM: Final = "litesvm"
SURFNET: Final = "surfnet"
"""What a Solana chain is made of in this process, and as a process of its own."""


class LabSpec(Protocol):
    """What a chain imitates."""

    @property
    def name(self) -> str:
        """The chain's name."""

    @property
    def block_time_seconds(self) -> float:
        """How far its blocks are apart."""


class LabChain(Protocol):
    """A chain of any kind, as rounds and faults need it."""

    @property
    def kind(self) -> Kind:
        """Which kind it is."""

    @property
    def spec(self) -> LabSpec:
        """The chain that it imitates."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def has_pool(self) -> bool:
        """Whether transactions can wait for a block, and the last blocks be replaced."""

    def hold_up(self, withheld: frozenset[str], *, is_full: bool, is_dropping: bool) -> None:
        """Which waiting transactions no block takes, whether none is taken in, and whether those that are get lost. A
        chain leaves out what it has not.
        """

    def height(self) -> int:
        """The number of its last block."""

    def head_timestamp(self) -> int:
        """Its last block's time, UNIX seconds."""

    def least_time(self) -> int:
        """The earliest time that its next block can have."""

    def mine_at(self, timestamp: int | None, base_fee_wei: int | None = None) -> None:
        """Make one block of this time. Raises FaultUnavailable for a base fee where there is none."""

    def set_automine(self, is_automining: bool) -> None:
        """Make a block for each transaction, or only when told."""

    def drop_waiting(self) -> tuple[str, ...]:
        """What waits is lost; gives the names. Raises FaultUnavailable where there is no such thing."""

    def waiting(self) -> tuple[str, ...]:
        """The names of the transactions that wait for a block."""

    def transactions(self, depth: int) -> tuple[str, ...]:
        """The names of the transactions in the last blocks, in order."""

    def most_reorg(self) -> int:
        """How many of its last blocks can be replaced."""

    def reorg(self, depth: int, back: Sequence[str] | None = None) -> tuple[str, ...]:
        """Put as many other blocks in place of the last `depth`, with those transactions in `back`, or all."""

    def snapshot(self) -> Any:
        """Remember everything; for one `restore`."""

    def restore(self, snapshot: Any) -> None:
        """Go back to a snapshot."""
