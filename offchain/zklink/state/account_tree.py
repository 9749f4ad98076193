"""All accounts, their trees and their owners (docs/protocol.md, section 3).

Takes changes of single values; gives values, roots and paths. Never hashes before a root or a path is asked for.
Records are kept packed, and a tree of balances is kept only for an account with many. After a change the hashes above
it are out of date; the code calls these places stale, and no others are. To undo a change is to change the value back;
the places are fresh again if nothing was hashed in between.

An account with two balances takes about 450 bytes in all (measured with 150,000 of them).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from zklink.primitives.merkle import Opened, Siblings, SparseMerkleTree, Turn, compute_path, compute_roots
from zklink.primitives.poseidon import poseidon, poseidon_many
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import AccountOutOfRange, OrderSlotOutOfRange
from zklink.protocol.ids import AMOUNT_BITS, AccountId, Amount, ChainSet, Nonce, OrderSlot, TokenId
from zklink.protocol.presets import Preset
from zklink.state.account import EMPTY_ORDER, Account, OrderLeaf, Record
from zklink.state.account_turns import (
    AccountTurn,
    LeafTurn,
    OpenedTurn,
    Path,
    list_balance_turns,
    list_order_turns,
    open_leaves,
    rewind,
)
from zklink.state.owners import Owners
from zklink.state.undo_log import UndoLog

OPEN_LIMIT: Final = 4_096
"""The most accounts and trees that stay unpacked between two roots."""

SMALL: Final = 16
"""Up to so many balances an account's tree is built anew each time and not kept."""

EMPTY_BALANCE: Final = Amount(0)


