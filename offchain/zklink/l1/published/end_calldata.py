"""Reads back the way by which an END was raised: from the member's last imported block to END's.

Takes a transaction's input; gives block commitments. With them anybody can show which blocks END's history has, and
that an ACC contradicts it.
"""

from functools import lru_cache
from typing import Final

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.ends import MEMBER_END
from zklink.l1.published.abi_reader import SELECTOR_BYTES, Calldata, Function, Limits
from zklink.protocol.errors import CallRefused
from zklink.protocol.limits import MAX_EVIDENCE_BYTES, MAX_LATER

LIMITS: Final[Limits] = {
    "later": (MAX_LATER,),
    "seal": (MAX_EVIDENCE_BYTES,),
    "validators": (MAX_EVIDENCE_BYTES,),
    "watchers": (MAX_EVIDENCE_BYTES,),
}
"""The lengths that contracts/interfaces/IMemberEnd.vyi declares."""


@lru_cache(maxsize=1)
def raise_function() -> Function:
    """`raise_end` as a member's end reads it."""
    return Function.of(load_contract(MEMBER_END).abi, "raise_end", LIMITS)


def decode_end_path(data: bytes) -> tuple[bytes, ...]:
    """The commitments that a call of `raise_end` brings. Raises CallRefused if an input is none."""
    function = raise_function()
    if data[:SELECTOR_BYTES] != function.selector:
        raise CallRefused("the selector", int.from_bytes(data[:SELECTOR_BYTES], "big"), 0)
    _, _, later, *_ = function.read(Calldata(data))
    return tuple(map(bytes, later))
