"""A swap block: requests applied to the state, with everything its chains and its circuit need.

Takes a state and requests in order, gives a `Block`; the state changes only if the whole block is possible
(docs/protocol.md, sections 6 and 7).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.primitives.merkle import Siblings
from zklink.protocol.commitment import (
    BlockHeader,
    PublicInputs,
    aggregate,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    compute_commitment,
    evaluate_header,
)
from zklink.protocol.errors import BlockFull
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, TokenId
from zklink.protocol.presets import Preset
from zklink.protocol.slices import compute_slice_hash, evaluate
from zklink.protocol.words import EMPTY_SLOT
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State, order_pair
from zklink.transition.swap import Registers, SwapOutcome, apply_swap, check_request

Slot = tuple[SwapRequest, SwapPayout]
Id = TypeVar("Id", TokenId, PoolId)


@dataclass(frozen=True, slots=True)
class TokenOpening:
    """A loaded token row; `path` leads to the root that the rows before it have already been written into."""

    token_id: TokenId
    before: TokenRow
    after: TokenRow
    path: tuple[Siblings, ...]


@dataclass(frozen=True, slots=True)
class PoolOpening:
    """A loaded pool; `path` as in TokenOpening."""

    lower: TokenId
    higher: TokenId
    before: Pool
    after: Pool
    path: tuple[Siblings, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a block reads and writes the state: the roots before it and every loaded row, ascending."""

    account_root: int
    token_root: int
    pool_root: int
    tokens: tuple[TokenOpening, ...]
    pools: tuple[PoolOpening, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """An applied block. Sequences over slices have nine items, k = 0..8."""

    preset: Preset
    header: BlockHeader
    slots: tuple[Slot, ...]
    outcomes: tuple[SwapOutcome, ...]
    slices: tuple[tuple[int, ...], ...]
    slice_hashes: tuple[bytes, ...]
    block_hash: bytes
    header_value: int
    evaluations: tuple[int, ...]
    block_commitment: bytes
    inputs: PublicInputs
    opening: Opening

    @property
    def commitment(self) -> int:
        """C."""
        return self.inputs.commitment

    @property
    def z(self) -> int:
        """The first challenge."""
        return self.inputs.z

    @property
    def lambda_(self) -> int:
        """The second challenge."""
        return self.inputs.lambda_

    @property
    def y(self) -> int:
        """The aggregate of all evaluations."""
        return self.inputs.y


def apply_block(
    state: State, requests: Sequence[SwapRequest], number: BlockNumber, timestamp: int, domain: int, preset: Preset
) -> Block:
    """Apply requests in order and move `state` to the block's new root.

    Raises, leaving the state as it was: BlockFull if the preset has no room, InadmissibleRequest or FieldOutOfRange for
    what no bridge admits, AmountOutOfRange if a row would overflow.
    """
    registers = _load(state, requests, preset)
    decided = [apply_swap(registers, request, timestamp) for request in requests]
    slots = tuple((request, payout) for request, (_, payout) in zip(requests, decided, strict=True))
    slices = compute_slices(slots)
    counts = tuple(map(len, slices))
    old_root = state.root
    BlockHeader(domain, number, timestamp, counts, old_root, new_root=0).elements()
    for row in registers.tokens.values():
        row.check()
    for pool in registers.pools.values():
        pool.check()

    opening = _write_back(state, registers)
    header = BlockHeader(domain, number, timestamp, counts, old_root, state.root)
    return seal(preset, header, slots, tuple(outcome for outcome, _ in decided), slices, opening)


def seal(
    preset: Preset,
    header: BlockHeader,
    slots: tuple[Slot, ...],
    outcomes: tuple[SwapOutcome, ...],
    slices: tuple[tuple[int, ...], ...],
    opening: Opening,
) -> Block:
    """Commit to a block's data, then draw z, evaluate, and draw lambda, in this order (section 7)."""
    commitment = compute_commitment(header, compute_slot_words(slots, preset))
    slice_hashes = tuple(map(compute_slice_hash, slices))
    block_hash = compute_block_hash(header, commitment, slice_hashes)
    z = challenge(block_hash)
    header_value = evaluate_header(header, z)
    evaluations = tuple(evaluate(words, z) for words in slices)
    block_commitment = compute_block_commitment(block_hash, header_value, evaluations)
    lambda_ = challenge(block_commitment)
    y = aggregate(header_value, evaluations, lambda_)
    return Block(
        preset=preset,
        header=header,
        slots=slots,
        outcomes=outcomes,
        slices=slices,
        slice_hashes=slice_hashes,
        block_hash=block_hash,
        header_value=header_value,
        evaluations=evaluations,
        block_commitment=block_commitment,
        inputs=PublicInputs(commitment, z, lambda_, y),
        opening=opening,
    )


def compute_slices(slots: Iterable[Slot]) -> tuple[tuple[int, ...], ...]:
    """The nine slices: per slot first the request's words, then the payout's, each in the slice of its chain."""
    slices: tuple[list[int], ...] = tuple([] for _ in range(SLICE_COUNT))
    for request, payout in slots:
        slices[request.source].extend(request.words())
        slices[payout.chain].extend(payout.words())
    return tuple(map(tuple, slices))


def compute_slot_words(slots: Sequence[Slot], preset: Preset) -> list[tuple[int, ...]]:
    """w0..w4, p0..p2 of every slot of the preset; zeros for the empty ones."""
    used = [(*request.words(), *payout.words()) for request, payout in slots]
    return used + [EMPTY_SLOT] * (preset.slots - len(used))


def _load(state: State, requests: Sequence[SwapRequest], preset: Preset) -> Registers:
    """Every row that the requests need, and others (the lowest free ones) until the preset's places are full."""
    if len(requests) > preset.slots:
        raise BlockFull("slots", len(requests), preset.slots)
    for request in requests:
        check_request(request, preset)
    tokens = {token for request in requests for token in (request.token_in, request.token_out)}
    pools = {order_pair(r.token_in, r.token_out) for r in requests if r.token_in != r.token_out}
    every_token = [TokenId(index) for index in range(preset.token_limit)]
    row_ids = _fill("token rows", tokens, every_token, preset.token_rows)
    pool_ids = _fill("pools", pools, combinations(every_token, 2), preset.pool_rows)
    return Registers({token: state.token(token) for token in row_ids}, {pair: state.pool(*pair) for pair in pool_ids})


def _fill(what: str, needed: set[Id], others: Iterable[Id], places: int) -> list[Id]:
    if len(needed) > places:
        raise BlockFull(what, len(needed), places)
    chosen = set(needed)
    free: Iterator[Id] = (item for item in others if item not in needed)
    while len(chosen) < places:
        chosen.add(next(free))
    return sorted(chosen)


def _write_back(state: State, registers: Registers) -> Opening:
    """Open each row against the root so far, replace it, and go on with the next, ascending."""
    account_root, token_root, pool_root = state.account_root, state.token_root, state.pool_root
    tokens: list[TokenOpening] = []
    for token_id, after in registers.tokens.items():
        tokens.append(TokenOpening(token_id, state.token(token_id), after, tuple(state.token_path(token_id))))
        state.set_token(token_id, after)
    pools: list[PoolOpening] = []
    for (lower, higher), after_pool in registers.pools.items():
        before, path = state.pool(lower, higher), tuple(state.pool_path(lower, higher))
        pools.append(PoolOpening(lower, higher, before, after_pool, path))
        state.set_pool(lower, higher, after_pool)
    return Opening(account_root, token_root, pool_root, tuple(tokens), tuple(pools))
