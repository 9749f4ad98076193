"""A checkpoint: all that a sequencer needs to go on after a settled block, without sealing the blocks below it again.

Takes the state after that block, its place in the history, the ends of the queues there, and where each chain's logs
are to be read from; gives bytes, and reads them back. Nothing in it is believed: the commitments must fold to the
block's sync hash, the last of them must be of a block with the root, and the state must have that root. Whether chains
have that block, who asks them says. Pure.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from zklink.protocol.block_preimage import BlockPreimage
from zklink.protocol.bridge_hashes import fold
from zklink.protocol.errors import CheckpointRefused, ProtocolError
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.sequencer.sealed_block import BlockRecord, Parameters
from zklink.state.snapshot import decode_state, encode_state
from zklink.state.state import State

FORM: Final = 1
"""The version of the form; another one is refused."""

LEVEL: Final = 1
"""How hard the bytes are packed: little, since most of them are hashes."""

QueueKey = tuple[Lane, ChainId]


@dataclass(frozen=True, slots=True)
class QueueEnd:
    """A queue up to the last request that the block consumes: how many there are, and their rolling hash."""

    count: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`record` is of the block, `commitments` are those of blocks 1 up to it, `preimage` is its own. `turns` counts the
    blocks of each lane. `l1_blocks`: every request of a chain below that L1 block is consumed.
    """

    record: BlockRecord
    commitments: Sequence[bytes]
    preimage: BlockPreimage
    turns: Mapping[Lane, int]
    queues: Mapping[QueueKey, QueueEnd]
    state: State
    l1_blocks: Mapping[ChainId, int]

    @property
    def number(self) -> BlockNumber:
        return self.record.number

    def read_from(self, l1_blocks: Mapping[ChainId, int]) -> "Checkpoint":
        """The same with these places in the chains' logs."""
        return replace(self, l1_blocks=l1_blocks)


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The bytes of a checkpoint."""
    record, preimage = checkpoint.record, checkpoint.preimage
    head = {
        "form": FORM,
        "number": record.number,
        "lane": record.lane,
        "timestamp": record.timestamp,
        "root": record.root,
        "sync_hash": record.sync_hash.hex(),
        "commitments": b"".join(checkpoint.commitments).hex(),
        "served": _put_queues(record.served),
        "preimage": [
            preimage.header,
            preimage.commitment,
            [found.hex() for found in preimage.slice_hashes],
            preimage.header_value,
            preimage.values,
        ],
        "turns": [[lane, count] for lane, count in checkpoint.turns.items()],
        "queues": [[lane, chain, end.count, end.hash.hex()] for (lane, chain), end in checkpoint.queues.items()],
        "l1_blocks": list(checkpoint.l1_blocks.items()),
    }
    return zlib.compress(json.dumps(head).encode() + b"\n" + encode_state(checkpoint.state), LEVEL)


def open_checkpoint(data: bytes, parameters: Parameters) -> Checkpoint:
    """The checkpoint of these bytes, if it is one of this deployment and agrees with itself. Raises CheckpointRefused.

    It hashes the whole state, which takes some 24 seconds for 100,000 accounts.
    """
    try:
        checkpoint = _read(data, parameters)
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error, RecursionError, ProtocolError) as error:
        raise CheckpointRefused(f"it cannot be read: {error}") from error
    _check(checkpoint, parameters)
    return checkpoint


def _read(data: bytes, parameters: Parameters) -> Checkpoint:
    text, _, state = zlib.decompress(data).partition(b"\n")
    head: dict[str, Any] = json.loads(text)
    if head["form"] != FORM:
        raise ValueError(f"its form is {head['form']}, and this package reads {FORM}")
    packed = bytes.fromhex(head["commitments"])
    commitments = tuple(packed[start : start + 32] for start in range(0, len(packed), 32))
    queues = {
        (Lane(lane), ChainId(chain)): QueueEnd(count, bytes.fromhex(end)) for lane, chain, count, end in head["queues"]
    }
    record = BlockRecord(
        number=BlockNumber(head["number"]),
        lane=Lane(head["lane"]),
        timestamp=head["timestamp"],
        root=head["root"],
        sync_hash=bytes.fromhex(head["sync_hash"]),
        commitment=commitments[-1],
        consumed={key: end.count for key, end in queues.items()},
        served={(Lane(lane), ChainId(chain)): place for lane, chain, place in head["served"]},
    )
    header, commitment, slice_hashes, header_value, values = head["preimage"]
    hashes = tuple(map(bytes.fromhex, slice_hashes))
    return Checkpoint(
        record,
        commitments,
        BlockPreimage(tuple(header), commitment, hashes, header_value, tuple(values)),
        {Lane(lane): count for lane, count in head["turns"]},
        queues,
        decode_state(parameters.preset, state),
        {ChainId(chain): number for chain, number in head["l1_blocks"]},
    )


def _check(checkpoint: Checkpoint, parameters: Parameters) -> None:
    record, preimage = checkpoint.record, checkpoint.preimage
    for is_right, reason in (
        (len(checkpoint.commitments) == record.number, "it lacks blocks below its own"),
        (
            set(checkpoint.queues) == {(lane, chain) for lane in Lane for chain in parameters.chains},
            "it is of other chains",
        ),
        (
            fold(parameters.deployment_hash, checkpoint.commitments) == record.sync_hash,
            "its blocks do not lead from this deployment to its sync hash",
        ),
        (preimage.block_commitment() == record.commitment, "its last block has another commitment"),
        (preimage.header[-1] == record.root, "its last block has another root"),
    ):
        if not is_right:
            raise CheckpointRefused(reason)
    if checkpoint.state.root != record.root:
        raise CheckpointRefused("its state does not have the root of its block")


def _put_queues(places: Mapping[QueueKey, int]) -> list[list[int]]:
    return [[lane, chain, place] for (lane, chain), place in places.items()]
