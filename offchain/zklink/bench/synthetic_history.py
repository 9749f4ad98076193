"""A history of full blocks that nobody has proven: swaps and, every third block, operations of accounts.

Takes a preset and a number; gives the state before, the calls that the primary would have taken, and the state after.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from zklink.bench.workload import KEYS, build_requests, build_state
from zklink.operations.signed import sign
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.bridge_blocks import FullBlock, build_block
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, RequestId, TokenId
from zklink.protocol.presets import Preset
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.state.state import State
from zklink.transition.account_block import apply_account_block
from zklink.transition.block_frame import SealedFrame
from zklink.transition.rules import AccountOperation
from zklink.transition.swap_block import apply_block

DEPLOYMENT_HASH = bytes(range(32))
TIMESTAMP = 1_800_000_000
USER, TOKEN, FEE = AccountId(1), TokenId(1), Amount(10)


@dataclass(frozen=True)
class SyntheticCall:
    """The blocks of a call from `first` on, and the sync hash that the chain's event gives for it."""

    first: int
    blocks: tuple[FullBlock, ...]
    sync_hash: bytes


def give(frame: SealedFrame) -> FullBlock:
    """A sealed block as a call on the primary has it."""
    header = frame.header
    block = build_block(frame.lane, header.timestamp, header.counts, header.new_root, frame.commitment)
    return FullBlock(block, frame.slices)


def open_history(state: State) -> AcceptedHistory:
    """No block yet."""
    return AcceptedHistory("avalanche", DEPLOYMENT_HASH, state.root)


def build_blocks(preset: Preset, state: State, count: int) -> Iterator[SealedFrame]:
    """`count` blocks; the state moves with them."""
    taken: Counter[ChainId] = Counter()
    domains = {lane: compute_lane_domain(DEPLOYMENT_HASH, lane) for lane in Lane}
    for number in map(BlockNumber, range(1, count + 1)):
        if number % 3:
            requests = [renumber(request, taken) for request in build_requests(preset.slots)]
            yield apply_block(state, requests, number, TIMESTAMP, domains[Lane.SWAP], preset)
        else:
            operations = build_transfers(state, preset.account.ledger)
            yield apply_account_block(state, operations, number, TIMESTAMP, domains[Lane.ACCOUNT], preset)


def build_calls(preset: Preset, state: State, count: int, batch: int = 3) -> Iterator[SyntheticCall]:
    """The same as calls of `batch` blocks."""
    waiting: list[FullBlock] = []
    sync_hash, first = DEPLOYMENT_HASH, 1
    for frame in build_blocks(preset, state, count):
        sync_hash = next_sync_hash(sync_hash, frame.block_commitment)
        waiting.append(give(frame))
        if len(waiting) == batch or frame.header.number == count:
            yield SyntheticCall(first, tuple(waiting), sync_hash)
            waiting, first = [], frame.header.number + 1


def build_history(preset: Preset, count: int) -> tuple[State, AcceptedHistory, State]:
    """The state before, a history of `count` blocks, and the state after."""
    state = build_state(preset)
    before, history = state.copy(), open_history(state)
    for call in build_calls(preset, state, count):
        history.take(call.first, call.blocks, call.sync_hash)
    return before, history, state


def renumber(request: SwapRequest, taken: Counter[ChainId]) -> SwapRequest:
    """The same request as the next one of its chain, of which so many were taken."""
    taken[request.source] += 1
    return replace(request, request_id=RequestId(taken[request.source]))


def build_transfers(state: State, count: int) -> list[AccountOperation]:
    """Transfers and withdrawals of account 1."""
    domain, key, sender = compute_lane_domain(DEPLOYMENT_HASH, Lane.ACCOUNT), KEYS[USER], state.account(USER)
    operations: list[AccountOperation] = []
    for nonce in map(Nonce, range(sender.nonce, sender.nonce + count)):
        if nonce % 2:
            recipient = (10**6 + nonce).to_bytes(32, "big")
            paid = Withdraw(USER, nonce, TIMESTAMP, TOKEN, Amount(500), FEE, ChainId(2), recipient, Amount(1))
            operations.append(sign(paid, domain, key))
        else:
            moved = Transfer(USER, nonce, TIMESTAMP, TOKEN, Amount(700), FEE, state.account(AccountId(2)).owner)
            operations.append(sign(moved, domain, key))
    return operations
