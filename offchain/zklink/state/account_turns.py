"""Turns of accounts: what slots did to accounts, one after the other, and what a proof opens for each.

Takes turns in order and the trees as they were before all of them; gives each turn's paths as they were when it came.
A level of all turns is one batch of hashes, where opening after every slot would hash one node at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zklink.primitives.merkle import ForestTurn, Opened, Siblings, SparseMerkleTree, Turn, take_turns_in_forest
from zklink.protocol.ids import AMOUNT_BITS, AccountId, Amount, ChainSet, Nonce, OrderSlot, TokenId
from zklink.state.account import OrderLeaf

Path = tuple[Siblings, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """An account without what its trees hold."""

    owner: bytes
    nonce: Nonce
    public_key_hash: int
    known: ChainSet


@dataclass(frozen=True, slots=True)
class BalanceTurn:
    """One balance, before and after."""

    token: TokenId
    before: Amount
    after: Amount


@dataclass(frozen=True, slots=True)
class OrderTurn:
    """One order slot, before and after."""

    slot: OrderSlot
    before: OrderLeaf
    after: OrderLeaf


@dataclass(frozen=True, slots=True)
class AccountTurn:
    """What one side of a slot did to an account: its balances one by one, an order slot, and its head."""

    account: AccountId
    before: Head
    after: Head
    balances: tuple[BalanceTurn, ...]
    order: OrderTurn | None = None

    @property
    def is_change(self) -> bool:
        """Whether anything is another than before."""
        order = self.order is not None and self.order.before != self.order.after
        return order or self.before != self.after or any(turn.before != turn.after for turn in self.balances)


@dataclass(frozen=True, slots=True)
class OpenedTurn:
    """What a proof opens: the account's path and order root before the turn, each balance's path, the order's."""

    path: Path
    order_root: int
    balance_paths: tuple[Path, ...]
    order_path: Path


@dataclass(frozen=True, slots=True)
class LeafTurn:
    """A turn of one leaf in a tree of an account's own."""

    account: AccountId
    index: int
    before: int
    after: int

    def place(self) -> Turn:
        """As the tree takes it."""
        return Turn(self.index, None if self.before == self.after else self.after)


def list_balance_turns(turns: Sequence[AccountTurn]) -> list[LeafTurn]:
    """The leaves of balance trees, in order."""
    return [LeafTurn(turn.account, b.token, b.before, b.after) for turn in turns for b in turn.balances]


def list_order_turns(turns: Sequence[AccountTurn]) -> list[LeafTurn]:
    """The leaves of order trees, in order."""
    orders = ((turn.account, turn.order) for turn in turns)
    return [
        LeafTurn(account, order.slot, _encode_order(order.before), _encode_order(order.after))
        for account, order in orders
        if order is not None
    ]


def _encode_order(leaf: OrderLeaf) -> int:
    nonce, filled = leaf
    return nonce << AMOUNT_BITS | filled


def rewind(leaves: Mapping[int, int], turns: Sequence[LeafTurn]) -> dict[int, int]:
    """The leaves before the turns of one account, from those after them; empty ones are left out."""
    before = dict(leaves)
    for turn in reversed(turns):
        before[turn.index] = turn.before
    return {index: leaf for index, leaf in before.items() if leaf}


def open_leaves(
    turns: Sequence[LeafTurn],
    leaves_of: Callable[[AccountId], Mapping[int, int]],
    depth: int,
    kept: Mapping[AccountId, SparseMerkleTree],
) -> list[Opened]:
    """Open leaves of many accounts' own trees, in turn. `leaves_of` gives an account's leaves after all of them; trees
    that are `kept` are as they were before, and take the turns themselves.
    """
    by_account: dict[AccountId, list[LeafTurn]] = {}
    for turn in turns:
        by_account.setdefault(turn.account, []).append(turn)
    small = [account for account in by_account if account not in kept]
    places = {account: place for place, account in enumerate(small)}
    bases = [rewind(leaves_of(account), by_account[account]) for account in small]
    forest = [ForestTurn(places[turn.account], turn.place()) for turn in turns if turn.account in places]
    opened = iter(take_turns_in_forest(bases, forest, depth, 0))
    own = {
        account: iter(kept[account].take_turns([turn.place() for turn in by_account[account]]))
        for account in by_account
        if account in kept
    }
    return [next(own.get(turn.account, opened)) for turn in turns]
