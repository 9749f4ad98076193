"""What a node is given from outside, as ports: who proves its blocks, and who says what owners have consented to."""

from dataclasses import dataclass
from typing import Protocol

from zklink.sequencer.sealed_block import AnyBlock


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof as bridges take it: eight numbers in the precompile's order; and what it took."""

    proof: tuple[int, ...]
    witness_seconds: float
    proof_seconds: float


class BlockProver(Protocol):
    """Port: proves sealed blocks. May take long and may fail; nothing is lost by asking again."""

    def prove(self, block: AnyBlock) -> Proved: ...
