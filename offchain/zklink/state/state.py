"""The state: every token row and pool, and the root that binds them (docs/protocol.md, section 3).

Leaves are hashed when a root or a path is asked for, so that code which only moves amounts never hashes.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

from zklink.primitives.merkle import Siblings, SparseMerkleTree
from zklink.primitives.poseidon import poseidon
from zklink.protocol.errors import ConservationBroken, NotAPool, TokenOutOfRange
from zklink.protocol.ids import TokenId
from zklink.protocol.presets import Preset
from zklink.state.rows import EMPTY_POOL, EMPTY_TOKEN, Pool, TokenRow

EMPTY_ACCOUNT_ROOT: Final = 0
"""The account tree is not in use in this version."""

PoolId = tuple[TokenId, TokenId]


class State:
    """All rows of one deployment. Absent rows read as empty ones."""

    __slots__ = ("_pool_tree", "_pools", "_stale_pools", "_stale_tokens", "_token_tree", "_tokens", "preset")

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        self._tokens: dict[TokenId, TokenRow] = {}
        self._pools: dict[PoolId, Pool] = {}
        self._stale_tokens: set[TokenId] = set()
        self._stale_pools: set[PoolId] = set()
        self._token_tree = SparseMerkleTree(preset.token_depth, _empty_token_leaf())
        self._pool_tree = SparseMerkleTree(preset.pool_depth, _empty_pool_leaf())

    def token(self, token_id: TokenId) -> TokenRow:
        """The row of a token; TokenOutOfRange if it has no place in the tree."""
        self._check_token(token_id)
        return self._tokens.get(token_id, EMPTY_TOKEN)

    def set_token(self, token_id: TokenId, row: TokenRow) -> None:
        """Replace a token's row; TokenOutOfRange, AmountOutOfRange or WrongReserveCount."""
        self._check_token(token_id)
        row.check()
        if row != self._tokens.get(token_id, EMPTY_TOKEN):
            self._tokens[token_id] = row
            self._stale_tokens.add(token_id)

    def pool(self, a: TokenId, b: TokenId) -> Pool:
        """The pool between two tokens, in either order; NotAPool or TokenOutOfRange."""
        return self._pools.get(self._check_pool(*order_pair(a, b)), EMPTY_POOL)

    def set_pool(self, a: TokenId, b: TokenId, pool: Pool) -> None:
        """Replace the pool between two tokens; NotAPool, TokenOutOfRange or AmountOutOfRange."""
        pool_id = self._check_pool(*order_pair(a, b))
        pool.check()
        if pool != self._pools.get(pool_id, EMPTY_POOL):
            self._pools[pool_id] = pool
            self._stale_pools.add(pool_id)

    def tokens(self) -> Iterator[tuple[TokenId, TokenRow]]:
        """Every token that was ever set, ascending."""
        yield from sorted(self._tokens.items())

    def pools(self) -> Iterator[tuple[PoolId, Pool]]:
        """Every pool that was ever set, ascending."""
        yield from sorted(self._pools.items(), key=lambda item: item[0])

    @property
    def account_root(self) -> int:
        """The account tree's root."""
        return EMPTY_ACCOUNT_ROOT

    @property
    def token_root(self) -> int:
        """The token tree's root."""
        return self._fresh_token_tree().root

    @property
    def pool_root(self) -> int:
        """The pool tree's root."""
        return self._fresh_pool_tree().root

    @property
    def root(self) -> int:
        """H_3(account_root, token_root, pool_root)."""
        return poseidon([self.account_root, self.token_root, self.pool_root])

    def token_path(self, token_id: TokenId) -> list[Siblings]:
        """The siblings of a token's leaf, from the leaf up."""
        self._check_token(token_id)
        return self._fresh_token_tree().path(token_id)

    def pool_path(self, a: TokenId, b: TokenId) -> list[Siblings]:
        """The siblings of a pool's leaf, from the leaf up."""
        lower, higher = self._check_pool(*order_pair(a, b))
        return self._fresh_pool_tree().path(self._pool_index(lower, higher))

    def copy(self) -> "State":
        """An independent state with the same rows."""
        twin = State.__new__(State)
        twin.preset = self.preset
        twin._tokens, twin._pools = dict(self._tokens), dict(self._pools)
        twin._stale_tokens, twin._stale_pools = set(self._stale_tokens), set(self._stale_pools)
        twin._token_tree, twin._pool_tree = self._token_tree.copy(), self._pool_tree.copy()
        return twin

    def check_conservation(self) -> None:
        """ConservationBroken unless, per token, the chains' reserves are the pools' and the accrued fees (SOL-2)."""
        owed = {token_id: row.fees for token_id, row in self._tokens.items()}
        for (lower, higher), pool in self._pools.items():
            owed[lower] = owed.get(lower, 0) + pool.reserve_lower
            owed[higher] = owed.get(higher, 0) + pool.reserve_higher
        for token_id, amount in sorted(owed.items()):
            held = sum(self._tokens.get(token_id, EMPTY_TOKEN).reserves)
            if held != amount:
                raise ConservationBroken(token_id, held, amount)

    def _fresh_token_tree(self) -> SparseMerkleTree:
        self._token_tree.update({token_id: self._tokens[token_id].leaf() for token_id in self._stale_tokens})
        self._stale_tokens.clear()
        return self._token_tree

    def _fresh_pool_tree(self) -> SparseMerkleTree:
        self._pool_tree.update({self._pool_index(*pair): self._pools[pair].leaf() for pair in self._stale_pools})
        self._stale_pools.clear()
        return self._pool_tree

    def _pool_index(self, lower: TokenId, higher: TokenId) -> int:
        return lower * self.preset.token_limit + higher

    def _check_token(self, token_id: TokenId) -> None:
        if not 0 <= token_id < self.preset.token_limit:
            raise TokenOutOfRange(token_id, self.preset.token_limit)

    def _check_pool(self, lower: TokenId, higher: TokenId) -> PoolId:
        self._check_token(lower)
        self._check_token(higher)
        if lower == higher:
            raise NotAPool(lower, higher)
        return lower, higher


def order_pair(a: TokenId, b: TokenId) -> PoolId:
    """The two ids, the lower one first."""
    return (a, b) if a < b else (b, a)


@cache
def _empty_token_leaf() -> int:
    return EMPTY_TOKEN.leaf()


@cache
def _empty_pool_leaf() -> int:
    return EMPTY_POOL.leaf()
