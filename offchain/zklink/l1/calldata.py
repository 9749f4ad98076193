"""Reads committed blocks back out of the inputs of calls: what recovery starts from.

Takes an input; gives the blocks that stand in it with the preimages of their hashes. Whether a chain took them is for
the caller to see: such a block counts only when it opens the hash that the chain's event names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from eth_abi.codec import ABIDecoder
from eth_abi.decoding import ByteStringDecoder, decode_uint_256
from eth_abi.exceptions import DecodingError, InsufficientDataBytes
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as abi_registry
from eth_utils import keccak
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound

from zklink.l1.artifacts import AbiEntry
from zklink.l1.blocks import CommitBlock, Opening, stored_block_from_abi
from zklink.l1.bridge import BridgeClient, bridge_artifact
from zklink.l1.events import BlockCommitted
from zklink.l1.opening import Place, compute_opened_sync_hash, compute_opening
from zklink.protocol.chain import StoredBlock
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import CalldataUnreadable, ProtocolError
from zklink.protocol.ids import BlockNumber, ChainId, Lane

COMMIT: Final = "commit_blocks"
SELECTOR_BYTES: Final = 4
WORD_BYTES: Final = 32


class _AnyPaddingDecoder(ByteStringDecoder):
    """Byte strings as a Vyper contract reads them: it looks at no padding, so whatever stands there must not hide a
    block from recovery.
    """

    def read_data_from_stream(self, stream: Any) -> bytes:
        length = decode_uint_256(stream)
        data: bytes = stream.read(-(-length // WORD_BYTES) * WORD_BYTES)
        if len(data) < length:
            raise InsufficientDataBytes(f"{length} bytes announced, {len(data)} given")
        return data[:length]


def _build_decoder() -> ABIDecoder:
    registry = abi_registry.copy()  # type: ignore[no-untyped-call]
    registry.unregister_decoder("bytes")
    is_bytes = BaseEquals("bytes", with_sub=False)  # type: ignore[no-untyped-call]
    registry.register_decoder(is_bytes, _AnyPaddingDecoder, label="bytes")
    return ABIDecoder(registry)


decode: Final = _build_decoder().decode
"""Decodes the arguments of a call, without asking more of them than the contract does."""


@dataclass(frozen=True, slots=True)
class CommitCall:
    """The arguments of one `commit_blocks`: the block before, and the blocks."""

    last: StoredBlock
    blocks: tuple[CommitBlock, ...]


@dataclass(frozen=True, slots=True)
class CommittedBlock:
    """A block as a chain was given it, the preimages of its hash, and the event that says that the chain took it."""

    number: BlockNumber
    block: CommitBlock
    opening: Opening
    event: BlockCommitted


@dataclass(frozen=True, slots=True)
class History:
    """Whose blocks are read: what fixes their domains, and which chain carries the layer-2-only data."""

    deployment_hash: bytes
    primary: ChainId

    def place(self, chain: ChainId, lane: Lane, number: int, old_root: int, previous_sync_hash: bytes) -> Place:
        """Where a block stands on a chain."""
        domain = compute_lane_domain(self.deployment_hash, lane)
        return Place(chain, chain == self.primary, domain, BlockNumber(number), old_root, previous_sync_hash)


@lru_cache(maxsize=1)
def _commit_codec() -> tuple[bytes, tuple[str, ...]]:
    """The selector of `commit_blocks` and the types of its arguments."""
    entry: AbiEntry = next(e for e in bridge_artifact().abi if e["type"] == "function" and e["name"] == COMMIT)
    types = tuple(type_of(item) for item in entry["inputs"])
    return keccak(text=f"{COMMIT}({','.join(types)})")[:SELECTOR_BYTES], types


def decode_commit_calls(data: bytes) -> list[CommitCall]:
    """Every `commit_blocks` in an input: the call itself, or calls that another contract was handed."""
    selector, types = _commit_codec()
    calls, start = [], data.find(selector)
    while start >= 0:
        try:
            last, blocks = decode(types, data[start + SELECTOR_BYTES :])
            calls.append(CommitCall(stored_block_from_abi(last), tuple(map(CommitBlock.from_abi, blocks))))
        except (DecodingError, ValueError, OverflowError):
            pass  # these four bytes are no call
        start = data.find(selector, start + 1)
    return calls


def read_input(bridge: BridgeClient, tx_hash: bytes) -> bytes:
    """A transaction's input. Raises CalldataUnreadable if the node does not have the transaction, RpcUnavailable."""
    client = bridge.client
    try:
        found: Any = client.ask("eth_getTransactionByHash", lambda: client.w3.eth.get_transaction(HexBytes(tx_hash)))
    except TransactionNotFound as error:
        raise CalldataUnreadable(client.profile.name, tx_hash, "the node does not have the transaction") from error
    return bytes(found["input"])


def open_blocks(data: bytes, history: History, chain: ChainId) -> Iterator[tuple[CommitBlock, Opening]]:
    """The blocks of every `commit_blocks` in `data`, as the chain would have read them."""
    for call in decode_commit_calls(data):
        yield from _open_call(call, history, chain)


def _open_call(call: CommitCall, history: History, chain: ChainId) -> Iterator[tuple[CommitBlock, Opening]]:
    """The blocks of a call as the chain would have read them; ends at one that no chain takes."""
    root, sync_hash = call.last.root, call.last.sync_hash
    for number, block in enumerate(call.blocks, start=call.last.number + 1):
        try:
            opening = compute_opening(block, history.place(chain, block.lane, number, root, sync_hash))
        except ProtocolError:
            return
        root, sync_hash = block.new_root, compute_opened_sync_hash(opening)
        yield block, opening


def type_of(item: Mapping[str, Any]) -> str:
    """The ABI type of an argument, tuples written out."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_of(part) for part in item['components'])}){kind[5:]}"
