"""What a node is given from outside, as ports: who proves its blocks, and who says what owners have consented to."""

from dataclasses import dataclass
from typing import Protocol

from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.forced_exit import ForcedExit
from zklink.transition.block_frame import LaneBlock

Asked = ChangePubKey | ForcedExit
"""The operations that need an owner's consent."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof as bridges take it: eight numbers in the precompile's order; and what it took."""

    proof: tuple[int, ...]
    witness_seconds: float
    proof_seconds: float


class BlockProver(Protocol):
    """Port: proves sealed blocks. May take long and may fail; nothing is lost by asking again."""

    def prove(self, block: LaneBlock) -> Proved: ...


class ConsentSource(Protocol):
    """Port: which consents of owners one chain has."""

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        """Whether the chain has, with its confirmations, what the operation needs of this owner."""
        ...
