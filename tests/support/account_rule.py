"""The account lane's rules written a second time, as docs/protocol.md writes them (section 5), on plain dictionaries.

`PlainLane` shares no code with the transition: it decides whether an operation is valid and carries it out. It looks at
no signature, and a match has to name its amount.
"""

from collections import Counter
from collections.abc import Mapping
from copy import copy
from math import isqrt
from typing import Any

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.order_match import OrderMatch
from zklink.protocol.ids import MAX_CHAINS, AccountId, Kind, TokenId
from zklink.state.account import Account
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.rules import AccountOperation

D = 10_000
TOP = 1 << 112


class Invalid(Exception):
    """An operation that changes nothing."""


def need(condition: bool) -> None:
    """Invalid unless the condition holds."""
    if not condition:
        raise Invalid


class PlainLane:
    """Owners, nonces, keys, known chains, balances, orders, reserves, fees and pools of a state, by plain numbers."""

    def __init__(self, state: State, now: int) -> None:
        preset = state.preset
        self.now, self.tokens, self.base = now, preset.token_limit, preset.lp_base
        self.accounts, self.slots = preset.account_limit, preset.order_slots
        self._read(dict(state.accounts()), dict(state.tokens()), dict(state.pools()))

    def apply(self, operation: AccountOperation) -> bool:
        """Carry an operation out, if it is valid."""
        saved = {name: copy(value) for name, value in self.__dict__.items()}
        try:
            if isinstance(operation, DepositRequest):
                self._deposit(operation)
            elif isinstance(operation, FullExitRequest):
                self._full_exit(operation)
            elif isinstance(operation, KeyRequest):
                self._key_request(operation)
            elif isinstance(operation, OrderMatch):
                self._match(operation.maker.operation, operation.taker.operation, operation.amount_a)
            else:
                self._signed(operation.operation)
        except Invalid:
            self.__dict__.update(saved)
            return False
        return True

    def matches(
        self,
        accounts: Mapping[AccountId, Account],
        rows: Mapping[TokenId, TokenRow],
        pools: Mapping[tuple[TokenId, TokenId], Pool],
    ) -> bool:
        """Whether these are all accounts, rows and pools."""
        other = PlainLane.__new__(PlainLane)
        other._read(accounts, rows, pools)
        return self._snapshot() == other._snapshot()

    def _read(
        self,
        accounts: Mapping[AccountId, Account],
        rows: Mapping[TokenId, TokenRow],
        pools: Mapping[tuple[TokenId, TokenId], Pool],
    ) -> None:
        self.owner: dict[int, bytes] = {}
        self.nonce: Counter[int] = Counter()
        self.key: Counter[int] = Counter()
        self.known: set[tuple[int, int]] = set()
        self.balance: Counter[tuple[int, int]] = Counter()
        self.orders: dict[tuple[int, int], tuple[int, int]] = {}
        self.reserve: Counter[tuple[int, int]] = Counter()
        self.fees: Counter[int] = Counter()
        self.pools: dict[tuple[int, int], tuple[int, ...]] = {}
        for i, account in accounts.items():
            self.owner[i], self.nonce[i], self.key[i] = account.owner, account.nonce, account.public_key_hash
            self.known |= {(i, k) for k in range(1, MAX_CHAINS + 1) if account.known & 1 << (k - 1)}
            self.balance.update({(i, token): amount for token, amount in account.balances.items()})
            self.orders.update({(i, slot): leaf for slot, leaf in account.orders.items()})
        for token, row in rows.items():
            self.fees[token] = row.fees
            self.reserve.update({(token, k): row.reserves[k - 1] for k in range(1, MAX_CHAINS + 1)})
        for pair, p in pools.items():
            self.pools[pair] = p.reserve_lower, p.reserve_higher, p.lp_supply, p.fee, p.lp_token

    def _snapshot(self) -> tuple[object, ...]:
        counters = (self.nonce, self.key, self.balance, self.reserve, self.fees)
        orders = {place: leaf for place, leaf in self.orders.items() if leaf != (0, 0)}
        return self.owner, self.known, orders, self.pools, *({k: v for k, v in c.items() if v} for c in counters)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _move(self, account: int, token: int, delta: int) -> None:
        self.balance[account, token] += delta
        need(0 <= self.balance[account, token] < TOP)

    def _pay(self, token: int, chain: int, amount: int) -> None:
        need(1 <= chain <= MAX_CHAINS and 1 <= token < self.base)
        self.reserve[token, chain] -= amount
        need(self.reserve[token, chain] >= 0)

    def _account_of(self, owner: bytes) -> int:
        """The first account of an owner, or the first that is nobody's."""
        need(owner != bytes(32))
        found = [account for account in sorted(self.owner) if self.owner[account] == owner]
        free = next(account for account in range(self.accounts + 1) if account not in self.owner)
        account = found[0] if found else free
        need(account < self.accounts)
        self.owner[account] = owner
        return account

    # -- requests ------------------------------------------------------------------------------------------------------

    def _deposit(self, op: Any) -> None:
        need(1 <= op.source <= MAX_CHAINS and 1 <= op.token < self.base and op.account < self.accounts)
        is_named = op.owner != bytes(32) and self.owner.get(op.account) == op.owner
        target = op.account if is_named else self._account_of(op.owner)
        self._move(target, op.token, op.amount)
        if op.by_owner:
            self.known.add((target, op.source))
        self.reserve[op.token, op.source] += op.amount
        need(self.reserve[op.token, op.source] < TOP)

    def _full_exit(self, op: Any) -> None:
        """One serving."""
        need(1 <= op.source <= MAX_CHAINS and 1 <= op.token < self.tokens and op.account < self.accounts)
        need(op.owner != bytes(32) and op.mask & 1 << (op.source - 1) != 0)
        if self.owner.get(op.account) != op.owner:
            return
        self.known.add((op.account, op.source))
        balance = self.balance[op.account, op.token]
        if op.token >= self.base:
            pair = next((pair for pair, pool in self.pools.items() if pool[4] == op.token), None)
            if pair is not None and balance > 0:
                x, y, s, fee, lp = self.pools[pair]
                a, b = balance * x // s, balance * y // s
                for token, delta in ((pair[0], a), (pair[1], b), (lp, -balance)):
                    self._move(op.account, token, delta)
                self._set_pool(pair, x - a, y - b, s - balance, fee, lp)
            return
        around = [(op.source + step - 1) % MAX_CHAINS + 1 for step in range(MAX_CHAINS)]
        masked = [k for k in around if op.mask & 1 << (k - 1)]
        payer = next((k for k in masked if self.reserve[op.token, k]), op.source)
        amount = min(balance, self.reserve[op.token, payer])
        self._move(op.account, op.token, -amount)
        self.reserve[op.token, payer] -= amount

    def _key_request(self, op: Any) -> None:
        need(1 <= op.source <= MAX_CHAINS and op.account < self.accounts and op.owner != bytes(32))
        if self.owner.get(op.account) == op.owner:
            self.known.add((op.account, op.source))
            self.key[op.account] = op.public_key_hash
            self.nonce[op.account] = min(self.nonce[op.account] + 1, (1 << 32) - 1)

    # -- signed operations ---------------------------------------------------------------------------------------------

    def _signed(self, op: Any) -> None:
        need(op.account in self.owner and op.nonce == self.nonce[op.account] and op.nonce + 1 < 1 << 32)
        need(self.now <= op.valid_until)
        self.nonce[op.account] += 1
        if op.kind >= Kind.CREATE_POOL:
            self._pool_operation(op)
        elif op.kind == Kind.CLAIM_FEES:
            need(op.account == 0 and op.token != 0 and self.fees[op.token] >= op.amount)
            self._move(0, op.token, op.amount - op.fee)
            self.fees[op.token] -= op.amount
        else:
            spent = op.amount if op.kind in (Kind.TRANSFER, Kind.WITHDRAW) else 0
            self._move(op.account, op.fee_token, -op.fee - spent)
            self._ledger_operation(op)
        if op.kind >= Kind.CREATE_POOL:
            self._move(op.account, op.fee_token, -op.fee)
        self.fees[op.fee_token] += op.fee

    def _ledger_operation(self, op: Any) -> None:
        if op.kind == Kind.TRANSFER:
            self._move(self._account_of(op.recipient), op.token, op.amount)
        elif op.kind == Kind.WITHDRAW:
            self._pay(op.token, op.chain, op.amount)
        elif op.kind == Kind.FORCED_EXIT:
            need(op.target in self.owner and not self.key[op.target] and (op.target, op.chain) in self.known)
            amount = self.balance[op.target, op.token]
            self._move(op.target, op.token, -amount)
            self._pay(op.token, op.chain, amount)
        else:
            self.key[op.account] = op.public_key_hash

    def _pool_operation(self, op: Any) -> None:
        a, b = op.token_a, op.token_b
        need(a != b and min(a, b) >= 1 and max(a, b) < self.base)
        pair = min(a, b), max(a, b)
        if op.kind == Kind.CREATE_POOL:
            need(a < b and pair not in self.pools and op.pool_fee < D and self.base + self.fees[0] < self.tokens)
            self.pools[pair] = 0, 0, 0, op.pool_fee, self.base + self.fees[0]
            self.fees[0] += 1
            return
        need(pair in self.pools)
        x, y, s, fee, lp = self.pools[pair]
        if op.kind == Kind.POOL_SWAP:
            swapped = a > b
            x, y = (y, x) if swapped else (x, y)
            g = op.limit_a * (D - fee)
            need(g > 0)
            out = y * g // (x * D + g)
            need(out > 0 and out >= op.limit_b)
            self._move(op.account, a, -op.limit_a)
            self._move(op.account, b, out)
            x, y = x + op.limit_a, y - out
            self._set_pool(pair, *((y, x) if swapped else (x, y)), s, fee, lp)
            return
        need(a < b)
        if op.kind == Kind.ADD_LIQUIDITY:
            da, db, ds = self._added(op, x, y, s)
        else:
            need(0 < op.limit_shares <= s)
            ds = -op.limit_shares
            da, db = -(op.limit_shares * x // s), -(op.limit_shares * y // s)
            need(-da >= op.limit_a and -db >= op.limit_b)
        self._move(op.account, a, -da)
        self._move(op.account, b, -db)
        self._move(op.account, lp, ds)
        self._set_pool(pair, x + da, y + db, s + ds, fee, lp)

    def _added(self, op: Any, x: int, y: int, s: int) -> tuple[int, int, int]:
        if s == 0:
            shares, da, db = isqrt(op.limit_a * op.limit_b), op.limit_a, op.limit_b
        else:
            shares = min(op.limit_a * s // x, op.limit_b * s // y)
            da, db = -(-shares * x // s), -(-shares * y // s)
        need(shares > 0 and shares >= op.limit_shares and da <= op.limit_a and db <= op.limit_b)
        return da, db, shares

    def _set_pool(self, pair: tuple[int, int], x: int, y: int, s: int, fee: int, lp: int) -> None:
        need(0 <= x < TOP and 0 <= y < TOP and 0 <= s < TOP)
        self.pools[pair] = x, y, s, fee, lp

    # -- orders --------------------------------------------------------------------------------------------------------

    def _match(self, maker: Any, taker: Any, amount_a: int | None) -> None:
        need((maker.token_sell, maker.token_buy) == (taker.token_buy, taker.token_sell))
        need(maker.token_sell != maker.token_buy and amount_a is not None and amount_a > 0)
        assert amount_a is not None
        for order in (maker, taker):
            need(self.now <= order.valid_until and order.slot < self.slots and order.fee_rate < D)
            need(order.account in self.owner)
        need(maker.amount_sell > 0)
        amount_b = -(-amount_a * maker.amount_buy // maker.amount_sell)
        need(amount_a * taker.amount_sell >= amount_b * taker.amount_buy)
        for order, out, into in ((maker, amount_a, amount_b), (taker, amount_b, amount_a)):
            fee = into * order.fee_rate // D
            nonce, filled = self.orders.get((order.account, order.slot), (0, 0))
            need(order.order_nonce >= nonce)
            filled = (filled if order.order_nonce == nonce else 0) + out
            need(filled <= order.amount_sell)
            self.orders[order.account, order.slot] = order.order_nonce, filled
            self._move(order.account, order.token_sell, -out)
            self._move(order.account, order.token_buy, into - fee)
            self.fees[order.token_buy] += fee
