"""Seconds of recovery: a history of full blocks, read back out of the primary's calldata, checked and replayed.

Takes a preset and a number of blocks; gives figures of one run. Seconds are processor time of this process; nothing is
asked of a node, which is what a reader waits for most.
"""

import time
from dataclasses import dataclass
from typing import Final

from web3 import Web3

from zklink.bench.synthetic_history import SyntheticCall, build_calls, open_history
from zklink.bench.workload import build_state
from zklink.devnet.profiles import AVALANCHE
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.histories import PRIMARY_HISTORY
from zklink.l1.published.accept_calldata import decode_accept_call
from zklink.protocol.bridge_blocks import AcceptCall
from zklink.protocol.ids import BlockNumber
from zklink.protocol.presets import Preset
from zklink.prover.progress import SILENT, Progress
from zklink.recovery.rebuild import rebuild

BLOCKS: Final = 10_000


@dataclass(frozen=True, slots=True)
class RecoveryFigures:
    """One history: its words and bytes of calldata, and the seconds of each step."""

    preset: str
    blocks: int
    words: int
    calldata_bytes: int
    decode_seconds: float
    check_seconds: float
    replay_seconds: float


def measure_recovery(preset: Preset, count: int = BLOCKS, progress: Progress = SILENT) -> RecoveryFigures:
    """Write a history of `count` blocks and recover its last state. ReplayMismatch if its root is not the history's."""
    state = build_state(preset)
    before, history = state.copy(), open_history(state)
    inputs, hashes, words = [], [], 0
    with progress.step(f"Writing {count:,} blocks", count) as step:
        for call in build_calls(preset, state, count):
            inputs.append(_encode(call))
            hashes.append(call.sync_hash)
            words += sum(len(full.words) for full in call.blocks)
            step.advance(len(call.blocks))
    start = time.process_time()
    calls = [decode_accept_call(data, AVALANCHE.chain_id) for data in inputs]
    decoded = time.process_time()
    for accepted, sync_hash in zip(calls, hashes, strict=True):
        history.take(accepted.first, accepted.blocks, sync_hash)
    checked = time.process_time()
    rebuild(before, history.line, progress)
    replayed = time.process_time()
    return RecoveryFigures(
        preset=preset.name,
        blocks=count,
        words=words,
        calldata_bytes=sum(map(len, inputs)),
        decode_seconds=decoded - start,
        check_seconds=checked - decoded,
        replay_seconds=replayed - checked,
    )


def _encode(call: SyntheticCall) -> bytes:
    """The input of a transaction that brings the blocks; nobody has signed anything."""
    contract = Web3().eth.contract(abi=load_contract(PRIMARY_HISTORY).abi)
    accept = AcceptCall(BlockNumber(call.first), call.blocks, (), b"", b"", True)
    return bytes.fromhex(contract.encode_abi("accept", args=accept.abi()).removeprefix("0x"))
