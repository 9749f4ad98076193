"""The port of a node to its prover."""

from dataclasses import dataclass
from typing import Protocol

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
