"""Reads proofs back out of the inputs of calls. The proof of a block serves every chain, so anyone can bring a chain
forward that lags.

Takes an input; gives the proofs that stand in it. Never checks a proof: a verifier does.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from zklink.l1.contracts.bridge import bridge_artifact
from zklink.l1.published.abi_reader import Function, Limits
from zklink.protocol.bridge_blocks import ProveBlock, stored_block_from_abi
from zklink.protocol.commitment import PublicInputs
from zklink.protocol.errors import CallRefused
from zklink.protocol.limits import MAX_PROVE_BLOCKS

PROVE: Final = "prove_blocks"
LIMITS: Final[Limits] = {"blocks": (MAX_PROVE_BLOCKS,)}
"""The lengths that contracts/Bridge.vy declares."""


@lru_cache(maxsize=1)
def prove_function() -> Function:
    """`prove_blocks` as the bridge reads it."""
    return Function.of(bridge_artifact().abi, PROVE, LIMITS)


def decode_prove_calls(data: bytes) -> Iterator[ProveBlock]:
    """The proven blocks of every possible `prove_blocks` in an input."""
    function = prove_function()
    for place in function.find(data):
        try:
            (items,) = function.read(place)
        except CallRefused:
            continue  # no call that a bridge takes
        for block, inputs, proof in items:
            yield ProveBlock(stored_block_from_abi(block), PublicInputs(*inputs), proof)
