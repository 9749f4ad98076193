"""Reads proofs back out of the inputs of calls: the proof of a block serves every chain, so one that lags can be
brought forward without anybody's help.

Takes an input; gives what stands in it. Whether a proof is true is for a verifier to say.
"""

from functools import lru_cache
from typing import Final

from eth_abi.exceptions import DecodingError
from eth_utils import keccak

from zklink.l1.blocks import ProveBlock, stored_block_from_abi
from zklink.l1.bridge import bridge_artifact
from zklink.l1.calldata import SELECTOR_BYTES, decode, type_of
from zklink.protocol.commitment import PublicInputs

PROVE: Final = "prove_blocks"


@lru_cache(maxsize=1)
def _prove_codec() -> tuple[bytes, tuple[str, ...]]:
    entry = next(e for e in bridge_artifact().abi if e["type"] == "function" and e["name"] == PROVE)
    types = tuple(type_of(item) for item in entry["inputs"])
    return keccak(text=f"{PROVE}({','.join(types)})")[:SELECTOR_BYTES], types


def decode_prove_calls(data: bytes) -> list[ProveBlock]:
    """The blocks of every `prove_blocks` in an input."""
    selector, types = _prove_codec()
    found: list[ProveBlock] = []
    start = data.find(selector)
    while start >= 0:
        try:
            (items,) = decode(types, data[start + SELECTOR_BYTES :])
            found += [
                ProveBlock(stored_block_from_abi(block), PublicInputs(*inputs), tuple(proof))
                for block, inputs, proof in items
            ]
        except (DecodingError, ValueError, OverflowError):
            pass  # these four bytes are no call
        start = data.find(selector, start + 1)
    return found
