"""One account in one slot: its leaf before the slot, and its balances and order as the slot changes them one by one.

Takes changes of an account; gives Merkle openings. A side is opened against the root that all earlier slots and sides
left. Each of its balances is opened after the ones before it were written, so the same balance may come several times
(docs/protocol.md, section 5). Never checks whether a change is allowed: the slot's check has done that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zklink.protocol.chain_sets import with_chain
from zklink.protocol.ids import LAST_NONCE, AccountId, Amount, ChainId, ChainSet, Nonce, OrderSlot, TokenId
from zklink.state.account import OrderLeaf
from zklink.state.account_turns import AccountTurn, BalanceTurn, Head, OrderTurn
from zklink.state.state import State
from zklink.transition.hot_rows import Path


@dataclass(frozen=True, slots=True)
class BalanceOpening:
    """One balance, before and after; `path` (empty without paths) is its path at the moment it was opened."""

    token: TokenId
    before: Amount
    after: Amount
    path: Path


@dataclass(frozen=True, slots=True)
class OrderOpening:
    """One order slot before it is written: its leaf's two parts; `path` as in BalanceOpening."""

    slot: OrderSlot
    nonce: Nonce
    filled: Amount
    path: Path


@dataclass(frozen=True, slots=True)
class AccountOpening:
    """An account before a slot works on it; `order_root` and `path` are 0 and empty without paths."""

    account: AccountId
    owner: bytes
    nonce: Nonce
    public_key_hash: int
    known: ChainSet
    order_root: int
    path: Path
    balances: tuple[BalanceOpening, ...]
    order: OrderOpening | None = None


def fill_paths(state: State, sides: Sequence[AccountOpening]) -> Iterator[AccountOpening]:
    """The same openings with paths and order roots, for sides that were carried out on `state` since its last root."""
    for side, opened in zip(sides, state.take_turns(_list_turns(state, sides)), strict=True):
        balances = zip(side.balances, opened.balance_paths, strict=True)
        yield replace(
            side,
            order_root=opened.order_root,
            path=opened.path,
            balances=tuple(replace(balance, path=path) for balance, path in balances),
            order=None if side.order is None else replace(side.order, path=opened.order_path),
        )


def _list_turns(state: State, sides: Sequence[AccountOpening]) -> list[AccountTurn]:
    """Sides know what was before them; what is after one is what is before the account's next, or in the state."""
    turns: list[AccountTurn] = []
    heads: dict[AccountId, Head] = {}
    orders: dict[tuple[AccountId, OrderSlot], OrderLeaf] = {}
    for side in reversed(sides):
        before = Head(side.owner, side.nonce, side.public_key_hash, side.known)
        after = heads.get(side.account) or _read_head(state, side.account)
        heads[side.account] = before
        order = None
        if side.order is not None:
            place, leaf = (side.account, side.order.slot), (side.order.nonce, side.order.filled)
            order = OrderTurn(side.order.slot, leaf, orders.get(place) or state.order(*place))
            orders[place] = leaf
        balances = tuple(BalanceTurn(balance.token, balance.before, balance.after) for balance in side.balances)
        turns.append(AccountTurn(side.account, before, after, balances, order))
    return turns[::-1]


def _read_head(state: State, account: AccountId) -> Head:
    now = state.account(account)
    return Head(now.owner, now.nonce, now.public_key_hash, now.known)


class OpenSide:
    """A side while its slot works on it. Total after the slot's check: no balance leaves the range of an amount."""

    __slots__ = ("_balances", "_before", "_order", "_order_root", "_path", "_state", "_with_paths", "account")

    def __init__(self, state: State, account: AccountId, with_paths: bool) -> None:
        self.account = account
        self._state = state
        self._with_paths = with_paths
        self._before = state.account(account)
        self._order_root = state.order_root(account) if with_paths else 0
        self._path: Path = tuple(state.account_path(account)) if with_paths else ()
        self._balances: list[BalanceOpening] = []
        self._order: OrderOpening | None = None

    def move(self, token: TokenId, delta: int) -> None:
        """Open one balance and change it."""
        before = self._state.balance(self.account, token)
        path = tuple(self._state.balance_path(self.account, token)) if self._with_paths else ()
        after = Amount(before + delta)
        if delta:
            self._state.set_balance(self.account, token, after)
        self._balances.append(BalanceOpening(token, before, after, path))

    def open_order(self, slot: OrderSlot) -> OrderLeaf:
        """Open an order slot: its leaf, which the caller may replace."""
        nonce, filled = self._state.order(self.account, slot)
        path = tuple(self._state.order_path(self.account, slot)) if self._with_paths else ()
        self._order = OrderOpening(slot, nonce, filled, path)
        return nonce, filled

    def use_nonce(self) -> None:
        """The account has signed, or its owner has set its key: its nonce grows by one, up to the last."""
        self._state.set_nonce(self.account, Nonce(min(self._before.nonce + 1, LAST_NONCE)))

    def add_known(self, chain: ChainId) -> None:
        """The owner itself has acted for the account on a chain."""
        self._state.set_known(self.account, with_chain(self._before.known, chain))

    def close(self) -> AccountOpening:
        """The account as it was when the side was opened."""
        before = self._before
        return AccountOpening(
            account=self.account,
            owner=before.owner,
            nonce=before.nonce,
            public_key_hash=before.public_key_hash,
            known=before.known,
            order_root=self._order_root,
            path=self._path,
            balances=tuple(self._balances),
            order=self._order,
        )
