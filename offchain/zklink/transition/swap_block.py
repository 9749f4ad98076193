"""A swap block: requests applied to the state, with everything its chains and its circuit need.

Takes a state and requests in order, gives a `SwapBlock`; the state changes only if the whole block is possible
(docs/protocol.md, sections 6 and 7).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.commitment import BlockHeader
from zklink.protocol.errors import BlockFull
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.presets import Preset
from zklink.protocol.words import SWAP_SLOT_WORDS
from zklink.state.state import State
from zklink.transition import block_frame
from zklink.transition.block_frame import Record, SealedFrame, Slices, SwapResult
from zklink.transition.hot_rows import RowOpening, Rows, choose_rows, read_rows, write_back
from zklink.transition.swap import Registers, SwapOutcome, apply_swap, check_request, compute_pool_ids


class Slot(NamedTuple):
    """A used slot."""

    request: SwapRequest
    payout: Payout

    def records(self) -> Iterator[Record]:
        """The request's words in its source's slice, then the payout's words in the paying chain's slice."""
        yield self.request.source, self.request.words()
        yield self.payout.chain, self.payout.words()

    def elements(self) -> tuple[int, ...]:
        """w0..w4, p0..p2."""
        return *self.request.words(), *self.payout.words()


@dataclass(frozen=True, slots=True)
class SwapBlock(SealedFrame):
    """An applied swap block; the empty slots come last and are not listed."""

    preset: Preset
    slots: tuple[Slot, ...]
    outcomes: tuple[SwapOutcome, ...]
    opening: RowOpening

    def requests(self, chain_id: ChainId) -> tuple[SwapRequest, ...]:
        """The requests of a chain that the block consumes, in order."""
        return tuple(request for request, _ in self.slots if request.source == chain_id)

    def payouts(self, chain_id: ChainId) -> tuple[Payout, ...]:
        """The payouts that a chain owes for the block, in slice order."""
        return tuple(payout for _, payout in self.slots if payout.chain == chain_id)

    def key_changes(self, chain_id: ChainId) -> tuple[KeyChange, ...]:
        """Always empty: a swap concerns no account."""
        return ()

    def results(self) -> tuple[SwapResult, ...]:
        """The result of each swap, in slot order."""
        return tuple(SwapResult(*slot, outcome) for slot, outcome in zip(self.slots, self.outcomes, strict=True))


def apply_block(
    state: State, requests: Sequence[SwapRequest], number: BlockNumber, timestamp: int, domain: int, preset: Preset
) -> SwapBlock:
    """Apply requests in order and move `state` to the block's new root.

    Raises, leaving the state as it was: BlockFull if the preset has no room, InadmissibleRequest or FieldOutOfRange for
    a request that no bridge admits, AmountOutOfRange if a row would overflow.
    """
    registers = _load(state, requests, preset)
    decided = [apply_swap(registers, request, timestamp) for request in requests]
    slots = tuple(Slot(request, payout) for request, (_, payout) in zip(requests, decided, strict=True))
    slices = compute_slices(slots)
    counts = tuple(map(len, slices))
    roots = state.account_root, state.token_root, state.pool_root
    old_root = state.root
    BlockHeader(domain, number, timestamp, counts, old_root, new_root=0).elements()
    for row in registers.tokens.values():
        row.check()
    for pool in registers.pools.values():
        pool.check()

    opening = RowOpening(*roots, *write_back(state, Rows(registers.tokens, registers.pools)))
    header = BlockHeader(domain, number, timestamp, counts, old_root, state.root)
    sealed = block_frame.seal(Lane.SWAP, header, slices, chain.from_iterable(compute_slot_words(slots, preset)))
    outcomes = tuple(outcome for outcome, _ in decided)
    return SwapBlock(**sealed.parts(), preset=preset, slots=slots, outcomes=outcomes, opening=opening)


def compute_slices(slots: Iterable[tuple[SwapRequest, Payout]]) -> Slices:
    """The nine slices: per slot first the request's words, then the payout's, each in the slice of its chain."""
    return block_frame.compute_slices(Slot(*slot) for slot in slots)


def compute_slot_words(slots: Sequence[tuple[SwapRequest, Payout]], preset: Preset) -> list[tuple[int, ...]]:
    """w0..w4, p0..p2 of every slot of the preset; zeros for the empty ones."""
    used = [Slot(*slot).elements() for slot in slots]
    return used + [(0,) * SWAP_SLOT_WORDS] * (preset.slots - len(used))


def _load(state: State, requests: Sequence[SwapRequest], preset: Preset) -> Registers:
    """Every row that the requests need, and others (the lowest free ones) until the preset's places are full."""
    if len(requests) > preset.slots:
        raise BlockFull("slots", len(requests), preset.slots)
    for request in requests:
        check_request(request, preset)
    tokens = {token for request in requests for token in (request.token_in, request.token_out)}
    pools = {pool_id for request in requests for pool_id in compute_pool_ids(request)}
    rows = read_rows(state, choose_rows(tokens, pools, preset, preset.token_rows, preset.pool_rows))
    return Registers(dict(rows.tokens), dict(rows.pools))