class AccountTree:
    """The account tree and everything below it. Ids and slots are checked, values are not (`State` does)."""

    __slots__ = (
        "_balance_trees",
        "_empty_balances",
        "_empty_orders",
        "_hashings",
        "_open",
        "_owners",
        "_packed",
        "_preset",
        "_stale",
        "_stale_balances",
        "_stale_orders",
        "_tree",
        "_undo_log",
    )

    def __init__(self, preset: Preset, undo_log: UndoLog) -> None:
        self._preset = preset
        self._undo_log = undo_log
        self._empty_balances = SparseMerkleTree(preset.token_depth, 0).root
        self._empty_orders = SparseMerkleTree(preset.order_depth, 0).root
        self._tree = SparseMerkleTree(preset.account_depth, poseidon(self._blank().leaf_inputs()))
        self._owners = Owners(self._owner_of, preset.account_limit)
        self._packed: dict[AccountId, bytes] = {}
        self._open: dict[AccountId, Record] = {}
        self._balance_trees: dict[AccountId, SparseMerkleTree] = {}
        self._hashings = 0
        self._stale: set[AccountId] = set()
        self._stale_balances: dict[AccountId, set[TokenId]] = {}
        self._stale_orders: set[AccountId] = set()

    # -- reading -------------------------------------------------------------------------------------------------------

    def account(self, account: AccountId) -> Account:
        """An account as it is now; an unused id reads as the empty account."""
        return self._peek(account).view()

    def balance(self, account: AccountId, token: TokenId) -> Amount:
        """An account's balance of a token, in layer-2 units."""
        return self._peek(account).balances.get(token, EMPTY_BALANCE)

    def order(self, account: AccountId, slot: OrderSlot) -> OrderLeaf:
        """(order_nonce, filled) of an order slot."""
        self._check_slot(slot)
        return self._peek(account).orders.get(slot, EMPTY_ORDER)

    def accounts(self) -> Iterator[tuple[AccountId, Account]]:
        """Every account that is not empty, ascending."""
        for account in sorted(self._packed.keys() | self._open.keys()):
            record = self._peek(account)
            if not record.is_empty:
                yield account, record.view()

    def accounts_of(self, owner: bytes) -> list[AccountId]:
        """The accounts of an owner, ascending."""
        return self._owners.find(owner)

    def next_account_id(self) -> AccountId:
        """The lowest id without an owner; account_limit when all are in use."""
        return self._owners.next_id

    # -- writing -------------------------------------------------------------------------------------------------------

    def set_owner(self, account: AccountId, owner: bytes) -> None:
        """Give an account an owner."""
        record = self._touch(account)
        self._undo_log.record(self.set_owner, account, record.owner)
        record.owner = owner
        self._owners.changed(account)

    def set_nonce(self, account: AccountId, nonce: Nonce) -> None:
        """Replace an account's nonce."""
        record = self._touch(account)
        self._undo_log.record(self.set_nonce, account, record.nonce)
        record.nonce = nonce

    def set_public_key_hash(self, account: AccountId, public_key_hash: int) -> None:
        """Replace an account's key hash."""
        record = self._touch(account)
        self._undo_log.record(self.set_public_key_hash, account, record.public_key_hash)
        record.public_key_hash = public_key_hash

    def set_known(self, account: AccountId, known: ChainSet) -> None:
        """Replace the chains where an account's owner is known."""
        record = self._touch(account)
        self._undo_log.record(self.set_known, account, record.known)
        record.known = known

    def set_balance(self, account: AccountId, token: TokenId, amount: Amount) -> None:
        """Replace a balance."""
        balances = self._touch(account).balances
        stale = self._stale_balances.setdefault(account, set())
        if token not in stale:
            stale.add(token)
            self._undo_log.record(self._freshen_balance, account, token, self._hashings)
        self._undo_log.record(self.set_balance, account, token, balances.get(token, EMPTY_BALANCE))
        if amount:
            balances[token] = amount
        else:
            balances.pop(token, None)

    def set_order(self, account: AccountId, slot: OrderSlot, nonce: Nonce, filled: Amount) -> None:
        """Replace an order slot's leaf."""
        self._check_slot(slot)
        orders = self._touch(account).orders
        if account not in self._stale_orders:
            self._stale_orders.add(account)
            self._undo_log.record(self._freshen_orders, account, self._hashings)
        self._undo_log.record(self.set_order, account, slot, *orders.get(slot, EMPTY_ORDER))
        if nonce or filled:
            orders[slot] = nonce, filled
        else:
            orders.pop(slot, None)

    # -- hashing -------------------------------------------------------------------------------------------------------

    @property
    def root(self) -> int:
        """The account tree's root."""
        return self._refresh().root

    def balance_root(self, account: AccountId) -> int:
        """The root of an account's balance tree."""
        if account in self._stale_balances:
            self._refresh_balances((account,))
        return self._peek(account).balance_root

    def order_root(self, account: AccountId) -> int:
        """The root of an account's order tree."""
        if account in self._stale_orders:
            self._refresh_orders((account,))
        return self._peek(account).order_root

    def account_path(self, account: AccountId) -> list[Siblings]:
        """The siblings of an account's leaf, from the leaf up."""
        self._check_account(account)
        return self._refresh().path(account)

    def balance_path(self, account: AccountId, token: TokenId) -> list[Siblings]:
        """The siblings of a balance in its account's tree."""
        record = self._peek(account)
        if len(record.balances) > SMALL:
            return self._large_tree(account).path(token)
        return compute_path(_balance_leaves(record), token, self._preset.token_depth, 0)

    def order_path(self, account: AccountId, slot: OrderSlot) -> list[Siblings]:
        """The siblings of an order slot in its account's tree."""
        self._check_slot(slot)
        return compute_path(_order_leaves(self._peek(account)), slot, self._preset.order_depth, 0)

    def take_turns(self, turns: Sequence[AccountTurn]) -> list[OpenedTurn]:
        """Open what turns did to accounts since the last root; nothing else may have changed. The tree is up to date
        afterwards.
        """
        assert self._stale <= {turn.account for turn in turns}, "an account has changed in no turn"
        balances = iter(self._open_balances(list_balance_turns(turns)))
        orders = iter(open_leaves(list_order_turns(turns), self._order_leaves_of, self._preset.order_depth, {}))
        roots: dict[AccountId, tuple[int, int]] = {}
        opened: list[tuple[int, tuple[Path, ...], Path]] = []
        rows: list[tuple[int, ...]] = []
        for turn in turns:
            record = self._peek(turn.account)
            balance_root, order_root = roots.get(turn.account, (record.balance_root, record.order_root))
            own, order = [next(balances) for _ in turn.balances], None if turn.order is None else next(orders)
            opened.append((order_root, tuple(item.path for item in own), () if order is None else order.path))
            balance_root = next((item.root for item in reversed(own) if item.root is not None), balance_root)
            order_root = order.root if order is not None and order.root is not None else order_root
            roots[turn.account] = balance_root, order_root
            if turn.is_change:
                head = turn.after
                changed = Record(balance_root, order_root, head.owner, head.nonce, head.public_key_hash, head.known)
                rows.append(changed.leaf_inputs())
        leaves = iter(poseidon_many(rows))
        places = [Turn(turn.account, next(leaves) if turn.is_change else None) for turn in turns]
        paths = [item.path for item in self._tree.take_turns(places)]
        for account in self._stale:
            record = self._open[account]
            record.balance_root, record.order_root = roots[account]
        for stale in (self._stale, self._stale_balances, self._stale_orders):
            stale.clear()
        self._hashings += 1
        self._pack()
        return [OpenedTurn(path, *rest) for path, rest in zip(paths, opened, strict=True)]

    def _open_balances(self, turns: Sequence[LeafTurn]) -> list[Opened]:
        """Open balances; trees of accounts with many are kept, and are built as they were before if they were not."""
        depth, kept = self._preset.token_depth, dict[AccountId, SparseMerkleTree]()
        for account in {turn.account for turn in turns}:
            leaves = self._balance_leaves_of(account)
            if len(leaves) <= SMALL:
                self._balance_trees.pop(account, None)
            else:
                if account not in self._balance_trees:
                    before = rewind(leaves, [turn for turn in turns if turn.account == account])
                    self._balance_trees[account] = _build_tree(depth, before)
                kept[account] = self._balance_trees[account]
        return open_leaves(turns, self._balance_leaves_of, depth, kept)

    def _balance_leaves_of(self, account: AccountId) -> dict[int, int]:
        return _balance_leaves(self._peek(account))

    def _order_leaves_of(self, account: AccountId) -> dict[int, int]:
        return _order_leaves(self._peek(account))

    def copy(self, undo_log: UndoLog) -> "AccountTree":
        """An independent tree with the same accounts, which records into `undo_log`."""
        self._refresh()
        twin = AccountTree(self._preset, undo_log)
        twin._tree, twin._packed = self._tree.copy(), dict(self._packed)
        twin._open = {account: record.copy() for account, record in self._open.items()}
        twin._owners = self._owners.copy(twin._owner_of)
        return twin

    # -- inside --------------------------------------------------------------------------------------------------------

    def _refresh(self) -> SparseMerkleTree:
        """The account tree, up to date; every level of what changed is one batch of hashes."""
        self._refresh_balances(tuple(self._stale_balances))
        self._refresh_orders(tuple(self._stale_orders))
        if self._stale:
            stale = sorted(self._stale)
            leaves = poseidon_many([self._open[account].leaf_inputs() for account in stale])
            self._tree.update(dict(zip(stale, leaves, strict=True)))
            self._hashings += 1
            self._stale.clear()
        self._pack()
        return self._tree

    def _refresh_balances(self, accounts: Collection[AccountId]) -> None:
        records = {account: self._open[account] for account in accounts}
        small = [account for account, record in records.items() if len(record.balances) <= SMALL]
        roots = compute_roots([_balance_leaves(records[account]) for account in small], self._preset.token_depth, 0)
        self._hashings += bool(small)
        for account, root in zip(small, roots, strict=True):
            records.pop(account).balance_root = root
            self._balance_trees.pop(account, None)
            del self._stale_balances[account]
        for account in records:
            self._large_tree(account)

    def _large_tree(self, account: AccountId) -> SparseMerkleTree:
        """The kept tree of an account with many balances, up to date."""
        record = self._peek(account)
        tree, stale = self._balance_trees.get(account), self._stale_balances.pop(account, set())
        if tree is None:
            tree = self._balance_trees[account] = _build_tree(self._preset.token_depth, _balance_leaves(record))
        elif stale:
            tree.update({token: record.balances.get(token, EMPTY_BALANCE) for token in stale})
        self._hashings += bool(stale)
        record.balance_root = tree.root
        return tree

    def _refresh_orders(self, accounts: Collection[AccountId]) -> None:
        records = [self._open[account] for account in accounts]
        roots = compute_roots([_order_leaves(record) for record in records], self._preset.order_depth, 0)
        for record, root in zip(records, roots, strict=True):
            record.order_root = root
        self._hashings += bool(records)
        self._stale_orders.difference_update(accounts)

    def _pack(self) -> None:
        """Pack the accounts that are not in use, once there are many; only when nothing is stale."""
        if len(self._open) > OPEN_LIMIT:
            for account, record in self._open.items():
                if record.is_empty:
                    self._packed.pop(account, None)
                else:
                    self._packed[account] = record.pack()
            self._open.clear()
        if len(self._balance_trees) > OPEN_LIMIT:
            self._balance_trees.clear()

    def _peek(self, account: AccountId) -> Record:
        """A record to read from."""
        record = self._open.get(account)
        if record is not None:
            return record
        self._check_account(account)
        packed = self._packed.get(account)
        return self._blank() if packed is None else Record.unpack(packed)

    def _owner_of(self, account: AccountId) -> bytes:
        record = self._open.get(account)
        if record is not None:
            return record.owner
        packed = self._packed.get(account)
        return ZERO_ADDRESS if packed is None else Record.owner_of(packed)

    def _touch(self, account: AccountId) -> Record:
        """A record to write to."""
        record = self._open[account] = self._peek(account)
        if account not in self._stale:
            self._stale.add(account)
            self._undo_log.record(self._freshen, account, self._hashings)
        return record

    def _freshen(self, account: AccountId, hashings: int) -> None:
        """Undo becoming stale: the values are again those that were hashed, unless something was hashed since."""
        if hashings == self._hashings:
            self._stale.discard(account)

    def _freshen_balance(self, account: AccountId, token: TokenId, hashings: int) -> None:
        if hashings == self._hashings:
            self._stale_balances[account].discard(token)
            if not self._stale_balances[account]:
                del self._stale_balances[account]

    def _freshen_orders(self, account: AccountId, hashings: int) -> None:
        if hashings == self._hashings:
            self._stale_orders.discard(account)

    def _blank(self) -> Record:
        return Record(self._empty_balances, self._empty_orders)

    def _check_account(self, account: AccountId) -> None:
        if not 0 <= account < self._preset.account_limit:
            raise AccountOutOfRange(account, self._preset.account_limit)

    def _check_slot(self, slot: OrderSlot) -> None:
        if not 0 <= slot < self._preset.order_slots:
            raise OrderSlotOutOfRange(slot, self._preset.order_slots)


def _balance_leaves(record: Record) -> dict[int, int]:
    return {token: amount for token, amount in record.balances.items()}  # noqa: C416 (other types)


def _order_leaves(record: Record) -> dict[int, int]:
    return {slot: nonce << AMOUNT_BITS | filled for slot, (nonce, filled) in record.orders.items()}


def _build_tree(depth: int, leaves: Mapping[int, int]) -> SparseMerkleTree:
    tree = SparseMerkleTree(depth, 0)
    tree.update(leaves)
    return tree
