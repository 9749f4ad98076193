"""The ports of a node to the outside: one proves its blocks, the other asks chains for owners' consents."""

from dataclasses import dataclass
from typing import Protocol

from zklink.operations.change_pub_key import ChangePubKey
from zklink.transition.block_frame import LaneBlock

Asked = ChangePubKey
"""The operations that need an owner's consent."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof as bridges take it, eight numbers in the precompile's order, and the seconds that it took."""

    proof: tuple[int, ...]
    witness_seconds: float
    proof_seconds: float


class BlockProver(Protocol):
    """Port: proves sealed blocks. A call may take minutes and may fail; the caller can simply repeat it."""

    def prove(self, block: LaneBlock) -> Proved: ...


class ConsentSource(Protocol):
    """Port: the consents of owners that one chain has."""

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        """Whether the chain has the consent of this owner that the operation needs, with the chain's confirmations."""
        ...
