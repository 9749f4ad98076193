"""The parts that the witnesses of several circuits share: the frame of a block, its hot rows, paths and split
numbers.
"""

from typing import TypeAlias

from zklink.primitives.merkle import Siblings
from zklink.protocol.addresses import split_address
from zklink.transition.block_frame import SealedFrame
from zklink.transition.hot_rows import Path, RowOpening

Signal: TypeAlias = int | list["Signal"]
"""A number, or an array of signals."""

Signals: TypeAlias = dict[str, Signal]
"""Every input signal of a circuit, or some of them, by name."""


def compute_frame_signals(frame: SealedFrame) -> Signals:
    """The public inputs and the header of a block of either lane."""
    header, inputs = frame.header, frame.inputs
    return {
        "commitment": inputs.commitment,
        "z": inputs.z,
        "lambda": inputs.lambda_,
        "y": inputs.y,
        "domain": header.domain,
        "number": header.number,
        "timestamp": header.timestamp,
        "old_root": header.old_root,
        "new_root": header.new_root,
    }


def compute_row_signals(opening: RowOpening) -> Signals:
    """The three roots before the block, and every hot row before it with the path of its write-back."""
    return {
        "account_root": opening.account_root,
        "token_root": opening.token_root,
        "pool_root": opening.pool_root,
        "row_id": [row.token_id for row in opening.tokens],
        "row_reserve": [[*row.before.reserves] for row in opening.tokens],
        "row_fees": [row.before.fees for row in opening.tokens],
        "row_path": [list_path(row.path) for row in opening.tokens],
        "pool_lower": [pool.lower for pool in opening.pools],
        "pool_higher": [pool.higher for pool in opening.pools],
        "pool_reserve_lower": [pool.before.reserve_lower for pool in opening.pools],
        "pool_reserve_higher": [pool.before.reserve_higher for pool in opening.pools],
        "pool_supply": [pool.before.lp_supply for pool in opening.pools],
        "pool_fee": [pool.before.fee for pool in opening.pools],
        "pool_lp_token": [pool.before.lp_token for pool in opening.pools],
        "pool_path": [list_path(pool.path) for pool in opening.pools],
    }


def list_path(path: Path) -> Signal:
    """[depth][3], from the leaf up."""
    return [_list_siblings(siblings) for siblings in path]


def split_owner(address: bytes) -> tuple[int, int]:
    """(hi, lo) of a universal address, or of a key's 32 bytes."""
    return split_address("owner", address)


def _list_siblings(siblings: Siblings) -> Signal:
    return [*siblings]
