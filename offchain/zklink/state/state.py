"""The state: every account, token row and pool, and the root that binds them (docs/protocol.md, section 3).

Takes changes of single values, checks their ranges; gives values, roots and paths. Hashes a leaf only when a root or a
path is asked for, so code that only moves amounts never hashes. Every change can be undone back to a mark (`begin`,
`rollback`). Never decides whether an operation is allowed.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from zklink.primitives.field import is_scalar
from zklink.primitives.merkle import Siblings, SparseMerkleTree
from zklink.primitives.poseidon import poseidon
from zklink.protocol.addresses import ADDRESS_BYTES
from zklink.protocol.chain_sets import ALL_CHAINS
from zklink.protocol.errors import AmountOutOfRange, NotAPool, NotAScalar, TokenOutOfRange, WrongAddressLength
from zklink.protocol.ids import NONCE_LIMIT, AccountId, Amount, ChainSet, Nonce, OrderSlot, TokenId
from zklink.protocol.presets import Preset
from zklink.state.account import Account, OrderLeaf
from zklink.state.account_tree import AccountTree
from zklink.state.account_turns import AccountTurn, OpenedTurn
from zklink.state.conservation import check_conservation
from zklink.state.rows import EMPTY_POOL, EMPTY_TOKEN, Pool, TokenRow, check_amount
from zklink.state.undo_log import Mark, UndoLog

PoolId = tuple[TokenId, TokenId]

_ROW_SETTERS: Final = ("set_token", "set_pool")


class State:
    """All accounts and rows of one deployment. Absent ones read as empty ones."""

    __slots__ = (
        "_accounts",
        "_pool_tree",
        "_pools",
        "_stale_pools",
        "_stale_tokens",
        "_token_tree",
        "_tokens",
        "_undo_log",
        "preset",
    )

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        self._undo_log = UndoLog()
        self._accounts = AccountTree(preset, self._undo_log)
        self._tokens: dict[TokenId, TokenRow] = {}
        self._pools: dict[PoolId, Pool] = {}
        self._stale_tokens: set[TokenId] = set()
        self._stale_pools: set[PoolId] = set()
        self._token_tree = SparseMerkleTree(preset.token_depth, _empty_token_leaf())
        self._pool_tree = SparseMerkleTree(preset.pool_depth, _empty_pool_leaf())

    # -- accounts ------------------------------------------------------------------------------------------------------

    def account(self, account: AccountId) -> Account:
        """An account as it is now, a copy; an unused id reads as the empty one. AccountOutOfRange."""
        return self._accounts.account(account)

    def accounts(self) -> Iterator[tuple[AccountId, Account]]:
        """Every account that is not empty, ascending."""
        return self._accounts.accounts()

    def accounts_of(self, owner: bytes) -> list[AccountId]:
        """The accounts of an owner (32 bytes), ascending."""
        return self._accounts.accounts_of(owner)

    def next_account_id(self) -> AccountId:
        """The lowest id without an owner; `preset.account_limit` when all are in use."""
        return self._accounts.next_account_id()

    def balance(self, account: AccountId, token_id: TokenId) -> Amount:
        """An account's balance of a token in layer-2 units; AccountOutOfRange or TokenOutOfRange."""
        self._check_token(token_id)
        return self._accounts.balance(account, token_id)

    def order(self, account: AccountId, slot: OrderSlot) -> OrderLeaf:
        """(order_nonce, filled) of an order slot; AccountOutOfRange or OrderSlotOutOfRange."""
        return self._accounts.order(account, slot)

    def set_owner(self, account: AccountId, owner: bytes) -> None:
        """Give an account an owner (32 bytes); AccountOutOfRange or WrongAddressLength."""
        if len(owner) != ADDRESS_BYTES:
            raise WrongAddressLength("owner", len(owner))
        self._accounts.set_owner(account, owner)

    def set_nonce(self, account: AccountId, nonce: Nonce) -> None:
        """Replace an account's nonce; AccountOutOfRange or AmountOutOfRange."""
        _check_nonce("nonce", nonce)
        self._accounts.set_nonce(account, nonce)

    def set_public_key_hash(self, account: AccountId, public_key_hash: int) -> None:
        """Replace an account's key hash, 0 for none; AccountOutOfRange or NotAScalar."""
        if not is_scalar(public_key_hash):
            raise NotAScalar("public_key_hash", public_key_hash)
        self._accounts.set_public_key_hash(account, public_key_hash)

    def set_known(self, account: AccountId, known: ChainSet) -> None:
        """Replace the chains where an account's owner is known; AccountOutOfRange or AmountOutOfRange."""
        if not 0 <= known <= ALL_CHAINS:
            raise AmountOutOfRange("known chains", known, ALL_CHAINS + 1)
        self._accounts.set_known(account, known)

    def set_balance(self, account: AccountId, token_id: TokenId, amount: Amount) -> None:
        """Replace a balance; AccountOutOfRange, TokenOutOfRange or AmountOutOfRange."""
        self._check_token(token_id)
        check_amount("balance", amount)
        self._accounts.set_balance(account, token_id, amount)

    def set_order(self, account: AccountId, slot: OrderSlot, nonce: Nonce, filled: Amount) -> None:
        """Replace an order slot's leaf; AccountOutOfRange, OrderSlotOutOfRange or AmountOutOfRange."""
        _check_nonce("order_nonce", nonce)
        check_amount("filled", filled)
        self._accounts.set_order(account, slot, nonce, filled)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def token(self, token_id: TokenId) -> TokenRow:
        """The row of a token; TokenOutOfRange if it has no place in the tree."""
        self._check_token(token_id)
        return self._tokens.get(token_id, EMPTY_TOKEN)

    def set_token(self, token_id: TokenId, row: TokenRow) -> None:
        """Replace a token's row; TokenOutOfRange, AmountOutOfRange or WrongReserveCount."""
        self._check_token(token_id)
        row.check()
        before = self._tokens.get(token_id, EMPTY_TOKEN)
        if row != before:
            self._undo_log.record(self.set_token, token_id, before)
            self._tokens[token_id] = row
            self._stale_tokens.add(token_id)

    def pool(self, a: TokenId, b: TokenId) -> Pool:
        """The pool between two tokens, in either order; NotAPool or TokenOutOfRange."""
        return self._pools.get(self._check_pool(*order_pair(a, b)), EMPTY_POOL)

    def set_pool(self, a: TokenId, b: TokenId, pool: Pool) -> None:
        """Replace the pool between two tokens; NotAPool, TokenOutOfRange or AmountOutOfRange."""
        pool_id = self._check_pool(*order_pair(a, b))
        pool.check()
        before = self._pools.get(pool_id, EMPTY_POOL)
        if pool != before:
            self._undo_log.record(self.set_pool, *pool_id, before)
            self._pools[pool_id] = pool
            self._stale_pools.add(pool_id)

    def tokens(self) -> Iterator[tuple[TokenId, TokenRow]]:
        """Every token that was ever set, ascending."""
        yield from sorted(self._tokens.items())

    def pools(self) -> Iterator[tuple[PoolId, Pool]]:
        """Every pool that was ever set, ascending."""
        yield from sorted(self._pools.items(), key=lambda item: item[0])

    # -- undoing -------------------------------------------------------------------------------------------------------

    def begin(self) -> Mark:
        """A mark to `rollback` to. Marks nest; dropping one keeps the changes since."""
        return self._undo_log.begin()

    def rollback(self, mark: Mark) -> None:
        """Undo every change since the mark, at a cost per change; ValueError for a mark that was itself rolled back."""
        self._undo_log.rollback(mark)

    # -- hashing -------------------------------------------------------------------------------------------------------

    @property
    def account_root(self) -> int:
        """The account tree's root."""
        return self._accounts.root

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

    def balance_root(self, account: AccountId) -> int:
        """The root of an account's balance tree; AccountOutOfRange."""
        return self._accounts.balance_root(account)

    def order_root(self, account: AccountId) -> int:
        """The root of an account's order tree; AccountOutOfRange."""
        return self._accounts.order_root(account)

    def account_path(self, account: AccountId) -> list[Siblings]:
        """The siblings of an account's leaf, from the leaf up."""
        return self._accounts.account_path(account)

    def balance_path(self, account: AccountId, token_id: TokenId) -> list[Siblings]:
        """The siblings of a balance in its account's tree, from the leaf up."""
        self._check_token(token_id)
        return self._accounts.balance_path(account, token_id)

    def order_path(self, account: AccountId, slot: OrderSlot) -> list[Siblings]:
        """The siblings of an order slot in its account's tree, from the leaf up."""
        return self._accounts.order_path(account, slot)

    def take_turns(self, turns: Sequence[AccountTurn]) -> list[OpenedTurn]:
        """What a proof opens for turns that were carried out since the last root, in order, with each path as it was
        when the turn came. No account may have changed otherwise.
        """
        return self._accounts.take_turns(turns)

    def token_path(self, token_id: TokenId) -> list[Siblings]:
        """The siblings of a token's leaf, from the leaf up."""
        self._check_token(token_id)
        return self._fresh_token_tree().path(token_id)

    def pool_path(self, a: TokenId, b: TokenId) -> list[Siblings]:
        """The siblings of a pool's leaf, from the leaf up."""
        lower, higher = self._check_pool(*order_pair(a, b))
        return self._fresh_pool_tree().path(self._pool_index(lower, higher))

    # -- the whole -----------------------------------------------------------------------------------------------------

    def copy(self) -> "State":
        """An independent state with the same accounts and rows, without marks; its cost is the state's size."""
        twin = State.__new__(State)
        twin.preset = self.preset
        twin._undo_log = UndoLog()
        twin._accounts = self._accounts.copy(twin._undo_log)
        twin._tokens, twin._pools = dict(self._tokens), dict(self._pools)
        twin._stale_tokens, twin._stale_pools = set(self._stale_tokens), set(self._stale_pools)
        twin._token_tree, twin._pool_tree = self._token_tree.copy(), self._pool_tree.copy()
        return twin

    def copy_at(self, mark: Mark) -> "State":
        """An independent state as this one was at a mark; nothing changes here."""
        twin = self.copy()
        for undo, arguments in self._undo_log.since(mark):
            twin._undo(undo.__name__, arguments)
        return twin

    def _undo(self, setter: str, arguments: tuple[Any, ...]) -> None:
        """Put one value back by the name of its setter, here or in the account tree."""
        if setter in _ROW_SETTERS:
            getattr(self, setter)(*arguments)
        elif setter.startswith("set_"):  # the others only say what is hashed, which a copy is
            getattr(self._accounts, setter)(*arguments)

    def check_conservation(self) -> None:
        """ConservationBroken or PoolsMiscounted unless SOL-2 holds; looks at every account."""
        check_conservation(
            self.preset.lp_base, dict(self._tokens), dict(self._pools), (account for _, account in self.accounts())
        )

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


def _check_nonce(what: str, nonce: int) -> None:
    if not 0 <= nonce < NONCE_LIMIT:
        raise AmountOutOfRange(what, nonce, NONCE_LIMIT)


@cache
def _empty_token_leaf() -> int:
    return EMPTY_TOKEN.leaf()


@cache
def _empty_pool_leaf() -> int:
    return EMPTY_POOL.leaf()
