"""Reads proofs back out of a chain's transactions: the proof of a block serves every chain, so one that lags can be
brought forward without anybody's help.

Takes a bridge; gives the proofs that it has verified, by block number.
"""

from functools import lru_cache
from typing import Any, Final

from eth_abi.exceptions import DecodingError
from eth_utils import keccak

from zklink.l1.blocks import ProveBlock, stored_block_from_abi
from zklink.l1.bridge import BridgeClient, bridge_artifact
from zklink.l1.calldata import SELECTOR_BYTES, decode, type_of
from zklink.l1.event_codec import decode_events, event_topic
from zklink.l1.events import BlocksProven
from zklink.protocol.commitment import PublicInputs
from zklink.protocol.errors import CalldataUnreadable
from zklink.protocol.ids import BlockNumber

PROVE: Final = "prove_blocks"


@lru_cache(maxsize=1)
def _prove_codec() -> tuple[bytes, tuple[str, ...]]:
    entry = next(e for e in bridge_artifact().abi if e["type"] == "function" and e["name"] == PROVE)
    types = tuple(type_of(item) for item in entry["inputs"])
    return keccak(text=f"{PROVE}({','.join(types)})")[:SELECTOR_BYTES], types


def decode_prove_calls(data: bytes) -> list[ProveBlock]:
    """The blocks of every `prove_blocks` in a transaction's input."""
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


def read_proofs(bridge: BridgeClient, from_block: int, to_block: int) -> dict[bytes, ProveBlock]:
    """What the bridge has verified in a range of L1 blocks, by the sync hash that each block has there.

    Raises CalldataUnreadable, RpcUnavailable.
    """
    client = bridge.client
    found: dict[bytes, ProveBlock] = {}
    logs = client.logs(bridge.address, from_block, to_block, [event_topic(BlocksProven)])
    for event in decode_events(bridge.chain_id, logs):
        if not isinstance(event, BlocksProven):
            continue
        tx_hash = event.log.tx_hash
        transaction: Any = client.ask(
            "eth_getTransactionByHash",
            lambda tx_hash=tx_hash: client.w3.eth.get_transaction(tx_hash),  # type: ignore[misc]
        )
        items = {item.block.number: item for item in decode_prove_calls(bytes(transaction["input"]))}
        for number in range(event.first, event.last + 1):
            if BlockNumber(number) not in items:
                raise CalldataUnreadable(
                    client.profile.name, tx_hash, f"the proof of block {number} is not in its input"
                )
            item = items[BlockNumber(number)]
            found[item.block.sync_hash] = item
    return found
