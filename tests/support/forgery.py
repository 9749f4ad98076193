"""What a dishonest prover makes of a block: rows, words, slices and challenges, without the transition's rules.

Takes a state and what the forger claims; gives circuit inputs whose roots, commitment and challenges fit the claim, so
that nothing but the rule under attack stands in the way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.merkle import Siblings, SparseMerkleTree
from zklink.primitives.poseidon import poseidon
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
from zklink.protocol.ids import BlockNumber, TokenId
from zklink.protocol.presets import Preset
from zklink.protocol.slices import compute_slice_hash, evaluate
from zklink.state.rows import EMPTY_POOL, EMPTY_TOKEN, Pool, TokenRow
from zklink.state.state import PoolId, State
from zklink.transition.swap_block import Slot, SwapBlock, apply_block, compute_slices, compute_slot_words
from zklink.witness.signals import Signal, compute_pool_signals, compute_token_signals, qualify_all
from zklink.witness.swap_block import compute_inputs

DOMAIN, NUMBER, TIMESTAMP = 0xD03A12, BlockNumber(7), 1_800_000_000
Words = Sequence[Sequence[int]]


def apply(state: State, requests: Sequence[SwapRequest], preset: Preset) -> SwapBlock:
    """The honest block on a copy of the state."""
    return apply_block(state.copy(), requests, NUMBER, TIMESTAMP, DOMAIN, preset)


@dataclass(frozen=True)
class Rows:
    """Rows opened and replaced one after the other, as the circuit does it; nothing is checked."""

    signals: dict[str, Signal]
    old_root: int
    new_root: int


def open_rows(
    state: State, tokens: Sequence[tuple[TokenId, TokenRow]], pools: Sequence[tuple[PoolId, Pool]], preset: Preset
) -> Rows:
    """Loads the rows in the given order, also twice, and writes the given values back."""
    token_rows, pool_rows = dict(state.tokens()), dict(state.pools())
    token_tree = SparseMerkleTree(preset.token_depth, EMPTY_TOKEN.leaf())
    token_tree.update({token: row.leaf() for token, row in token_rows.items()})
    pool_tree = SparseMerkleTree(preset.pool_depth, EMPTY_POOL.leaf())
    pool_tree.update({low * preset.token_limit + high: pool.leaf() for (low, high), pool in pool_rows.items()})
    roots = token_tree.root, pool_tree.root
    opened: list[tuple[TokenId, TokenRow, list[Siblings]]] = []
    openings: list[tuple[TokenId, TokenId, Pool, list[Siblings]]] = []
    for token, after in tokens:
        opened.append((token, token_rows.get(token, EMPTY_TOKEN), token_tree.path(token)))
        token_rows[token] = after
        token_tree.set(token, after.leaf())
    for (low, high), after_pool in pools:
        index = low * preset.token_limit + high
        openings.append((low, high, pool_rows.get((low, high), EMPTY_POOL), pool_tree.path(index)))
        pool_rows[low, high] = after_pool
        pool_tree.set(index, after_pool.leaf())
    signals: dict[str, Signal] = {
        "row_id": [token for token, _, _ in opened],
        **qualify_all("row", (compute_token_signals(row, tuple(path)) for _, row, path in opened)),
        **qualify_all("pair", ({"lower": low, "higher": high} for low, high, _, _ in openings)),
        **qualify_all("pool", (compute_pool_signals(pool, tuple(path)) for _, _, pool, path in openings)),
    }
    account_root = state.account_root
    old, new = (poseidon([account_root, *pair]) for pair in (roots, (token_tree.root, pool_tree.root)))
    signals |= {"account_root": account_root, "token_root": roots[0], "pool_root": roots[1]}
    signals |= {"old_root": old, "new_root": new}
    return Rows(signals, old, new)


def draw_challenges(header: BlockHeader, commitment: int, slices: Words) -> PublicInputs:
    """Public inputs in the protocol's order of commitments and challenges."""
    block_hash = compute_block_hash(header, commitment, [compute_slice_hash(words) for words in slices])
    z = challenge(block_hash)
    header_value, values = evaluate_header(header, z), [evaluate(words, z) for words in slices]
    lambda_ = challenge(compute_block_commitment(block_hash, header_value, values))
    return PublicInputs(commitment, z, lambda_, aggregate(header_value, values, lambda_))


def publish(inputs: PublicInputs) -> dict[str, Signal]:
    """The public inputs as signals."""
    return {"commitment": inputs.commitment, "z": inputs.z, "lambda": inputs.lambda_, "y": inputs.y}


def forge(
    state: State,
    requests: Sequence[SwapRequest],
    preset: Preset,
    *,
    payouts: Sequence[Payout] | None = None,
    after: Mapping[TokenId, TokenRow] | None = None,
    after_pools: Mapping[PoolId, Pool] | None = None,
    rows: Sequence[tuple[TokenId, TokenRow]] | None = None,
    pools: Sequence[tuple[PoolId, Pool]] | None = None,
    slot_words: Words | None = None,
    slices: Words | None = None,
    opened_from: State | None = None,
) -> dict[str, Signal]:
    """The block of these requests, except for what is given: payouts, rows after it, the rows and pools to load, words,
    slices, and the state that the rows are opened from."""
    honest = apply(state, requests, preset)
    slots = honest.slots
    if payouts is not None:
        slots = tuple(Slot(*pair) for pair in zip(requests, payouts, strict=True))
    tokens = {row.token_id: row.after for row in honest.opening.tokens} | dict(after or {})
    loaded = {(pool.lower, pool.higher): pool.after for pool in honest.opening.pools} | dict(after_pools or {})
    ordered = pools or sorted(loaded.items(), key=lambda item: item[0])
    opened = open_rows(opened_from or state, rows or sorted(tokens.items()), ordered, preset)
    slices = slices or compute_slices(slots)
    counts = tuple(map(len, slices))
    header = BlockHeader(DOMAIN, NUMBER, TIMESTAMP, counts, opened.old_root, opened.new_root)
    commitment = compute_commitment(header, chain.from_iterable(slot_words or compute_slot_words(slots, preset)))
    public = publish(draw_challenges(header, commitment, slices))
    return compute_inputs(honest) | opened.signals | public
