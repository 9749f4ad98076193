"""The hot rows of a block: token rows and pools that the block loads once, changes and writes back (section 6).

Takes the rows that a block's slots need and a state; gives their Merkle openings, ascending. Each path leads to the
root into which the rows before it have already been written. Never decides a value.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

from zklink.primitives.merkle import Siblings
from zklink.protocol.errors import BlockFull
from zklink.protocol.ids import TokenId
from zklink.protocol.presets import Preset
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State

Path = tuple[Siblings, ...]
Id = TypeVar("Id", TokenId, PoolId)


@dataclass(frozen=True, slots=True)
class TokenOpening:
    """A loaded token row; `path` leads to the root into which the rows before it have already been written."""

    token_id: TokenId
    before: TokenRow
    after: TokenRow
    path: Path


@dataclass(frozen=True, slots=True)
class PoolOpening:
    """A loaded pool; `path` as in TokenOpening."""

    lower: TokenId
    higher: TokenId
    before: Pool
    after: Pool
    path: Path


@dataclass(frozen=True, slots=True)
class RowOpening:
    """How a block reads and writes the state: the roots before it and every loaded row, ascending."""

    account_root: int
    token_root: int
    pool_root: int
    tokens: tuple[TokenOpening, ...]
    pools: tuple[PoolOpening, ...]


Openings = tuple[tuple[TokenOpening, ...], tuple[PoolOpening, ...]]


@dataclass(frozen=True, slots=True)
class RowIds:
    """The rows that a block loads, ascending, as many as the preset has places."""

    tokens: tuple[TokenId, ...]
    pools: tuple[PoolId, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by id, ascending."""

    tokens: Mapping[TokenId, TokenRow]
    pools: Mapping[PoolId, Pool]


def choose_rows(
    tokens: Collection[TokenId], pools: Collection[PoolId], preset: Preset, token_places: int, pool_places: int
) -> RowIds:
    """The needed rows, and others (the lowest free ones) until all places are taken; BlockFull if they do not fit."""
    every_token = range(preset.token_limit)
    every_pool = ((TokenId(lower), TokenId(higher)) for lower, higher in combinations(every_token, 2))
    return RowIds(
        _fill("token rows", set(tokens), map(TokenId, every_token), token_places),
        _fill("pools", set(pools), every_pool, pool_places),
    )


def read_rows(state: State, ids: RowIds) -> Rows:
    """The rows as they are."""
    return Rows({token: state.token(token) for token in ids.tokens}, {pair: state.pool(*pair) for pair in ids.pools})


def write_back(state: State, after: Rows) -> Openings:
    """Open each row against the root so far, replace it, and go on with the next, ascending."""
    tokens: list[TokenOpening] = []
    for token_id, row in after.tokens.items():
        tokens.append(TokenOpening(token_id, state.token(token_id), row, tuple(state.token_path(token_id))))
        state.set_token(token_id, row)
    pools: list[PoolOpening] = []
    for (lower, higher), pool in after.pools.items():
        path = tuple(state.pool_path(lower, higher))
        pools.append(PoolOpening(lower, higher, state.pool(lower, higher), pool, path))
        state.set_pool(lower, higher, pool)
    return tuple(tokens), tuple(pools)


def reopen(state: State, before: Rows, after: Rows) -> Openings:
    """`write_back` for rows that the state has changed already: they are set back to their old values first."""
    for token_id, row in before.tokens.items():
        state.set_token(token_id, row)
    for pair, pool in before.pools.items():
        state.set_pool(*pair, pool)
    return write_back(state, after)


def compare(before: Rows, after: Rows) -> Openings:
    """Every row before and after, without paths."""
    tokens = (TokenOpening(token_id, row, after.tokens[token_id], ()) for token_id, row in before.tokens.items())
    pools = (PoolOpening(*pair, pool, after.pools[pair], ()) for pair, pool in before.pools.items())
    return tuple(tokens), tuple(pools)


def accrue(state: State, token: TokenId, fee: int) -> None:
    """Add to a token's accrued fees."""
    if fee:
        row = state.token(token)
        state.set_token(token, replace(row, fees=row.fees + fee))


def _fill(what: str, needed: set[Id], others: Iterable[Id], places: int) -> tuple[Id, ...]:
    if len(needed) > places:
        raise BlockFull(what, len(needed), places)
    chosen = set(needed)
    free: Iterator[Id] = (item for item in others if item not in needed)
    while len(chosen) < places:
        chosen.add(next(free))
    return tuple(sorted(chosen))
