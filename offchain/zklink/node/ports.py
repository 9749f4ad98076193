"""The ports of a node to its prover and to the place of its checkpoints."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from zklink.protocol.ids import BlockNumber
from zklink.transition.block_frame import LaneBlock


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof as chains take it, eight numbers in the precompile's order, and the seconds that it took."""

    proof: tuple[int, ...]
    witness_seconds: float
    proof_seconds: float


class BlockProver(Protocol):
    """Port: proves sealed blocks, several at a time if it is asked on several threads. A call may take minutes and may
    fail; the caller can simply repeat it.
    """

    def prove(self, block: LaneBlock) -> Proved: ...


class CheckpointStore(Protocol):
    """Port: where checkpoints are kept."""

    def keep(self, number: BlockNumber, data: bytes) -> None:
        """Keep the checkpoint of a block, instead of all but the one before. Raises DatabaseFailed."""
        ...

    def load(self) -> Iterator[tuple[BlockNumber, bytes]]:
        """The checkpoints that are kept and undamaged, the newest first. Raises DatabaseFailed."""
        ...
