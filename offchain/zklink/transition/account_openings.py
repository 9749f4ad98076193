"""One account in one slot: its leaf before the slot, and its balances and order as the slot changes them one by one.

Takes changes of an account; gives Merkle openings. A side is opened against the root that all earlier slots and sides
left. Each of its balances is opened after the ones before it were written, so the same balance may come several times
(docs/protocol.md, section 5). Never checks whether a change is allowed: the slot's check has done that.
"""

from dataclasses import dataclass

from zklink.protocol.chain_sets import with_chain
from zklink.protocol.ids import LAST_NONCE, AccountId, Amount, ChainId, ChainSet, Nonce, OrderSlot, TokenId
from zklink.state.account import OrderLeaf
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
